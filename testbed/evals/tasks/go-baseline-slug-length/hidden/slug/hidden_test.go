package slug

import "testing"

func TestHiddenLimits(t *testing.T) {
	for _, one := range []struct {
		headline string
		limit    int
		want     string
	}{
		{"one two three", 13, "one-two-three"},
		{"one two three", 12, "one-two"},
		{"one two three", 8, "one-two"},
		{"one two three", 7, "one-two"},
		{"one two three", 6, "one"},
		{"one two three", 3, "one"},
		{"one two three", 2, "on"},
		{"internationalisation", 5, "inter"},
		{"anything", 0, ""},
		{"", 5, ""},
	} {
		if got := Make(one.headline, one.limit); got != one.want {
			t.Errorf("%q to %d: got %q, want %q", one.headline, one.limit, got, one.want)
		}
	}
}
