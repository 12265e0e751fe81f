package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// discovery is what a minor says it serves, as kubectl reads it.
type discovery struct {
	Items []struct {
		Metadata struct{ Name string }
		Versions []struct {
			Version   string
			Resources []struct {
				Resource     string
				Scope        string
				ResponseKind struct{ Kind string }
			}
		}
	}
}

// checkDiscovery compares the kinds that were read from the OpenAPI paths with the discovery document of the same minor. The
// core group is not in it.
func (h *history) checkDiscovery(r release, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.discovery)))
	if err != nil {
		return err
	}
	var doc discovery
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", r.discovery, err)
	}
	listed := map[gvk]bool{}
	var faults []error
	for _, group := range doc.Items {
		for _, version := range group.Versions {
			for _, res := range version.Resources {
				k := gvk{group.Metadata.Name, version.Version, res.ResponseKind.Kind}
				listed[k] = true
				have := h.kinds[k]
				if have == nil || !have.served.has(r.minor) || have.plural != res.Resource || have.scope != res.Scope[:1] {
					faults = append(faults, fmt.Errorf("1.%d: discovery has %s, OpenAPI has %+v", r.minor, k, have))
				}
			}
		}
	}
	for k, have := range h.kinds {
		if k.group != "" && have.served.has(r.minor) && !listed[k] {
			faults = append(faults, fmt.Errorf("1.%d: discovery has no %s", r.minor, k))
		}
	}
	return errors.Join(faults...)
}
