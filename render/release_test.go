package render_test

import (
	"path"
	"strings"
	"testing"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"
)

// TestReleasesAreWhatFluxReads holds what mode release writes against the types of Flux's own controllers, strictly.
func TestReleasesAreWhatFluxReads(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/release_flux.txtar")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]any{}
	for _, f := range archive.Files {
		kind, _, _ := strings.Cut(path.Base(f.Name), ".")
		var into any
		switch kind {
		case "helmrelease":
			into = new(helmv2.HelmRelease)
		case "helmrepository":
			into = new(sourcev1.HelmRepository)
		case "ocirepository":
			into = new(sourcev1.OCIRepository)
		default:
			continue
		}
		if err := yaml.UnmarshalStrict(f.Data, into); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		read[path.Base(path.Dir(path.Dir(f.Name)))+" "+kind] = into
	}
	op, _ := read["op helmrelease"].(*helmv2.HelmRelease)
	app, _ := read["app helmrelease"].(*helmv2.HelmRelease)
	repository, _ := read["op helmrepository"].(*sourcev1.HelmRepository)
	artifact, _ := read["app ocirepository"].(*sourcev1.OCIRepository)
	if op == nil || app == nil || repository == nil || artifact == nil {
		t.Fatalf("there are %v", read)
	}
	switch {
	case op.Spec.Install.CRDs != helmv2.Create || op.Spec.Upgrade.CRDs != helmv2.CreateReplace:
		t.Errorf("definitions: %+v", op.Spec.Upgrade)
	case op.Spec.Chart.Spec.Version != "1.0.0" || op.Spec.Chart.Spec.SourceRef.Name != repository.Name || repository.Spec.URL != "https://charts.example.org/stable":
		t.Errorf("repository: %+v", op.Spec.Chart)
	case app.Spec.ChartRef.Kind != "OCIRepository" || app.Spec.ChartRef.Name != artifact.Name || artifact.Spec.Reference.Tag != "2.0.0_1":
		t.Errorf("artifact: %+v", artifact.Spec)
	case artifact.Spec.URL != "oci://registry.example.org/charts/app":
		t.Errorf("address: %s", artifact.Spec.URL)
	case len(app.Spec.DependsOn) != 1 || app.Spec.DependsOn[0].Name != "op" || app.Spec.DependsOn[0].Namespace != "op-system":
		t.Errorf("waits for %+v", app.Spec.DependsOn)
	case len(app.Spec.ValuesFrom) != 1 || app.Spec.ValuesFrom[0].Name != "auth" || app.Spec.ValuesFrom[0].TargetPath != `auth[0].pass\.word`:
		t.Errorf("values from %+v", app.Spec.ValuesFrom)
	}
}
