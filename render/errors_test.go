package render_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/order"
	"gkops.dev/gkops/render/values"
)

const configMap = `
-- a/app.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
`

// one is a package with one file and more of its package.yaml.
func one(more string) string {
	return "-- a/package.yaml --\nname: a\ndefaultNamespace: a\nmanifests:\n- url: app.yaml\n" + more
}

func TestErrors(t *testing.T) {
	cases := []struct {
		name, text string
		is         any // a pointer to the error's type
		want       string
		hint       string
	}{
		{
			"an object with a made-up name", one("") + "-- a/app.yaml --\napiVersion: v1\nkind: Pod\nmetadata:\n  generateName: run-\n",
			new(*document.SyntaxError), `instance a: a/app.yaml:4: Pod has generateName and no name`, "",
		},
		{
			"twins in one package", one("") + configMap + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: a}\ndata: {a: b}\n",
			new(*render.ObjectError), `a/app.yaml:6: ConfigMap a/settings (v1) of instance a: differs from the same object at a/app.yaml:1`, "the package is faulty: it may have one of the two only",
		},
		{
			"a CRD without a kind", one("") + "-- a/app.yaml --\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n",
			new(*render.ObjectError), `a/app.yaml:1: CustomResourceDefinition x (apiextensions.k8s.io/v1) of instance a: spec.group or spec.names.kind is missing`, "",
		},
		{
			"a target that matches nothing",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: setings}, patch: {op: add, path: /data/x}}]}\n-- a/instance.yaml --\nvalues: {v: x}\n") + configMap,
			new(*render.TargetError), `instance a: value v: target ConfigMap setings (v1) /data/x: matches no object of the package; there is ConfigMap settings`, "",
		},
		{
			"a target of another version",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v2, kind: ConfigMap, name: settings}, patch: {op: add, path: /data/x}}]}\n-- a/instance.yaml --\nvalues: {v: x}\n") + configMap,
			new(*render.TargetError), `instance a: value v: target ConfigMap settings (v2) /data/x: the package has this object as v1`, "",
		},
		{
			"a patch that does not fit",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: replace, path: /data/x}}]}\n-- a/instance.yaml --\nvalues: {v: x}\n") + configMap,
			new(*render.TargetError), `a/app.yaml:1: instance a: value v: target ConfigMap settings (v1) /data/x: replace "/data/x": /data does not exist`, "",
		},
		{
			"a secret by its name",
			one("valueDefinitions:\n  smtpPassword: {type: text, targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: add, path: /data}}]}\n-- a/instance.yaml --\nvalues: {smtpPassword: hunter2}\n") + configMap,
			new(*render.SecretError), `instance a: value smtpPassword: its name says that it is a secret, and Git would hold it in clear`,
			"keep it in a Secret of the cluster and set --set-from smtpPassword=secret:NAMESPACE/NAME/KEY, or leave it unset and patch the object that needs it",
		},
		{
			"a secret by its target",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v1, kind: Secret, name: s}, patch: {op: add, path: /data/x}, valueTemplate: '{{ . | base64 }}'}]}\n-- a/instance.yaml --\nvalues: {v: hunter2}\n") + configMap,
			new(*render.SecretError), `instance a: value v: it goes into a Secret, and Git would hold it in clear`,
			"keep it in a Secret of the cluster and set --set-from v=secret:NAMESPACE/NAME/KEY, or leave it unset and patch the object that needs it",
		},
		{
			"a reference where none can be",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: add, path: /data/x}}]}\n-- a/instance.yaml --\nfrom: {v: 'secret:a/b/c'}\n") + configMap,
			new(*render.SecretError), `instance a: value v: a reference cannot be written to /data/x of ConfigMap settings: only environment variables of containers take one`,
			"let an operator fill the Secret (External Secrets, Sealed Secrets, SOPS), or patch the object so that it reads the Secret itself",
		},
		{
			"a reference to another namespace",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: add, path: /env/0/value}}]}\n-- a/instance.yaml --\nfrom: {v: 'secret:other/b/c'}\n") + configMap,
			new(*render.SecretError), `instance a: value v: secret:other/b/c is in namespace other, and ConfigMap settings reads Secrets of its own namespace a only`,
			"keep the Secret in namespace a",
		},
		{
			"a template that loops",
			one("valueDefinitions:\n  v: {type: text, targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: add, path: /data}, valueTemplate: '{{ range 9000000000000 }}{{ end }}'}]}\n-- a/instance.yaml --\nvalues: {v: x}\n") + configMap,
			new(*values.Error), `instance a: value v: the package's template "{{ range 9000000000000 }}{{ end }}" cannot be used: range is not allowed: a value is no list`, "",
		},
		{
			"a path with a wildcard", one("transformations:\n- source: {path: '{ $.metadata.* }'}\n  targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: add, path: /data}}]\n") + configMap,
			nil, `instance a: transformation of package a: path "{ $.metadata.* }": ".*" is not a field; wildcards, filters and slices are not supported`, "",
		},
		{
			"a source that is not there", one("transformations:\n- source: {path: '{ $.spec.x }', resource: {apiGroup: v1, kind: ConfigMap, name: settings}}\n  targets: [{resource: {apiGroup: v1, kind: ConfigMap, name: settings}, patch: {op: add, path: /data}}]\n") + configMap,
			new(*render.TargetError), `a/app.yaml:1: instance a: a transformation: target ConfigMap settings (v1) { $.spec.x }: the source has no such field`, "",
		},
		{
			"a patch for nothing", one("-- a/instance.yaml --\npatches:\n- patch: 'data: {}'\n  target: {kind: ConfigMap, name: setting}\n") + configMap,
			new(*render.OverrideError), `instance a: patches[0]: its target matches no object of the instance`, "did you mean ConfigMap settings?",
		},
		{
			"a merge patch for nothing", one("-- a/instance.yaml --\npatches:\n- patch: '{apiVersion: v1, kind: Service, metadata: {name: x}}'\n") + configMap,
			new(*render.OverrideError), `instance a: patches[0]: the instance has no Service x (v1)`, "the instance has ConfigMap settings, ...",
		},
		{
			"a JSON patch without a target", one("-- a/instance.yaml --\npatches:\n- patch: '[{op: remove, path: /data}]'\n") + configMap,
			new(*render.OverrideError), `instance a: patches[0]: a JSON patch needs a target`, "add target: {kind: ..., name: ...}",
		},
		{
			"a JSON patch that does not fit", one("-- a/instance.yaml --\npatches:\n- patch: 'data: {a: b}'\n  target: {kind: ConfigMap}\n- patch: '[{op: remove, path: /nothing}]'\n  target: {kind: ConfigMap}\n") + configMap,
			new(*render.OverrideError), `instance a: patches[1]: `, "",
		},
		{
			"a patch that renames", one("-- a/instance.yaml --\npatches:\n- patch: '[{op: replace, path: /metadata/name, value: other}]'\n  target: {kind: ConfigMap}\n") + configMap,
			new(*render.OverrideError), `instance a: patches[0]: after it there is no ConfigMap a/settings (v1), but a ConfigMap a/other (v1)`, "a patch cannot rename an object; to leave one out use $patch: delete",
		},
		{
			"an image that nobody has", one("-- a/instance.yaml --\nimages: [{name: example.com/x, newTag: v2}]\n") + configMap,
			new(*render.OverrideError), `instance a: images[0]: no container has the image example.com/x`, "",
		},
		{
			"a folder that is absolute", kustomizePackage("resources: [/app.yaml]\n"),
			new(*render.FolderError), `kustomization.yaml:1: instance a: resources "/app.yaml" is not in the package's folder`, "only local files and folders can be used",
		},
		{
			"a merge patch for one of two", one("-- a/instance.yaml --\npatches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}'\n") + configMap +
				"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: other}\n",
			new(*render.OverrideError), `instance a: patches[0]: the instance has 2 objects of this name`, "add metadata.namespace",
		},
		{
			"a merge patch for another namespace", one("-- a/instance.yaml --\npatches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: b}}'\n") + configMap,
			new(*render.OverrideError), `instance a: patches[0]: the instance has no ConfigMap b/settings (v1)`, "the instance has these of kind ConfigMap: settings",
		},
		{
			"objects that meet in one namespace", "-- a/instance.yaml --\nnamespace: x\n-- a/package.yaml --\nname: a\nscope: Namespaced\ndefaultNamespace: x\nmanifests:\n- url: app.yaml\n" + configMap +
				"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: other}\ndata: {a: b}\n",
			new(*render.ObjectError), `a/app.yaml:6: ConfigMap other/settings (v1) of instance a: differs from the same object at a/app.yaml:1`, "",
		},
		{
			"a remote base", kustomizePackage("resources:\n- github.com/evil/repo?ref=main\n"),
			new(*render.FolderError), `kustomization.yaml:2: instance a: resources "github.com/evil/repo?ref=main" is not in the package's folder`, "only local files and folders can be used",
		},
		{
			"a remote patch", kustomizePackage("resources: [app.yaml]\npatches:\n- path: https://evil.example/p.yaml\n"),
			new(*render.FolderError), `kustomization.yaml:3: instance a: path "https://evil.example/p.yaml" is remote`, "only local files and folders can be used",
		},
		{
			"a remote file of a generator", kustomizePackage("configMapGenerator:\n- name: x\n  files: ['key=https://evil.example/f']\n"),
			new(*render.FolderError), `kustomization.yaml:3: instance a: files "key=https://evil.example/f" is remote`, "only local files and folders can be used",
		},
		{
			"a chart in a kustomization", kustomizePackage("resources: [app.yaml]\nhelmCharts: [{name: x}]\n"),
			new(*render.FolderError), `kustomization.yaml:2: instance a: helmCharts is not allowed: helm charts in a kustomization are fetched and rendered by a program`, "render it where the package is made, and ship the result",
		},
		{
			"a program in a kustomization", kustomizePackage("generators: [app.yaml]\n"),
			new(*render.FolderError), `kustomization.yaml:1: instance a: generators is not allowed: generators may run programs`, "render it where the package is made, and ship the result",
		},
		{
			"a folder outside", kustomizePackage("resources: [../../etc]\n"),
			new(*render.FolderError), `kustomization.yaml:1: instance a: resources "../../etc" is not in the package's folder`, "only local files and folders can be used",
		},
		{
			"one object in two packages",
			one("") + configMap + "-- b/package.yaml --\nname: bb\ndefaultNamespace: a\nmanifests:\n- url: b.yaml\n-- b/b.yaml --\n# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n",
			new(*render.ConflictError), `conflict: ConfigMap a/settings (v1) is in instance a (package a, a/app.yaml:1) and in instance b (package bb, b/b.yaml:2)`, "",
		},
		{
			"two namespaces that contradict each other",
			one("") + "-- a/app.yaml --\napiVersion: v1\nkind: Namespace\nmetadata: {name: shared, labels: {level: low}}\n" +
				"-- b/package.yaml --\nname: bb\ndefaultNamespace: a\nmanifests:\n- url: b.yaml\n-- b/b.yaml --\napiVersion: v1\nkind: Namespace\nmetadata: {name: shared, labels: {level: high}}\n",
			new(*render.ConflictError), `conflict: Namespace shared (v1) is in instance a (package a, a/app.yaml:1) and in instance b (package bb, b/b.yaml:1): they give labels level the values low and high`, "",
		},
		{
			"instances that require each other",
			one("-- a/instance.yaml --\nrequires: [b]\n") + configMap +
				"-- b/instance.yaml --\nrequires: [a]\n-- b/package.yaml --\nname: bb\ndefaultNamespace: b\nmanifests:\n- url: b.yaml\n-- b/b.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n",
			new(*order.CycleError), `no order: a/core waits for b/core (instance a requires it), b/core waits for a/core (instance b requires it)`, "",
		},
		{
			"a namespaced package without a namespace", "-- a/package.yaml --\nname: a\nscope: Namespaced\ndefaultNamespace: x\nmanifests:\n- url: app.yaml\n" + configMap,
			new(*render.ObjectError), `: an object of instance a: the instance has no namespace to move its objects to`, "name one with -n",
		},
		{
			"more than Argo CD reads", "-- cluster.yaml --\nengine: argocd\n" + one("") + configMap + "data:\n  big: " + strings.Repeat("x", 9_600_000) + "\n",
			new(*render.SizeError), `instance a: 9600`, "",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := renderText(t, c.text)
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); !strings.HasPrefix(got, c.want) || c.hint == "" && !strings.HasSuffix(c.want, " ") && len(got) > len(c.want)+200 {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if c.is != nil && !errors.As(err, c.is) {
				t.Errorf("%T is not a %T", err, c.is)
			}
			if got := hintOf(err); c.hint != "" && got != c.hint {
				t.Errorf("hint: got %q, want %q", got, c.hint)
			}
		})
	}
}

func kustomizePackage(kustomization string) string {
	return "-- a/package.yaml --\nname: a\ndefaultNamespace: a\nkustomize: {}\n" + configMap + "-- a/kustomization.yaml --\n" + kustomization
}

func renderText(t *testing.T, text string) error {
	t.Helper()
	input := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(text)).Files {
		input[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	if input["cluster.yaml"] == nil {
		input["cluster.yaml"] = &fstest.MapFile{Data: []byte("engine: flux\n")}
	}
	cluster, instances, err := readCase(input)
	if err != nil {
		t.Fatal(err)
	}
	_, err = render.Tree(context.Background(), cluster, instances)
	return err
}

func hintOf(err error) string {
	var object *render.ObjectError
	var secret *render.SecretError
	var override *render.OverrideError
	var folder *render.FolderError
	switch {
	case errors.As(err, &object):
		return object.Hint
	case errors.As(err, &secret):
		return secret.Hint
	case errors.As(err, &override):
		return override.Hint
	case errors.As(err, &folder):
		return folder.Hint
	}
	return ""
}

func TestConflictErrorHoldsEveryConflict(t *testing.T) {
	object := func(name string) string {
		return "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
	}
	err := renderText(t, one("")+"-- a/app.yaml --\n"+object("first")+object("own")+object("second")+
		"-- b/package.yaml --\nname: b\ndefaultNamespace: a\nmanifests:\n- url: b.yaml\n-- b/b.yaml --\n"+object("second")+object("first"))
	var conflict *render.ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v", err)
	}
	var names []string
	for _, c := range conflict.Conflicts {
		names = append(names, c.Object.Name)
	}
	if diff := cmp.Diff([]string{"first", "second"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestCanceledContextEndsTheRender(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := render.Tree(ctx, render.Cluster{Engine: render.Flux}, []render.Instance{{Name: "a"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnknownEngineIsRefused(t *testing.T) {
	if _, err := render.Tree(context.Background(), render.Cluster{Engine: "fluks"}, nil); err == nil {
		t.Error("no error")
	}
}
