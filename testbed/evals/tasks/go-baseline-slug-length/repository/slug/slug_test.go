package slug

import "testing"

func TestMake(t *testing.T) {
	for _, one := range []struct {
		headline string
		limit    int
		want     string
	}{
		{"Hello, World!", 40, "hello-world"},
		{"  Ten years  on: what's left?  ", 40, "ten-years-on-what-s-left"},
		{"Köln 2024", 40, "koeln-2024"},
		{"!!!", 40, ""},
	} {
		if got := Make(one.headline, one.limit); got != one.want {
			t.Errorf("%q: got %q, want %q", one.headline, got, one.want)
		}
	}
}

func TestALongWordIsCut(t *testing.T) {
	if got := Make("Donaudampfschifffahrt endet", 10); got != "donaudampf" {
		t.Fatalf("got %q", got)
	}
}

func TestTheLimitCountsTheLastCharacter(t *testing.T) {
	if got := Make("hello world", 11); got != "hello-world" {
		t.Fatalf("got %q", got)
	}
}
