package gitops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

// DriftKind says how a file differs from the lock.
type DriftKind string

// The kinds of drift.
const (
	Edited  DriftKind = "edited"  // another content
	Missing DriftKind = "missing" // not there
	Foreign DriftKind = "foreign" // not in the lock
	Special DriftKind = "special" // a symbolic link, a folder or a device where a file should be
	Endings DriftKind = "endings" // the same content but for CRLF line ends: Git converted it on checkout
)

// Drift is one file that is not as the lock says. Path is relative to the folder of the cluster.
type Drift struct {
	Path string
	Kind DriftKind
}

// FindDrift compares the folder of a cluster in a tree with its lock, sorted by path. The lock itself is not compared. Symbolic
// links are not followed. A folder that is not there misses every file.
func FindDrift(ctx context.Context, tree fs.FS, l *lock.Lock, folder string) ([]Drift, error) {
	want := l.Paths()
	d := drifter{tree: tree, folder: folder, want: want, seen: make(map[string]bool, len(want))}
	if err := d.walk(ctx); err != nil {
		return nil, err
	}
	for name := range want {
		if !d.seen[name] {
			d.add(name, Missing)
		}
	}
	slices.SortFunc(d.found, func(a, b Drift) int { return strings.Compare(a.Path, b.Path) })
	return d.found, nil
}

// drifter walks a folder and compares files while it walks.
type drifter struct {
	tree   fs.FS
	folder string
	want   map[string]catalog.Digest
	seen   map[string]bool

	mutex sync.Mutex
	found []Drift
}

func (d *drifter) add(name string, kind DriftKind) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.found = append(d.found, Drift{Path: name, Kind: kind})
}

func (d *drifter) walk(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	walked := fs.WalkDir(d.tree, d.folder, func(full string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("look at %s: %w", full, err)
		case ctx.Err() != nil:
			return ctx.Err()
		case full == d.folder:
			return nil
		}
		return d.visit(full, entry, group)
	})
	return errors.Join(walked, group.Wait())
}

// visit compares one entry. A folder where a file should be is reported and not entered.
func (d *drifter) visit(full string, entry fs.DirEntry, group *errgroup.Group) error {
	name := strings.TrimPrefix(full, d.folder+"/")
	digest, known := d.want[name]
	switch {
	case known:
		d.seen[name] = true
	case entry.IsDir() || name == lock.FileName && entry.Type() == 0:
		return nil
	default:
		d.add(name, Foreign)
		return nil
	}
	if entry.Type() != 0 {
		d.add(name, Special)
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	group.Go(func() error {
		data, err := fs.ReadFile(d.tree, full)
		if err != nil {
			return fmt.Errorf("read %s: %w", full, err)
		}
		if kind := compare(data, digest); kind != "" {
			d.add(name, kind)
		}
		return nil
	})
	return nil
}

// compare says how content differs from a digest, or nothing.
func compare(data []byte, digest catalog.Digest) DriftKind {
	if catalog.DigestOf(data) == digest {
		return ""
	}
	if bytes.Contains(data, []byte("\r\n")) && catalog.DigestOf(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))) == digest {
		return Endings
	}
	return Edited
}
