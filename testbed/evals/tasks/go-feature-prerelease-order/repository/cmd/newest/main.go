// Command newest prints the newest of the versions on its standard input; other lines are left out.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"example.org/newest/version"
)

func main() {
	found, ok := newest(os.Stdin)
	if !ok {
		fmt.Fprintln(os.Stderr, "newest: no version in the input")
		os.Exit(1)
	}
	fmt.Println(found)
}

func newest(input io.Reader) (version.Version, bool) {
	var best version.Version
	found := false
	for lines := bufio.NewScanner(input); lines.Scan(); {
		v, err := version.Parse(strings.TrimSpace(lines.Text()))
		if err == nil && (!found || v.Compare(best) > 0) {
			best, found = v, true
		}
	}
	return best, found
}
