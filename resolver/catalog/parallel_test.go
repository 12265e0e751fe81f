package catalog

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestParallelNamesTheFirstErrorByOrder lets the last one fail first: what is reported is the first in the order all the same.
func TestParallelNamesTheFirstErrorByOrder(t *testing.T) {
	failed := make(chan struct{})
	err := parallel(t.Context(), 4, 4, func(ctx context.Context, i int) error {
		switch i {
		case 1:
			<-failed
			return fmt.Errorf("error %d, cancelled %v", i, ctx.Err() != nil)
		case 2:
			<-ctx.Done()
			return ctx.Err()
		case 3:
			close(failed)
			return errors.New("error 3")
		}
		return nil
	})
	if err == nil || err.Error() != "error 1, cancelled false" {
		t.Error(err)
	}
}

func TestParallelStopsAfterAnError(t *testing.T) {
	calls := 0
	err := parallel(t.Context(), 10, 1, func(_ context.Context, i int) error {
		calls++
		if i == 2 {
			return errors.New("no")
		}
		return nil
	})
	if err == nil || calls > 4 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := parallel(ctx, 1, 1, func(context.Context, int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
