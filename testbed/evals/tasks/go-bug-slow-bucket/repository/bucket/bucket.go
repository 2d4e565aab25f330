// Package bucket is a token bucket that is told the time by its caller.
package bucket

import (
	"errors"
	"time"
)

// ErrSize is returned for a bucket that could never give a token.
var ErrSize = errors.New("bucket: size and interval have to be positive")

// Bucket gives a token every Interval, and holds at most Size of them.
type Bucket struct {
	Size     int
	Interval time.Duration

	tokens int
	last   time.Time
}

// New returns a full bucket.
func New(size int, interval time.Duration, now time.Time) (*Bucket, error) {
	if size <= 0 || interval <= 0 {
		return nil, ErrSize
	}
	return &Bucket{Size: size, Interval: interval, tokens: size, last: now}, nil
}

// Take takes a token, and says whether there was one.
func (b *Bucket) Take(now time.Time) bool {
	b.refill(now)
	if b.tokens == 0 {
		return false
	}
	b.tokens--
	return true
}

// Wait is the time until the next token; 0 where there is one.
func (b *Bucket) Wait(now time.Time) time.Duration {
	b.refill(now)
	if b.tokens > 0 {
		return 0
	}
	return b.last.Add(b.Interval).Sub(now)
}

func (b *Bucket) refill(now time.Time) {
	if !now.After(b.last) {
		return
	}
	b.tokens += int(now.Sub(b.last) / b.Interval)
	if b.tokens > b.Size {
		b.tokens = b.Size
	}
	b.last = now
}
