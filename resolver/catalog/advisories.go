package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// advisoryIndex is the file that lists the advisories of a registry: an object from package to names of files beside it.
const advisoryIndex = "advisories/index.json"

// Advisories reads the files in a registry's advisories/ folder that are about some packages, as advisories/index.json lists them, by
// name. There are none, without an error, when the registry has no such file. The files are of the OSV format, which is not looked at.
func (r *Registry) Advisories(ctx context.Context, pkgs []string) ([]File, error) {
	index, err := r.read(ctx, advisoryIndex)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("registry %s: advisories: %w", r.name, err)
	}
	var listed map[string][]string
	if err := json.Unmarshal(index.Data, &listed); err != nil {
		return nil, fmt.Errorf("registry %s: %s: %w", r.name, advisoryIndex, err)
	}
	var names []string
	for _, pkg := range pkgs {
		names = append(names, listed[pkg]...)
	}
	slices.Sort(names)
	var files []File
	for _, name := range slices.Compact(names) {
		if name == "" || strings.ContainsAny(name, `/\`) || name == ".." || path.Ext(name) != ".json" {
			return nil, fmt.Errorf("registry %s: %s: %q is no name of a file beside it", r.name, advisoryIndex, name)
		}
		file, err := r.read(ctx, "advisories/"+name)
		if err != nil {
			return nil, fmt.Errorf("registry %s: advisory %s: %w", r.name, name, err)
		}
		files = append(files, file)
	}
	return files, nil
}
