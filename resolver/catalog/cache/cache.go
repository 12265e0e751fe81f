// Package cache keeps what a registry's web server said, so that the next run asks only whether it is still true, and so that a
// file is there when the network is not.
//
// It knows files by URL and bytes by digest; what it hands out always has the digest that it wrote down. Several processes may
// use one folder. It refuses to know how the network works and where the folder should be.
package cache

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"gkops.dev/gkops/resolver/catalog"
)

// Fetcher reads a file unless the caller's copy is still good, see web.Source.
type Fetcher interface {
	// Fetch returns the file and what describes this version of it. The error is catalog.ErrUnchanged when have still
	// describes it, catalog.ErrUnreachable when nobody could be asked.
	Fetch(ctx context.Context, url string, have catalog.Validator) ([]byte, catalog.Validator, error)
}

// Source is a catalog.Source that remembers, and a catalog.Store. Within one Source a file is asked for once.
type Source struct {
	store  store
	origin Fetcher
	warn   func(string)

	mu     sync.Mutex
	fresh  map[string]catalog.Digest // by URL: asked in this process
	silent map[string]bool           // hosts that did not answer in this process
	broken sync.Once
}

// New remembers in a folder, which is made when it is needed, what the origin says. warn takes one line for a person: a copy
// that stands in for a server that cannot be reached, a folder that cannot be written.
func New(folder string, origin Fetcher, warn func(string)) *Source {
	return &Source{store: store{folder}, origin: origin, warn: warn, fresh: map[string]catalog.Digest{}, silent: map[string]bool{}}
}

// Read asks the origin whether the remembered copy is still good, and hands it out when it is, or when the origin cannot be
// reached. That there is no such file is remembered in the same way, where there never was a copy. A list of versions that lost one since the last time is a *VanishedError.
func (s *Source) Read(ctx context.Context, address string) ([]byte, error) {
	if digest, asked := s.asked(address); asked {
		if data, found := s.store.object(digest); found {
			return data, nil
		}
	}
	remembered, copied := s.store.load(address)
	if copied != nil && s.isSilent(address) {
		return copied, nil
	}
	if copied == nil && s.isSilent(address) && s.store.isAbsent(address) {
		return nil, fmt.Errorf("%s, as the server said before: %w", catalog.Redact(address), catalog.ErrNotFound)
	}
	have := remembered.Validator
	if copied == nil {
		have = catalog.Validator{}
	}
	data, now, err := s.origin.Fetch(ctx, address, have)
	switch {
	case err == nil:
		if err := s.keep(address, copied, data, now); err != nil {
			return nil, err
		}
		return data, nil
	case errors.Is(err, catalog.ErrUnchanged) && copied != nil:
		s.markAsked(address, remembered.Digest)
		return copied, nil
	case errors.Is(err, catalog.ErrUnreachable) && copied != nil && ctx.Err() == nil:
		s.markSilent(address, err)
		return copied, nil
	case errors.Is(err, catalog.ErrUnreachable) && s.store.isAbsent(address) && ctx.Err() == nil:
		s.markSilent(address, err)
		return nil, fmt.Errorf("%s, as the server said before: %w", catalog.Redact(address), catalog.ErrNotFound)
	case errors.Is(err, catalog.ErrNotFound) && copied == nil:
		s.unwritten(s.store.saveAbsent(address))
	}
	return nil, err
}

// ByDigest finds bytes that were read from anywhere at any time.
func (s *Source) ByDigest(digest catalog.Digest) ([]byte, bool) { return s.store.object(digest) }

// keep remembers a new version of a file, unless it lost what the old one had.
func (s *Source) keep(address string, old, data []byte, now catalog.Validator) error {
	lost, readable := vanished(address, old, data)
	if len(lost) > 0 {
		return &VanishedError{URL: address, Versions: lost, Memory: s.store.entryPath(address)}
	}
	if !readable {
		return nil // whoever parses it says what is wrong; the good copy stays
	}
	digest := catalog.DigestOf(data)
	if err := s.store.save(address, entry{Digest: digest, Validator: now}, data); err != nil {
		s.unwritten(err)
		return nil
	}
	s.markAsked(address, digest)
	return nil
}

// unwritten warns once when the folder cannot be written.
func (s *Source) unwritten(err error) {
	if err == nil {
		return
	}
	s.broken.Do(func() {
		s.warn(fmt.Sprintf("the cache cannot be written, so everything is read again next time: %v", err))
	})
}

func (s *Source) asked(address string) (catalog.Digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest, found := s.fresh[address]
	return digest, found
}

func (s *Source) markAsked(address string, digest catalog.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh[address] = digest
}

func (s *Source) isSilent(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.silent[origin(address)]
}

// markSilent warns once for each host, which is not asked again for what a copy exists of.
func (s *Source) markSilent(address string, err error) {
	s.mu.Lock()
	known := s.silent[origin(address)]
	s.silent[origin(address)] = true
	s.mu.Unlock()
	if !known {
		s.warn(fmt.Sprintf("using copies from earlier: %v", err))
	}
}

// origin is the scheme, host and port of a URL.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}
