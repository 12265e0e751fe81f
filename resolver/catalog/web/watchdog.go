package web

import (
	"context"
	"errors"
	"io"
	"time"
)

var (
	errIdle = errors.New("nothing came for too long")
	errSlow = errors.New("it took too long")
)

// watchdog cancels its context when nothing happens for too long: a half-open connection never fails by itself.
type watchdog struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	timeout time.Duration
}

func newWatchdog(ctx context.Context, timeout time.Duration) *watchdog {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watchdog{ctx, cancel, time.AfterFunc(timeout, func() { cancel(errIdle) }), timeout}
}

func (w *watchdog) alive() { w.timer.Reset(w.timeout) }

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// watched is a body whose every byte keeps the watchdog quiet.
type watched struct {
	io.Reader
	dog *watchdog
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.dog.alive()
	}
	return n, err
}
