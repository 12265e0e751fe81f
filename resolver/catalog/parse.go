package catalog

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// ParseManifest reads a package.yaml. It is strict: an unknown field, a field of another type and whatever breaks a rule of the
// format is an error with file and line.
func ParseManifest(file string, data []byte) (*Manifest, error) {
	m := new(Manifest)
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return m, nil
}
