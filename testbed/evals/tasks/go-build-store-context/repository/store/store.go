// Package store keeps values for a while.
package store

import (
	"context"
	"errors"
	"time"
)

// ErrMissing is returned for what is not there, or not there any more.
var ErrMissing = errors.New("store: no such key")

// Store keeps values. A method returns the context's error where that has ended.
type Store interface {
	Put(ctx context.Context, key, value string, until time.Time) error
	// Get returns a value that has not expired at `now`.
	Get(ctx context.Context, key string, now time.Time) (string, error)
}
