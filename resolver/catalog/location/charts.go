package location

import (
	"context"
	"fmt"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/cache"
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

// OpenCharts is the registry of the charts of a repository: an http or https URL, a folder, or an OCI prefix (oci://host/prefix). It
// reads nothing yet. The second result finds the archives of its own charts.
func (o *Opener) OpenCharts(name, location string) (*catalog.Registry, *helm.Source, error) {
	base, source, err := location, catalog.Source(sources{network: o.network}), error(nil)
	if !strings.HasPrefix(location, "oci://") {
		base, source, err = o.place(location)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("registry %s: %w", name, err)
	}
	charts := helm.New(base, source, strings.HasPrefix(base, "file:"))
	return catalog.NewRegistry(name, base, charts), charts, nil
}
