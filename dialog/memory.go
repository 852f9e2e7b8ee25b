package dialog

import (
	"context"
	"sync"
	"time"
)

// Memory is a Store in memory, for tests and for trying a book by hand. Nothing
// expires in it.
type Memory struct {
	mu sync.Mutex
	m  map[string]string
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty one.
func NewMemory() *Memory { return &Memory{m: map[string]string{}} }

// Load implements Store.
func (m *Memory) Load(_ context.Context, key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m[key], nil
}

// Save implements Store.
func (m *Memory) Save(_ context.Context, key, prev, record string, _ time.Duration) (string, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.m[key]
	switch stamp(current) {
	case prev:
		m.m[key] = record
		return "", true, nil
	case stamp(record):
		return "", true, nil
	}
	return current, false, nil
}
