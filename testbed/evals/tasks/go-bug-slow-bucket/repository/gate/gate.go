// Package gate keeps a bucket a client.
package gate

import (
	"sync"
	"time"

	"example.org/turnstile/bucket"
)

// Gate lets clients in. It is safe for use by several goroutines.
type Gate struct {
	size     int
	interval time.Duration
	mutex    sync.Mutex
	clients  map[string]*bucket.Bucket
}

// New returns a gate where each client has `size` tokens, and a new one every interval.
func New(size int, interval time.Duration) *Gate {
	return &Gate{size: size, interval: interval, clients: map[string]*bucket.Bucket{}}
}

// Admit says whether the client may pass now, and else how long it has to wait.
func (g *Gate) Admit(client string, now time.Time) (bool, time.Duration, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	b, ok := g.clients[client]
	if !ok {
		var err error
		if b, err = bucket.New(g.size, g.interval, now); err != nil {
			return false, 0, err
		}
		g.clients[client] = b
	}
	if b.Take(now) {
		return true, 0, nil
	}
	return false, b.Wait(now), nil
}
