package flags

import (
	"strings"
	"testing"
)

func set(t *testing.T, text string) *Set {
	t.Helper()
	rules, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return &Set{Rules: rules}
}

func TestUnknownFlagsAreOff(t *testing.T) {
	if set(t, `{}`).Enabled("basket", "ann") {
		t.Fatal("on")
	}
}

func TestAllowedUsersSeeIt(t *testing.T) {
	s := set(t, `{"basket": {"on": true, "allow": ["ann"]}}`)
	if !s.Enabled("basket", "ann") || s.Enabled("basket", "bob") {
		t.Fatal("wrong")
	}
}

func TestEverybodyAtHundredPercent(t *testing.T) {
	if !set(t, `{"basket": {"on": true, "percent": 100}}`).Enabled("basket", "bob") {
		t.Fatal("off")
	}
}
