package catalog

import (
	"context"
	"fmt"
)

// Store finds bytes by their digest without any network.
type Store interface {
	ByDigest(Digest) ([]byte, bool)
}

// pinned is a Source whose files are known by digest.
type pinned struct {
	source Source
	want   map[string]Digest
	store  Store
}

// Pinned is the source, except that a URL in want has exactly that content: anything else is a *TamperedError. What the store
// (may be nil) holds by digest is not read again. URLs that are not in want are read as they are.
func Pinned(source Source, want map[string]Digest, store Store) Source {
	return pinned{source, want, store}
}

func (p pinned) Read(ctx context.Context, url string) ([]byte, error) {
	want, found := p.want[url]
	if !found {
		return p.source.Read(ctx, url)
	}
	if p.store != nil {
		if data, found := p.store.ByDigest(want); found {
			return data, nil
		}
	}
	data, err := p.source.Read(ctx, url)
	if err != nil {
		return nil, err
	}
	if got := DigestOf(data); got != want {
		return nil, &TamperedError{URL: url, Want: want, Got: got}
	}
	return data, nil
}

// TamperedError says that a file no longer holds what was locked.
type TamperedError struct {
	URL       string
	Want, Got Digest
}

// Error names the file and both digests.
func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s is not what was locked: locked %s, now %s", Redact(e.URL), e.Want, e.Got)
}

// Hint says what to do about it.
func (e *TamperedError) Hint() string {
	return "the file was changed in place after it was locked: compare both, and ask who publishes it; nothing was changed here"
}
