package compat

import (
	"bytes"
	"fmt"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Stored is, by the name of a definition, the versions that were ever its storage version. Objects may still be stored in each of
// them, and the API server names it in status.storedVersions until somebody migrates. A nil Stored knows nothing.
type Stored map[string][]string

// Add notes the definitions in a file of some revision. What cannot be parsed adds nothing: it was never applied.
func (s Stored) Add(name string, data []byte) {
	if !bytes.Contains(data, []byte("CustomResourceDefinition")) {
		return
	}
	pieces, _ := readPieces(name, data)
	for i := range pieces {
		doc := pieces[i].doc
		if o := doc.Object(); o.Kind != "CustomResourceDefinition" || o.Group() != "apiextensions.k8s.io" {
			continue
		}
		d := Definition{Name: doc.Object().Name}
		readDefinition(doc.Root(), &d, 0)
		s.note(&d)
	}
}

func (s Stored) note(d *Definition) {
	for _, v := range d.Versions {
		if v.Storage && !slices.Contains(s[d.Name], v.Name) {
			s[d.Name] = append(s[d.Name], v.Name)
		}
	}
}

// dropped tells that a version is no longer listed, as far as it concerns stored objects.
func (c *comparison) dropped(v Version) {
	switch {
	case v.Storage:
		c.add(StoredAtRisk, c.after.Line, fmt.Sprintf("the version %s was the storage version and is dropped: objects may still be stored in it, "+
			"and the API server refuses the definition while status.storedVersions names it", v.Name))
	case slices.Contains(c.stored[c.before.Name], v.Name):
		c.add(StoredAtRisk, c.after.Line, fmt.Sprintf("the version %s was once the storage version and is dropped: migrate stored objects "+
			"and remove it from status.storedVersions first", v.Name))
	case c.stored == nil:
		f := c.add(StoredAtRisk, c.after.Line, fmt.Sprintf("the version %s is dropped: if it was ever the storage version, objects may still be stored in it", v.Name))
		f.Severity = finding.Warning
	}
}
