package links

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.org/burrow/store"
)

var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func TestALinkLeadsBack(t *testing.T) {
	links := &Links{Store: &store.Memory{}}
	name, err := links.Shorten(context.Background(), "https://example.org/a?b=c", noon)
	if err != nil || len(name) != 8 {
		t.Fatalf("%q %v", name, err)
	}
	if got, err := links.Follow(context.Background(), name, noon); got != "https://example.org/a?b=c" || err != nil {
		t.Fatalf("%q %v", got, err)
	}
}

func TestALinkEnds(t *testing.T) {
	links := &Links{Store: &store.Memory{}}
	name, _ := links.Shorten(context.Background(), "https://example.org/", noon)
	if _, err := links.Follow(context.Background(), name, noon.Add(Lifetime)); !errors.Is(err, store.ErrMissing) {
		t.Fatalf("got %v", err)
	}
}

func TestOnlyAbsoluteAddresses(t *testing.T) {
	links := &Links{Store: &store.Memory{}}
	if _, err := links.Shorten(context.Background(), "/local", noon); err == nil {
		t.Fatal("taken")
	}
}
