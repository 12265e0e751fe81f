// Package location opens registries wherever they are: in a folder or on a web server, behind mirrors and a cache.
//
// It knows how a location is written and puts the sources together. It refuses to know what a registry says.
package location

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/cache"
	"gkops.dev/gkops/resolver/catalog/dir"
	"gkops.dev/gkops/resolver/catalog/helm"
	"gkops.dev/gkops/resolver/catalog/mirror"
	"gkops.dev/gkops/resolver/catalog/oci"
	"gkops.dev/gkops/resolver/catalog/web"
)

// The types of registries.
const (
	Glasskube = "glasskube" // index.yaml with packages
	Helm      = "helm"      // index.yaml with entries, or OCI charts
	Overlay   = "overlay"   // index.yaml with kind: Overlay, and facts
)

// Options are the surroundings of the registries.
type Options struct {
	Base       string       // absolute folder that relative registries start at, where gkops.yaml is
	Files      fs.FS        // relative registries are folders of it, and Base is not used; nil for folders of this machine
	HTTP       *http.Client // its transport is used
	Cache      string       // folder of the cache; empty for none
	Mirrors    string       // as in GKOPS_MIRROR
	MirrorBase string       // absolute folder that relative mirrors start at
	Warn       func(string) // one line for a person, may be called from any goroutine
	Web        web.Options  // zero for the defaults

	// Credential is what a user has for an OCI registry, by host and port; nil for nothing.
	Credential func(host string) oci.Credential
}

// Opener opens registries that share one network, one cache and the same mirrors.
type Opener struct {
	base    string
	files   fs.FS
	network catalog.Source
	store   catalog.Store // nil without a cache
	charts  *helm.Charts
}

// maxRequests is how many files are read from the network at the same time.
const maxRequests = 16

// NewOpener puts mirrors before the cache, and the cache before the network. It touches nothing yet.
func NewOpener(options Options) (*Opener, error) {
	o := &Opener{base: options.Base, files: options.Files}
	servers := network{web: web.New(options.HTTP, options.Web), oci: oci.New(options.HTTP, options.Credential)}
	var reads catalog.Source = servers
	if options.Cache != "" {
		cached := cache.New(options.Cache, servers, options.Warn)
		reads, o.store = cached, cached
	}
	mirrored, err := mirror.New(options.Mirrors, options.MirrorBase, reads)
	if err != nil {
		return nil, err
	}
	o.network = catalog.Limited(mirrored, maxRequests)
	o.charts = helm.NewCharts(o.network)
	return o, nil
}

// Store finds what was read from the network at any time; nil without a cache.
func (o *Opener) Store() catalog.Store { return o.store }

// Open is the registry of Glasskube's layout at a location: an http or https URL, a file URL, or a folder, absolute or relative
// to the base. It reads nothing yet. The error is an *UnsupportedError for git and OCI locations.
func (o *Opener) Open(name, location string) (*catalog.Registry, error) {
	base, source, err := o.place(location)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", name, err)
	}
	return catalog.NewRegistry(name, base, source), nil
}

// OpenOverlay is the overlay registry at a location, as Open is the registry.
func (o *Opener) OpenOverlay(name, location string) (*catalog.Registry, error) {
	base, source, err := o.place(location)
	if err != nil {
		return nil, fmt.Errorf("overlay %s: %w", name, err)
	}
	return catalog.NewOverlay(name, base, source), nil
}

// place is the base URL of a location and what reads there.
func (o *Opener) place(location string) (string, catalog.Source, error) {
	scheme, _, isURL := strings.Cut(location, "://")
	switch {
	case !isURL && strings.TrimSpace(location) == "":
		return "", nil, errors.New("the location is empty")
	case !isURL && isSCP(location):
		return "", nil, &UnsupportedError{Kind: "git"}
	case !isURL:
		return o.folder(location)
	case scheme == "oci":
		return "", nil, &UnsupportedError{Kind: "OCI"}
	case scheme == "git" || scheme == "ssh" || strings.HasPrefix(scheme, "git+"):
		return "", nil, &UnsupportedError{Kind: "git"}
	}
	u, err := url.Parse(location)
	switch {
	case err != nil:
		return "", nil, errors.New("the location is a malformed URL")
	case u.User != nil:
		return "", nil, fmt.Errorf("%s: a user name or password in the location is refused", catalog.Redact(location))
	case u.RawQuery != "" || u.Fragment != "":
		return "", nil, fmt.Errorf("%s: a query or fragment in the location is refused", catalog.Redact(location))
	case scheme == "file" && u.Host == "":
		return o.folder(filepath.FromSlash(u.Path))
	case scheme != "http" && scheme != "https" || u.Host == "":
		return "", nil, fmt.Errorf("%s is neither a folder nor an http or https URL", catalog.Redact(location))
	}
	return location, sources{network: o.network}, nil
}

// shown is a location as messages name it.
func shown(location string) string {
	if strings.Contains(location, "://") {
		return catalog.Redact(location)
	}
	return location
}

// isSCP reports whether a location is git's user@host:path.
func isSCP(location string) bool {
	before, _, found := strings.Cut(location, ":")
	return found && strings.Contains(before, "@") && !strings.Contains(before, "/")
}

func (o *Opener) folder(place string) (string, catalog.Source, error) {
	if !filepath.IsAbs(place) && o.files != nil {
		return o.inFiles(place)
	}
	if !filepath.IsAbs(place) {
		place = filepath.Join(o.base, place)
	}
	folder := dir.New(place)
	return folder.URL(), sources{folder: folder, network: o.network}, nil
}

// inFiles is a folder of Options.Files.
func (o *Opener) inFiles(name string) (string, catalog.Source, error) {
	name = path.Clean(filepath.ToSlash(name))
	if !fs.ValidPath(name) {
		return "", nil, fmt.Errorf("the folder %s is outside of the repository, of which nothing is checked out", name)
	}
	return treeURL + (&url.URL{Path: name}).EscapedPath(), sources{tree: tree{o.files}, network: o.network}, nil
}

// sources reads a registry's own files, and what its packages refer to on the web.
type sources struct {
	folder  *dir.Source // nil for a registry on the web, which may not read files of this machine
	tree    tree        // empty but for a registry in Options.Files
	network catalog.Source
}

func (s sources) Read(ctx context.Context, address string) ([]byte, error) {
	if s.folder != nil && strings.HasPrefix(address, "file:") {
		return s.folder.Read(ctx, address)
	}
	if s.tree.files != nil && strings.HasPrefix(address, treeURL) {
		return s.tree.Read(ctx, address)
	}
	return s.network.Read(ctx, address)
}

// Detect looks which type of registry is at a location: Glasskube, Helm or Overlay. The error is an *UnknownTypeError when the place can
// be read and is neither.
func (o *Opener) Detect(ctx context.Context, location string) (string, error) {
	if strings.HasPrefix(location, "oci://") {
		return Helm, nil
	}
	base, source, err := o.chartPlace(location)
	if err != nil {
		return "", err
	}
	data, err := source.Read(ctx, strings.TrimRight(base, "/")+"/index.yaml")
	if errors.Is(err, catalog.ErrNotFound) {
		return "", &UnknownTypeError{Location: location, Reason: "has no index.yaml, and is no chart"}
	}
	if err != nil {
		return "", fmt.Errorf("look for a registry at %s: %w", shown(location), err)
	}
	if isOverlay(data) {
		return Overlay, nil
	}
	packages, entries, err := keys(strings.TrimRight(shown(location), "/")+"/index.yaml", data)
	switch {
	case err != nil:
		return "", err
	case packages && !entries:
		return Glasskube, nil
	case entries && !packages:
		return Helm, nil
	}
	reason := "has an index.yaml with neither packages nor entries"
	if packages {
		reason = "has an index.yaml with both packages and entries"
	}
	return "", &UnknownTypeError{Location: location, Reason: reason}
}

// isOverlay reports whether an index says at its root that it is one of an overlay.
func isOverlay(data []byte) bool {
	const enough = 4096 // the kind stands before the packages
	doc := data[:min(len(data), enough)]
	for line := range bytes.Lines(doc) {
		if key, value, found := bytes.Cut(line, []byte(":")); found && string(key) == "kind" {
			value, _, _ = bytes.Cut(value, []byte(" #"))
			return string(bytes.Trim(value, " \t\r\n\"'")) == catalog.OverlayKind
		}
	}
	return false
}

// keys looks for the two keys at the root of an index. Indexes of charts have tens of megabytes, so lines are looked at first.
func keys(file string, data []byte) (packages, entries bool, err error) {
	for line := range bytes.Lines(data) {
		packages = packages || bytes.HasPrefix(line, []byte("packages:"))
		entries = entries || bytes.HasPrefix(line, []byte("entries:"))
	}
	if packages || entries {
		return packages, entries, nil
	}
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return false, false, err
	}
	return document.Lookup(doc.Root(), "packages") != nil, document.Lookup(doc.Root(), "entries") != nil, nil
}
