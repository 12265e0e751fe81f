package render_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"gkops.dev/gkops/render"
	"gkops.dev/gkops/resolver/catalog"
)

// largeCRDs is an instance like argo-cd: three definitions of about 450 kB and 56 small objects.
func largeCRDs() []render.Instance {
	var text strings.Builder
	for i := range 3 {
		fmt.Fprintf(&text, "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things%d.example.com\nspec:\n"+
			"  group: example.com\n  names:\n    kind: Thing%d\n    listKind: Thing%dList\n    plural: things%d\n    singular: thing%d\n  scope: Namespaced\n"+
			"  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n", i, i, i, i, i)
		for p := range 2600 {
			fmt.Fprintf(&text, "          property%d:\n            description: |-\n              What property %d of a thing means, in a sentence of\n              two lines as they are in real definitions.\n"+
				"            type: string\n", p, p)
		}
	}
	text.WriteString(plainObjects(56))
	return []render.Instance{benchInstance("large", text.String())}
}

func plainObjects(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    app.kubernetes.io/name: web-%d\n  name: web-%d\nspec:\n  replicas: 1\n"+
			"  selector:\n    matchLabels:\n      app: web-%d\n  template:\n    metadata:\n      labels:\n        app: web-%d\n    spec:\n      serviceAccountName: web-%d\n"+
			"      containers:\n      - name: web\n        image: example.com/web:v1\n        env:\n        - name: LEVEL\n          value: info\n", i, i, i, i, i)
	}
	return text.String()
}

// manyInstances are 30 instances of 34 objects.
func manyInstances() []render.Instance {
	var instances []render.Instance
	for i := range 30 {
		instances = append(instances, benchInstance(fmt.Sprintf("many-%d", i), plainObjects(34)))
	}
	return instances
}

func benchInstance(name, text string) render.Instance {
	return render.Instance{
		Name: name, Package: name, Namespace: name,
		Manifest: &catalog.Manifest{Name: name, DefaultNamespace: name, Manifests: []catalog.PlainManifest{{URL: "all.yaml"}}},
		Files:    []catalog.File{{Name: "all.yaml", Data: []byte(text)}},
	}
}

var benchInputs = []struct {
	name      string
	instances []render.Instance
}{{"large", largeCRDs()}, {"many", manyInstances()}}

// BenchmarkTree renders for both engines. Compare it with BenchmarkKustomize, which only sets a namespace and an annotation.
func BenchmarkTree(b *testing.B) {
	for _, input := range benchInputs {
		for _, engine := range []string{render.Flux, render.ArgoCD} {
			b.Run(input.name+"/"+engine, func(b *testing.B) {
				c := render.Cluster{Name: "prod", Engine: engine, Root: "gkops/prod", Source: render.Source{Name: "flux-system", Namespace: "flux-system"}}
				for b.Loop() {
					if _, err := render.Tree(context.Background(), c, input.instances); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkKustomize builds the same objects with kustomize, all in one build, as `kustomize build` does.
func BenchmarkKustomize(b *testing.B) {
	for _, input := range benchInputs {
		b.Run(input.name, func(b *testing.B) {
			for b.Loop() {
				files := filesys.MakeFsInMemory()
				kustomization := "commonAnnotations: {wave: \"1\"}\nresources:\n"
				for _, instance := range input.instances {
					folder := "/build/" + instance.Name
					write(b, files, folder+"/all.yaml", instance.Files[0].Data)
					write(b, files, folder+"/kustomization.yaml", []byte("namespace: "+instance.Name+"\nresources: [all.yaml]\n"))
					kustomization += "- " + instance.Name + "\n"
				}
				write(b, files, "/build/kustomization.yaml", []byte(kustomization))
				built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/build")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := built.AsYaml(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func write(tb testing.TB, files filesys.FileSystem, name string, data []byte) {
	tb.Helper()
	if err := files.WriteFile(name, data); err != nil {
		tb.Fatal(err)
	}
}
