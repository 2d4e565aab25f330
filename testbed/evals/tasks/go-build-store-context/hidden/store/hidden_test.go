package store

import (
	"context"
	"testing"
)

func TestHiddenNothingIsKeptAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var m Memory
	m.Put(ctx, "k", "v", noon.AddDate(1, 0, 0))
	if got, err := m.Get(context.Background(), "k", noon); err == nil {
		t.Fatalf("kept %q", got)
	}
}
