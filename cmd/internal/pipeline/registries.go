package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/helm"
	"gkops.dev/gkops/resolver/catalog/location"
	"gkops.dev/gkops/resolver/catalog/oci"
	"gkops.dev/gkops/resolver/catalog/web"
)

// Builtin is the location of the example registry that is compiled into the program.
const Builtin = "builtin:examples"

// openRegistries opens the registries of a workspace in list order. It reads nothing of them yet.
func (p *Project) openRegistries(_ context.Context, w *workspace.Workspace) error {
	opener, err := p.newOpener(w.Mirrors)
	if err != nil {
		return err
	}
	var opened []*catalog.Registry
	var overlays []catalog.Overlay
	charts := map[string]*helm.Source{}
	for _, r := range w.Registries {
		registry, own, err := openOne(opener, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Where(), err)
		}
		if r.Type == workspace.Overlay {
			overlays = append(overlays, catalog.Overlay{Registry: registry, Of: r.Of})
			continue
		}
		if own != nil {
			charts[r.Name] = own
		}
		opened = append(opened, registry)
	}
	p.opener, p.chartSources = opener, charts
	p.registries = catalog.NewSet(opened...).With(overlays...)
	return nil
}

// newOpener opens the registries of a workspace with these mirrors. Those of a commit that are relative folders are read from it.
func (p *Project) newOpener(mirrors []string) (*location.Opener, error) {
	commit, isCommit := p.grounds.(commitGrounds)
	if !isCommit {
		return opener(p.world, p.grounds.Root(), mirrors)
	}
	o := locations(p.world, mirrors)
	for _, m := range strings.Split(o.Mirrors, ",") {
		if m = strings.TrimSpace(m); m != "" && m != "off" && m != "direct" && !strings.Contains(m, "://") && !filepath.IsAbs(m) {
			return nil, fmt.Errorf("mirror %s is a folder relative to gkops.yaml, and nothing of the repository is checked out: set GKOPS_MIRROR to where it is", m)
		}
	}
	o.Files = commit.commit.Tree
	return location.NewOpener(o)
}

// opener opens registries of a work tree as the environment says: the cache below XDG_CACHE_HOME, the mirrors of GKOPS_MIRROR or else of gkops.yaml.
func opener(world World, base string, mirrors []string) (*location.Opener, error) {
	o := locations(world, mirrors)
	o.Base, o.MirrorBase = base, base
	return location.NewOpener(o)
}

// locations are the surroundings of registries as far as the environment says.
func locations(world World, mirrors []string) location.Options {
	named := world.Getenv("GKOPS_MIRROR")
	if named == "" {
		named = strings.Join(mirrors, ",")
	}
	return location.Options{
		HTTP: world.HTTP, Cache: cacheFolder(world), Mirrors: named, Warn: world.Warn, Credential: credentials(world),
		Web: web.Options{Credential: passwords(world)},
	}
}

// credentials are what the user has stored with 'docker login' for OCI registries, read when the first of them is asked.
func credentials(world World) func(host string) oci.Credential {
	read := sync.OnceValue(func() func(string) oci.Credential {
		folder := world.Getenv("DOCKER_CONFIG")
		if home := world.Getenv("HOME"); folder == "" && filepath.IsAbs(home) {
			folder = filepath.Join(home, ".docker")
		}
		data, err := os.ReadFile(filepath.Join(folder, "config.json"))
		if folder == "" || err != nil {
			data = nil
		}
		return oci.Credentials(data)
	})
	return func(host string) oci.Credential { return read()(host) }
}

// passwords are those of the user's .netrc (the file that NETRC names, else the one in HOME), read when the first web server is asked.
func passwords(world World) func(u *url.URL) (user, password string) {
	read := sync.OnceValue(func() func(*url.URL) (string, string) {
		file := world.Getenv("NETRC")
		if home := world.Getenv("HOME"); file == "" && filepath.IsAbs(home) {
			file = filepath.Join(home, ".netrc")
		}
		data, err := os.ReadFile(file)
		if file == "" || err != nil {
			data = nil
		}
		return web.Netrc(data)
	})
	return func(u *url.URL) (string, string) { return read()(u) }
}

// cacheFolder is where files from the network are kept, empty when the environment names no place.
func cacheFolder(world World) string {
	if folder := world.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "gkops")
	}
	if home := world.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "gkops")
	}
	return ""
}

// openOne opens a registry; the second result finds the archives of one that is a chart repository.
func openOne(opener *location.Opener, r workspace.Registry) (*catalog.Registry, *helm.Source, error) {
	if r.Type == workspace.Helm {
		return opener.OpenCharts(r.Name, r.URL)
	}
	if r.Type == workspace.Overlay {
		registry, err := opener.OpenOverlay(r.Name, r.URL)
		return registry, nil, err
	}
	if r.URL == Builtin {
		return catalog.NewRegistry(r.Name, builtinURL, builtin{examples.Registry()}), nil, nil
	}
	registry, err := opener.Open(r.Name, r.URL)
	return registry, nil, err
}

// builtinURL is the address of the compiled-in registry, as the parts of the catalog see it.
const builtinURL = "builtin://examples/"

// builtin reads the compiled-in registry.
type builtin struct{ files fs.FS }

// Read gives the bytes of one file.
func (b builtin) Read(_ context.Context, address string) ([]byte, error) {
	name, err := url.PathUnescape(strings.TrimPrefix(address, builtinURL))
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(b.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", address, catalog.ErrNotFound)
	}
	return data, err
}

// look finds out the type of a registry by looking at it.
func look(ctx context.Context, world World, base string, r workspace.Registry) (workspace.Registry, error) {
	if r.URL == Builtin {
		r.Type = workspace.Glasskube
		return r, nil
	}
	opener, err := opener(world, base, nil)
	if err != nil {
		return r, err
	}
	found, err := opener.Detect(ctx, r.URL)
	if err != nil {
		return r, fmt.Errorf("registry %s: %w", r.Name, err)
	}
	r.Type = workspace.RegistryType(found)
	return r, nil
}

// AddRegistry adds a registry to the end of the list. Its type is found by looking, and written down.
func (p *Project) AddRegistry(ctx context.Context, named NamedURL) error {
	url := named.relative(p.grounds.Root())
	r, err := look(ctx, p.world, p.grounds.Root(), workspace.Registry{Name: named.Name, URL: url, Of: named.Of})
	if err != nil {
		return err
	}
	data, err := workspace.AddRegistry(p.data, r)
	if err != nil {
		return err
	}
	return p.writeWorkspace(ctx, data)
}

// RemoveRegistry takes a registry out of the list, unless a locked package comes from it.
func (p *Project) RemoveRegistry(ctx context.Context, name string) error {
	if !slices.ContainsFunc(p.workspace.Registries, func(r workspace.Registry) bool { return r.Name == name }) {
		return &UnknownError{"registry", name, workspace.FileName, "'gkops registry list' shows them"}
	}
	for _, c := range p.workspace.Clusters {
		if held := p.locks[c.Name]; held != nil {
			for _, i := range held.Instances {
				if i.Registry == name {
					return fmt.Errorf("registry %s: %s %s of cluster %s comes from it, and what is locked never changes its registry", name, i.Name, i.Version, c.Name)
				}
			}
		}
	}
	data, err := workspace.RemoveRegistry(p.data, name)
	if err != nil {
		return err
	}
	return p.writeWorkspace(ctx, data)
}

// writeWorkspace writes gkops.yaml alone.
func (p *Project) writeWorkspace(ctx context.Context, data []byte) error {
	if _, err := workspace.Parse(workspace.FileName, data); err != nil {
		return err
	}
	change, err := p.grounds.Stage(ctx, gitops.Want{Write: map[string][]byte{workspace.FileName: data}, Owned: p.owned()})
	if err != nil {
		return err
	}
	return p.repository.Apply(ctx, change)
}
