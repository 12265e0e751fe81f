package catalog

import (
	"context"
	"errors"
	"sync"
)

// memo remembers what read returns by key. Callers that ask for one key at the same time share one read; an error is not kept.
type memo[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*memoEntry[V]
}

type memoEntry[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// read returns the remembered value, or reads it. A caller whose own context is alive does not suffer from the cancelled context
// of the one that reads for it.
func (m *memo[K, V]) read(ctx context.Context, key K, read func(context.Context) (V, error)) (V, error) {
	for {
		entry, first := m.entry(key)
		if first {
			m.fill(ctx, key, entry, read)
			return entry.value, entry.err
		}
		select {
		case <-ctx.Done():
			var none V
			return none, context.Cause(ctx)
		case <-entry.done:
		}
		if entry.err == nil || !isCancelled(entry.err) || ctx.Err() != nil {
			return entry.value, entry.err
		}
	}
}

func (m *memo[K, V]) entry(key K) (entry *memoEntry[V], first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if entry, found := m.entries[key]; found {
		return entry, false
	}
	if m.entries == nil {
		m.entries = make(map[K]*memoEntry[V])
	}
	entry = &memoEntry[V]{done: make(chan struct{})}
	m.entries[key] = entry
	return entry, true
}

func (m *memo[K, V]) fill(ctx context.Context, key K, entry *memoEntry[V], read func(context.Context) (V, error)) {
	entry.err = errors.New("read panicked")
	defer func() {
		if entry.err != nil {
			m.mu.Lock()
			delete(m.entries, key)
			m.mu.Unlock()
		}
		close(entry.done)
	}()
	entry.value, entry.err = read(ctx)
}

func isCancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
