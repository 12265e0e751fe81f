package catalog

import "context"

// limited is a Source that reads a bounded number of files at the same time.
type limited struct {
	source Source
	free   chan struct{}
}

// Limited is the source, with at most n reads at the same time; others wait.
func Limited(source Source, n int) Source {
	return limited{source, make(chan struct{}, n)}
}

func (l limited) Read(ctx context.Context, url string) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case l.free <- struct{}{}:
	}
	defer func() { <-l.free }()
	return l.source.Read(ctx, url)
}
