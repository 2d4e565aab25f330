package store

import (
	"sync"
	"time"
)

var _ Store = (*Memory)(nil)

// Memory is a store that is gone with its process. The zero value is ready.
type Memory struct {
	mutex sync.Mutex
	held  map[string]entry
}

type entry struct {
	value string
	until time.Time
}

// Put keeps a value until a time.
func (m *Memory) Put(key, value string, until time.Time) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.held == nil {
		m.held = map[string]entry{}
	}
	m.held[key] = entry{value, until}
	return nil
}

// Get returns a value that has not expired, and forgets one that has.
func (m *Memory) Get(key string, now time.Time) (string, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	found, ok := m.held[key]
	if !ok {
		return "", ErrMissing
	}
	if !now.Before(found.until) {
		delete(m.held, key)
		return "", ErrMissing
	}
	return found.value, nil
}
