// Package links makes short links.
package links

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"example.org/burrow/store"
)

// Lifetime of a link.
const Lifetime = 30 * 24 * time.Hour

// Links makes and follows links kept in a store.
type Links struct {
	Store store.Store
}

// Shorten returns the link's name; the same address has the same name.
func (l *Links) Shorten(ctx context.Context, address string, now time.Time) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "", fmt.Errorf("%q is no absolute address", address)
	}
	sum := sha256.Sum256([]byte(address))
	name := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
	return name, l.Store.Put(name, address, now.Add(Lifetime))
}

// Follow returns where a link leads.
func (l *Links) Follow(ctx context.Context, name string, now time.Time) (string, error) {
	return l.Store.Get(strings.ToLower(name), now)
}
