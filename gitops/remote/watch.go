package remote

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// slowest is how many bytes a server must move in a second, on average, not to be given up.
const slowest = 1000

// watcher gives a conversation up when too little moves.
type watcher struct {
	moved  atomic.Int64
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// watch begins to watch. It ends with stop, which waits for it.
func watch(ctx context.Context, name string, window time.Duration) (context.Context, *watcher) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watcher{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(window)
		defer tick.Stop()
		for before := int64(0); ; before = w.moved.Load() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if now := w.moved.Load(); float64(now-before) < slowest*window.Seconds() {
					cancel(&TimeoutError{Remote: name, After: window, Slow: true})
					return
				}
			}
		}
	}()
	return ctx, w
}

func (w *watcher) stop() {
	w.cancel(nil)
	<-w.ended
}

// reason is why a conversation ended: the time-out when there was one.
func (w *watcher) reason(ctx context.Context, err error) error {
	var slow *TimeoutError
	if errors.As(context.Cause(ctx), &slow) {
		return slow
	}
	return err
}

// count counts what moved.
func (w *watcher) count(n int) { w.moved.Add(int64(n)) }

// body counts what is read.
func (w *watcher) body(r io.ReadCloser) io.ReadCloser { return &counted{ReadCloser: r, watcher: w} }

type counted struct {
	io.ReadCloser
	watcher *watcher
}

// Read reads and counts.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.watcher.count(n)
	return n, err
}
