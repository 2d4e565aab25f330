package version

import "testing"

func TestHiddenOrderOfPrereleases(t *testing.T) {
	order := []string{
		"1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
		"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0-rc-1.1", "1.0.0", "1.0.1-a", "1.0.1",
	}
	for i := range order {
		for j := range order {
			got := must(t, order[i]).Compare(must(t, order[j]))
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", order[i], order[j], got)
			}
		}
	}
}

func TestHiddenRoundTrip(t *testing.T) {
	for _, text := range []string{"1.2.3-rc.1", "1.2.3-x-y-z.0", "1.2.3"} {
		if got := must(t, "v"+text).String(); got != text {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

func TestHiddenGarbage(t *testing.T) {
	for _, text := range []string{"1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.3-ä", "1.2-rc.1", "1.2.3-a.", "1.2.x-a"} {
		if v, err := Parse(text); err == nil {
			t.Errorf("%q was taken for %v", text, v)
		}
	}
}
