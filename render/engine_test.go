package render_test

import (
	"path"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// TestFluxBuildsWithTheComponentsAndNotWithout: a Kustomization's components change nothing of what its folder holds; where one is gone, as in a
// revision in which it waits for something else, kustomize builds nothing.
func TestFluxBuildsWithTheComponentsAndNotWithout(t *testing.T) {
	built := 0
	for name, out := range treesOf(t) {
		for file, data := range out.Files {
			if path.Base(path.Dir(file)) != "flux" || path.Base(file) == "kustomization.yaml" {
				continue
			}
			var k kustomizev1.Kustomization
			if err := yaml.UnmarshalStrict(data, &k); err != nil {
				t.Fatal(err)
			}
			if len(k.Spec.Components) != 1 {
				t.Fatalf("%s: %s has components %v", name, file, k.Spec.Components)
			}
			folder, component := path.Clean(k.Spec.Path), path.Join(k.Spec.Path, k.Spec.Components[0])
			plain, err := buildFlux(t, out.Files, folder, nil, "")
			if err != nil || plain == "" {
				t.Fatalf("%s: %s: %v", name, folder, err)
			}
			if with, err := buildFlux(t, out.Files, folder, k.Spec.Components, ""); err != nil || with != plain {
				t.Errorf("%s: %s with its components: %v\n%s", name, folder, err, with)
			}
			if _, err := buildFlux(t, out.Files, folder, k.Spec.Components, component); err == nil {
				t.Errorf("%s: %s is built without %s", name, folder, component)
			}
			built++
		}
	}
	if built < 10 {
		t.Errorf("only %d Kustomizations", built)
	}
}

// buildFlux builds a folder as Flux does: with the components of the Kustomization behind its own list, and without what is below a folder that is gone.
func buildFlux(t *testing.T, files map[string][]byte, folder string, components []string, gone string) (string, error) {
	t.Helper()
	disk := filesys.MakeFsInMemory()
	for file, data := range files {
		if gone != "" && strings.HasPrefix(file, gone+"/") {
			continue
		}
		if file == path.Join(folder, "kustomization.yaml") && len(components) > 0 {
			data = []byte(string(data) + "components:\n- " + strings.Join(components, "\n- ") + "\n")
		}
		if err := disk.WriteFile("/"+file, data); err != nil {
			t.Fatal(err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, "/"+folder)
	if err != nil {
		return "", err
	}
	data, err := built.AsYaml()
	return string(data), err
}
