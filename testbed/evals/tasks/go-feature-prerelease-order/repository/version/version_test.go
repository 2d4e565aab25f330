package version

import "testing"

func must(t *testing.T, text string) Version {
	t.Helper()
	v, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRoundTrip(t *testing.T) {
	for text, want := range map[string]string{"1.2.3": "1.2.3", "v10.0.1": "10.0.1"} {
		if got := must(t, text).String(); got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

func TestGarbageIsRefused(t *testing.T) {
	for _, text := range []string{"", "1.2", "1.2.3.4", "1.02.3", "1.2.x", "1.2.3-", "1.2.+3", "vv1.2.3"} {
		if v, err := Parse(text); err == nil {
			t.Errorf("%q was taken for %v", text, v)
		}
	}
}

func TestNumbersAreComparedAsNumbers(t *testing.T) {
	order := []string{"0.9.12", "0.10.0", "1.0.0", "1.0.2", "1.0.10", "2.0.0"}
	for i := 1; i < len(order); i++ {
		older, newer := must(t, order[i-1]), must(t, order[i])
		if older.Compare(newer) >= 0 || newer.Compare(older) <= 0 {
			t.Errorf("%s and %s", older, newer)
		}
	}
	if must(t, "1.2.3").Compare(must(t, "v1.2.3")) != 0 {
		t.Error("the leading v makes a difference")
	}
}
