package catalog

import (
	"context"
	"sync"
)

// parallel calls do for 0 to n-1, at most limit at the same time, and waits for all. It returns the error of the lowest number that has
// one, whichever comes first: an error cancels and leaves out only what has a higher number. With a limit of 1 it starts no goroutine.
func parallel(ctx context.Context, n, limit int, do func(ctx context.Context, i int) error) error {
	if limit == 1 || n == 1 {
		return inTurn(ctx, n, do)
	}
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		lowest  = n // the number of err
		err     error
	)
	cancels := make([]context.CancelFunc, n)
	fail := func(i int, cause error) {
		mu.Lock()
		defer mu.Unlock()
		if i >= lowest {
			return
		}
		lowest, err = i, cause
		for _, cancel := range cancels[i+1:] {
			if cancel != nil {
				cancel()
			}
		}
	}
	free := make(chan struct{}, limit)
	for i := range n {
		free <- struct{}{}
		mu.Lock()
		if ctx.Err() != nil || i > lowest {
			mu.Unlock()
			break
		}
		own, cancel := context.WithCancel(ctx)
		cancels[i] = cancel
		mu.Unlock()
		workers.Go(func() {
			defer func() { <-free }()
			defer cancel()
			if err := do(own, i); err != nil {
				fail(i, err)
			}
		})
	}
	workers.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

func inTurn(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	for i := range n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := do(ctx, i); err != nil {
			return err
		}
	}
	return nil
}
