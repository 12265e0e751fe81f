package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Registry is one registry in Glasskube's layout: index.yaml, <package>/versions.yaml, <package>/<version>/package.yaml.
// What it has read it remembers. It is safe for use by several goroutines.
type Registry struct {
	name, base string
	source     Source
	index      memo[struct{}, []Listing]
	versions   memo[string, []Version]
	releases   memo[releaseKey, *Release]

	facts        memo[string, *Sheet]
	versionFacts memo[releaseKey, *Sheet]
	provides     memo[bool, map[string][]string] // by whether packages were asked one by one
	overlay      bool
	overlaid     memo[struct{}, []string]
}

type releaseKey struct {
	pkg     string
	version Version
}

// NewRegistry is the registry at a base URL (file, http or https; with or without a final slash), read through the source.
func NewRegistry(name, baseURL string, source Source) *Registry {
	return &Registry{name: name, base: strings.TrimRight(baseURL, "/") + "/", source: source}
}

// Name is the registry's name in the workspace.
func (r *Registry) Name() string { return r.name }

// Pinned is the same registry, except that a File whose Name is in want has exactly that content, see the function Pinned. It
// shares nothing that was read before.
func (r *Registry) Pinned(want map[string]Digest, store Store) *Registry {
	urls := make(map[string]Digest, len(want))
	for name, digest := range want {
		urls[r.URL(name)] = digest
	}
	return NewRegistry(r.name, r.base, Pinned(r.source, urls, store))
}

// URL is where a file with this Name is read.
func (r *Registry) URL(name string) string {
	if strings.Contains(name, "://") {
		return name
	}
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		// A plus in a path means itself, but some servers take it for a space.
		segments[i] = strings.ReplaceAll(url.PathEscape(segment), "+", "%2B")
	}
	return r.base + strings.Join(segments, "/")
}

// Listings is the registry's index, sorted by name.
func (r *Registry) Listings(ctx context.Context) ([]Listing, error) {
	return r.index.read(ctx, struct{}{}, func(ctx context.Context) ([]Listing, error) {
		data, err := r.source.Read(ctx, r.URL("index.yaml"))
		if err != nil {
			return nil, fmt.Errorf("read index of registry %s: %w", r.name, err)
		}
		listings, err := ParseIndex(r.shown("index.yaml"), data)
		if err != nil {
			return nil, fmt.Errorf("registry %s: %w", r.name, err)
		}
		return listings, nil
	})
}

// Listing is what the index says of a package; nil when the registry has no such package. In a registry without an index the package is
// looked for by its name.
func (r *Registry) Listing(ctx context.Context, pkg string) (*Listing, error) {
	listings, err := r.Listings(ctx)
	if errors.Is(err, ErrNoList) {
		return r.unlisted(ctx, pkg)
	}
	if err != nil {
		return nil, err
	}
	i, found := slices.BinarySearchFunc(listings, pkg, func(l Listing, name string) int { return strings.Compare(l.Name, name) })
	if !found {
		return nil, nil
	}
	return &listings[i], nil
}

// unlisted looks for a package by its list of versions.
func (r *Registry) unlisted(ctx context.Context, pkg string) (*Listing, error) {
	data, err := r.source.Read(ctx, r.URL(pkg+"/versions.yaml"))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, &ReadError{Registry: r.name, Package: pkg, Err: err}
	}
	versions, err := ParseVersions(r.shown(pkg+"/versions.yaml"), data)
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	return &Listing{Name: pkg, Scope: NamespacedScope}, nil
}

// Versions are the versions of a package, lowest first; none and no error when the registry's index does not list the package.
// An error names the registry and the package, see ReadError.
func (r *Registry) Versions(ctx context.Context, pkg string) ([]Version, error) {
	return r.versions.read(ctx, pkg, func(ctx context.Context) ([]Version, error) {
		listing, err := r.Listing(ctx, pkg)
		if err != nil || listing == nil {
			return nil, err
		}
		name := pkg + "/versions.yaml"
		data, err := r.source.Read(ctx, r.URL(name))
		if err != nil {
			return nil, &ReadError{Registry: r.name, Package: pkg, Err: err}
		}
		versions, err := ParseVersions(r.shown(name), data)
		if err != nil {
			return nil, &ReadError{Registry: r.name, Package: pkg, Err: err}
		}
		return versions, nil
	})
}

// Release reads one version of a package. The version is spelled as the registry lists it. The error is a *ReadError; it wraps
// ErrNotFound when the registry has no such version.
func (r *Registry) Release(ctx context.Context, pkg string, v Version) (*Release, error) {
	return r.releases.read(ctx, releaseKey{pkg, v}, func(ctx context.Context) (*Release, error) {
		release, err := r.readRelease(ctx, pkg, v)
		if err != nil {
			return nil, &ReadError{Registry: r.name, Package: pkg, Version: v, Err: err}
		}
		return release, nil
	})
}

func (r *Registry) readRelease(ctx context.Context, pkg string, v Version) (*Release, error) {
	if !isLabel(pkg) || v.IsZero() {
		return nil, fmt.Errorf("%q %q: %w", pkg, v, ErrNotFound)
	}
	file, err := r.read(ctx, path.Join(pkg, v.String(), "package.yaml"))
	if err != nil {
		return nil, err
	}
	manifest, err := ParseManifest(r.shown(file.Name), file.Data)
	if err != nil {
		return nil, err
	}
	if manifest.Name != pkg {
		return nil, fmt.Errorf("%s is named %q", r.shown(file.Name), manifest.Name)
	}
	return &Release{Registry: r.name, Package: pkg, Version: v, Manifest: manifest, File: file}, nil
}

// maxParallel is how many files of one package are read at the same time.
const maxParallel = 8

// Files are the bytes of the release's manifests, in the order of the list. The error is a *ReadError.
func (r *Registry) Files(ctx context.Context, release *Release) ([]File, error) {
	files := make([]File, len(release.Manifest.Manifests))
	err := parallel(ctx, len(files), maxParallel, func(ctx context.Context, i int) error {
		name, err := fileName(release, release.Manifest.Manifests[i].URL)
		if err == nil {
			files[i], err = r.read(ctx, name)
		}
		return err
	})
	if err != nil {
		return nil, &ReadError{Registry: r.name, Package: release.Package, Version: release.Version, Err: err}
	}
	return files, nil
}

func (r *Registry) read(ctx context.Context, name string) (File, error) {
	address := r.URL(name)
	data, err := r.source.Read(ctx, address)
	if err != nil {
		return File{}, err
	}
	return File{Name: name, URL: address, Data: data, Digest: DigestOf(data)}, nil
}

// shown is a file as messages name it: the path of a file that a person can open, else the URL.
func (r *Registry) shown(name string) string {
	address := r.URL(name)
	if u, err := url.Parse(address); err == nil && u.Scheme == "file" {
		return u.Path
	}
	return Redact(address)
}

// fileName is the Name of a file that a release refers to: an http(s) URL as it is, else the path from the registry's root.
func fileName(release *Release, reference string) (string, error) {
	if err := checkFileReference(reference); err != nil {
		return "", err
	}
	u, err := url.Parse(reference)
	if err != nil {
		return "", errors.New("a malformed URL")
	}
	if u.IsAbs() {
		return reference, nil
	}
	name := path.Join(release.Package, release.Version.String(), u.Path)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", fmt.Errorf("%q leaves the registry", reference)
	}
	return name, nil
}

// ReadError says which package of which registry could not be read. Version is zero when it was the list of versions.
type ReadError struct {
	Registry, Package string
	Version           Version
	Err               error
}

// Error names registry, package and version.
func (e *ReadError) Error() string {
	if e.Version.IsZero() {
		return fmt.Sprintf("registry %s: versions of %s: %v", e.Registry, e.Package, e.Err)
	}
	return fmt.Sprintf("registry %s: %s %s: %v", e.Registry, e.Package, e.Version, e.Err)
}

// Unwrap is the cause.
func (e *ReadError) Unwrap() error { return e.Err }
