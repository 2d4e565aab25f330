// Package version reads and compares version numbers.
package version

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is major.minor.patch.
type Version struct {
	Major, Minor, Patch int
}

// Parse reads a version such as 1.2.3 or v1.2.3.
func Parse(text string) (Version, error) {
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	if len(parts) != 3 {
		return Version{}, fmt.Errorf("version %q: want three numbers, such as 1.2.3", text)
	}
	var numbers [3]int
	for i, part := range parts {
		number, err := number(part)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: %w", text, err)
		}
		numbers[i] = number
	}
	return Version{numbers[0], numbers[1], numbers[2]}, nil
}

// number reads digits without a leading zero.
func number(text string) (int, error) {
	if text == "" || (len(text) > 1 && text[0] == '0') || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return strconv.Atoi(text)
}

// Compare is negative where v comes before other, 0 where they are the same, and positive else.
func (v Version) Compare(other Version) int {
	return cmp.Or(
		cmp.Compare(v.Major, other.Major),
		cmp.Compare(v.Minor, other.Minor),
		cmp.Compare(v.Patch, other.Patch),
	)
}

func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}
