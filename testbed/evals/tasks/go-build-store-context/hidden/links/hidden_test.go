package links

import (
	"context"
	"errors"
	"testing"

	"example.org/burrow/store"
)

func TestHiddenTheCallersContextIsHandedOn(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	links := &Links{Store: &store.Memory{}}
	name, err := links.Shorten(ctx, "https://example.org/", noon)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := links.Shorten(ctx, "https://example.org/b", noon); !errors.Is(err, context.Canceled) {
		t.Fatalf("shorten: %v", err)
	}
	if _, err := links.Follow(ctx, name, noon); !errors.Is(err, context.Canceled) {
		t.Fatalf("follow: %v", err)
	}
}
