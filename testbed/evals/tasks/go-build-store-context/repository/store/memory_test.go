package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func TestWhatIsPutIsThere(t *testing.T) {
	var m Memory
	if err := m.Put(context.Background(), "k", "v", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Get(context.Background(), "k", noon); got != "v" || err != nil {
		t.Fatalf("%q %v", got, err)
	}
}

func TestItExpires(t *testing.T) {
	var m Memory
	m.Put(context.Background(), "k", "v", noon)
	if _, err := m.Get(context.Background(), "k", noon); !errors.Is(err, ErrMissing) {
		t.Fatalf("got %v", err)
	}
}

func TestAnEndedContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var m Memory
	if err := m.Put(ctx, "k", "v", noon); !errors.Is(err, context.Canceled) {
		t.Fatalf("put: %v", err)
	}
	if _, err := m.Get(ctx, "k", noon); !errors.Is(err, context.Canceled) {
		t.Fatalf("get: %v", err)
	}
}
