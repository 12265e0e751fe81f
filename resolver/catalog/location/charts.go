package location

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/cache"
	"gkops.dev/gkops/resolver/catalog/dir"
	"gkops.dev/gkops/resolver/catalog/helm"
)

// network asks OCI registries in their protocol, and web servers for everything else.
type network struct{ web, oci cache.Fetcher }

// Fetch asks who is responsible for the address.
func (n network) Fetch(ctx context.Context, address string, have catalog.Validator) ([]byte, catalog.Validator, error) {
	if strings.HasPrefix(address, "oci://") {
		return n.oci.Fetch(ctx, address, have)
	}
	return n.web.Fetch(ctx, address, have)
}

// Read asks for a file without a copy of it.
func (n network) Read(ctx context.Context, address string) ([]byte, error) {
	data, _, err := n.Fetch(ctx, address, catalog.Validator{})
	return data, err
}

// Charts finds the archives of charts anywhere on the network.
func (o *Opener) Charts() *helm.Charts { return o.charts }

// OpenCharts is the registry of the charts of a repository: an http or https URL, a folder with an index.yaml or with one chart, the archive of a
// chart (x.tgz), or an OCI prefix (oci://host/prefix). It reads nothing yet. The second result finds the archives of its own charts.
func (o *Opener) OpenCharts(name, location string) (*catalog.Registry, *helm.Source, error) {
	base, source, err := location, catalog.Source(sources{network: o.network}), error(nil)
	if !strings.HasPrefix(location, "oci://") {
		base, source, err = o.chartPlace(location)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("registry %s: %w", name, err)
	}
	charts := helm.New(base, source, strings.HasPrefix(base, "file:") || strings.HasPrefix(base, treeURL))
	return catalog.NewRegistry(name, base, charts), charts, nil
}

// chartPlace is the base URL of a location of charts and what reads there.
func (o *Opener) chartPlace(location string) (string, catalog.Source, error) {
	base, source, err := o.place(location)
	local, isLocal := source.(sources)
	if err != nil || !isLocal || local.folder == nil && local.tree.files == nil {
		return base, source, err
	}
	if isArchive(location) {
		read := func(ctx context.Context) ([]byte, error) { return local.tree.Read(ctx, base) }
		if local.folder != nil {
			parent := dir.New(filepath.Dir(local.folder.Path()))
			read = func(ctx context.Context) ([]byte, error) { return parent.Read(ctx, base) }
		}
		return base, helm.AloneArchive(base, source, read), nil
	}
	open := local.tree.open(base)
	if local.folder != nil {
		open = local.folder.Open
	}
	return base, helm.AloneFolder(base, source, open), nil
}

// isArchive reports whether a location names the archive of a chart.
func isArchive(location string) bool { return strings.HasSuffix(location, ".tgz") }
