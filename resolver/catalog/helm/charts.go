package helm

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"gkops.dev/gkops/resolver/catalog"
)

// Charts finds the archives of charts in chart repositories and OCI registries. What it has read it remembers. It is safe for use by
// several goroutines.
type Charts struct {
	source catalog.Source

	mu      sync.Mutex
	indexes map[string]*pending
}

// pending is an index that is being read, or was.
type pending struct {
	once  sync.Once
	index *Index
	err   error
}

// NewCharts reads through a source, which reads http, https and oci addresses.
func NewCharts(source catalog.Source) *Charts {
	return &Charts{source: source, indexes: map[string]*pending{}}
}

// Index is the index of a repository at an http, https or file address.
func (c *Charts) Index(ctx context.Context, repository string) (*Index, error) {
	address := strings.TrimRight(repository, "/") + "/index.yaml"
	c.mu.Lock()
	p := c.indexes[address]
	if p == nil {
		p = &pending{}
		c.indexes[address] = p
	}
	c.mu.Unlock()
	p.once.Do(func() {
		data, err := c.source.Read(ctx, address)
		if err != nil {
			p.err = fmt.Errorf("read the index of charts: %w", err)
			return
		}
		p.index, p.err = ParseIndex(catalog.Redact(address), data)
	})
	if p.err != nil {
		c.mu.Lock()
		delete(c.indexes, address) // a later call may find the repository again
		c.mu.Unlock()
	}
	return p.index, p.err
}

// Archive reads the archive of a chart, and checks the digest that the index gives. The File's Name is its address. It returns a *ChartError.
func (c *Charts) Archive(ctx context.Context, repository, chart, version string) (catalog.File, error) {
	file, err := c.archive(ctx, repository, chart, version)
	if err != nil {
		return catalog.File{}, &ChartError{Chart: chart, Version: version, Repository: catalog.Redact(repository), Err: err}
	}
	return file, nil
}

func (c *Charts) archive(ctx context.Context, repository, chart, version string) (catalog.File, error) {
	if strings.HasPrefix(repository, ociScheme) {
		return c.read(ctx, ociAddress(repository, chart, version), "")
	}
	index, err := c.Index(ctx, repository)
	if err != nil {
		return catalog.File{}, err
	}
	entry, err := index.Entry(chart, version)
	if err != nil {
		return catalog.File{}, err
	}
	if len(entry.URLs) == 0 {
		return catalog.File{}, errors.New("the index names no address for it")
	}
	address, err := resolve(repository, entry.URLs[0])
	if err != nil {
		return catalog.File{}, err
	}
	return c.read(ctx, address, entry.Digest)
}

func (c *Charts) read(ctx context.Context, address string, want catalog.Digest) (catalog.File, error) {
	data, err := c.source.Read(ctx, address)
	if err != nil {
		return catalog.File{}, err
	}
	digest := catalog.DigestOf(data)
	if want != "" && want != digest {
		return catalog.File{}, &DigestError{URL: address, Want: want, Got: digest}
	}
	return catalog.File{Name: address, URL: address, Data: data, Digest: digest}, nil
}

// resolve is the address of an archive that an index names. Another host is fine, another kind of place is not.
func resolve(repository, reference string) (string, error) {
	base, err := url.Parse(strings.TrimRight(repository, "/") + "/")
	if err != nil {
		return "", errors.New("the repository has a malformed URL")
	}
	to, err := base.Parse(reference)
	switch {
	case err != nil:
		return "", fmt.Errorf("the index names %.100q, which is no address", reference)
	case to.User != nil:
		return "", errors.New("the index names an address with a user name or password")
	case base.Scheme != "http" && base.Scheme != "https" && to.Scheme == base.Scheme: // files
		if !strings.HasPrefix(to.Path, base.Path) {
			return "", fmt.Errorf("the index names %.100q, which leaves the repository", reference)
		}
	case to.Scheme != "https" && to.Scheme != "oci" && (to.Scheme != "http" || base.Scheme == "https"):
		return "", fmt.Errorf("the index names an address with %.20q, which is refused", to.Scheme)
	}
	return to.String(), nil
}

// ChartError says which chart could not be had.
type ChartError struct {
	Chart, Version, Repository string
	Err                        error
}

// Error names chart and repository.
func (e *ChartError) Error() string {
	return fmt.Sprintf("chart %s %s of %s: %v", e.Chart, e.Version, e.Repository, e.Err)
}

// Unwrap is the cause.
func (e *ChartError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ChartError) Hint() string {
	if errors.Is(e.Err, catalog.ErrNotFound) {
		return "the repository has no such version any more: choose another one, or name a mirror that has it in GKOPS_MIRROR"
	}
	return ""
}

// DigestError says that an archive is not what the index of its repository says.
type DigestError struct {
	URL       string
	Want, Got catalog.Digest
}

// Error names both digests.
func (e *DigestError) Error() string {
	return fmt.Sprintf("%s is not what the index says: the index has %s, the archive is %s", catalog.Redact(e.URL), e.Want, e.Got)
}

// Hint says what to do.
func (e *DigestError) Hint() string {
	return "the repository is damaged, or somebody changed it: ask who keeps it; nothing was used"
}
