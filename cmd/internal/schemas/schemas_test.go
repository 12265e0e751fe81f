// Package schemas holds docs/schema to the Go types: the schemas that editors read are those that the program checks by.
package schemas

import (
	"testing"

	review "gkops.dev/gkops/gitops/review/schema"
	"gkops.dev/gkops/gitops/workspace/schema"
	"gkops.dev/gkops/golden"
	packages "gkops.dev/gkops/resolver/catalog/schema"
)

func TestSchemasInDocs(t *testing.T) {
	for file, make := range map[string]func() ([]byte, error){
		"workspace.json": schema.Workspace, "package.json": packages.Package, "facts.json": packages.Facts, "diff.json": review.Diff,
	} {
		data, err := make()
		if err != nil {
			t.Fatal(err)
		}
		golden.Text(t, "../../../docs/schema/"+file, data)
	}
}
