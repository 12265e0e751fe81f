//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hook is a fixed address of the Service of the keys operator, so that the test can be its pod.
const hook = "10.96.0.50"

// registry writes the packages of the tests to a folder: keys, an operator with a definition and a webhook that really has to be
// up; shop, which needs a key; audit, which a later shop needs too, and a later badge, which needed nothing before, not even a Namespace; and small ones for one case each. authority is the certificate that the webhook's is signed by,
// in base64.
func registry(t *testing.T, authority string) string {
	t.Helper()
	r := files{t: t, root: t.TempDir(), versions: map[string][]string{}}
	for version, p := range map[string]struct{ schema, key, selector string }{
		"v1.0.0+1": {"secret: {type: string}", "secret: first", "keys"},
		"v1.1.0+1": {"secret: {type: string}, size: {type: integer}", "secret: first, size: 32", "keys"},
		"v1.2.0+1": {"secret: {type: string}, size: {type: integer}", "secret: first, size: 64", "not-its-pods"},
		"v1.2.1+1": {"secret: {type: string}, size: {type: integer}", "secret: first, size: 64", "keys"},
	} {
		r.add("keys", version, "name: keys\ndefaultNamespace: keys\nmanifests:\n  - url: ./all.yaml\n",
			definition(p.schema)+operator(version, p.selector, authority)+key("keys", "default", p.key))
	}
	shop := "name: shop\ndefaultNamespace: shop\nmanifests:\n  - url: ./all.yaml\ndependencies:\n  - {name: keys, version: \"%s\"}\n"
	r.add("shop", "v1.0.0+1", fmt.Sprintf(shop, "1.x"), application("one")+key("shop", "session", "secret: session"))
	r.add("shop", "v1.1.0+1", fmt.Sprintf(shop, ">=1.1"), application("two")+key("shop", "session", "secret: session, size: 16"))
	r.add("shop", "v1.2.0+1", fmt.Sprintf(shop, ">=1.1")+"  - {name: audit}\n", application("three")+key("shop", "session", "secret: session, size: 16"))
	plain := "name: %s\ndefaultNamespace: %s\nmanifests:\n  - url: ./all.yaml\n"
	r.add("audit", "v1.0.0+1", fmt.Sprintf(plain, "audit", "audit"), settings("audit", "audit", "on"))
	r.add("badge", "v1.0.0+1", fmt.Sprintf(plain, "badge", "default"), settings("default", "badge", "tin"))
	r.add("badge", "v1.1.0+1", fmt.Sprintf(plain, "badge", "default")+"dependencies:\n  - {name: audit}\n", settings("default", "badge", "gold"))
	// board brings a Namespace, and wall lives in it.
	r.add("board", "v1.0.0+1", fmt.Sprintf(plain, "board", "public"), namespace("public")+settings("public", "board", "chalk"))
	r.add("wall", "v1.0.0+1", fmt.Sprintf(plain, "wall", "public"), settings("public", "wall", "paint"))
	r.add("note", "v1.0.0+1", "name: note\nscope: Namespaced\ndefaultNamespace: notes\nmanifests:\n  - url: ./all.yaml\n", settings("notes", "note", "once"))
	// large has a definition that no annotation can hold; heap and pile have more than Argo CD reads from one folder.
	r.add("large", "v1.0.0+1", fmt.Sprintf(plain, "large", "large"), largeDefinition("v1"))
	r.add("large", "v1.1.0+1", fmt.Sprintf(plain, "large", "large"), largeDefinition("v1.1"))
	r.add("heap", "v1.0.0+1", fmt.Sprintf(plain, "heap", "heaps"), heap("heap"))
	r.add("pile", "v1.0.0+1", fmt.Sprintf(plain, "pile", "heaps"), heap("pile"))
	r.index()
	return r.root
}

// files is a registry that is being written.
type files struct {
	t        *testing.T
	root     string
	versions map[string][]string
}

func (r *files) add(pkg, version, manifest, objects string) {
	r.versions[pkg] = append(r.versions[pkg], version)
	r.write(filepath.Join(pkg, version, "package.yaml"), manifest)
	r.write(filepath.Join(pkg, version, "all.yaml"), objects)
}

func (r *files) index() {
	index := "packages:\n"
	for pkg, versions := range r.versions {
		index += fmt.Sprintf("  - {name: %s, latestVersion: %s}\n", pkg, versions[0])
		list := fmt.Sprintf("latestVersion: %s\nversions:\n", versions[0])
		for _, v := range versions {
			list += fmt.Sprintf("  - version: %s\n", v)
		}
		r.write(filepath.Join(pkg, "versions.yaml"), list)
	}
	r.write("index.yaml", index)
}

func (r *files) write(name, text string) {
	full := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func definition(fields string) string {
	return `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: keypairs.keys.test}
spec:
  group: keys.test
  names: {kind: KeyPair, plural: keypairs, singular: keypair}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {` + fields + `}}
`
}

func operator(version, selector, authority string) string {
	return strings.NewReplacer("VERSION", strings.TrimPrefix(version, "v"), "SELECTOR", selector, "AUTHORITY", authority, "HOOK", hook).Replace(`---
apiVersion: v1
kind: Namespace
metadata: {name: keys}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: keys, namespace: keys}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: keys, namespace: keys}
spec:
  replicas: 1
  selector: {matchLabels: {app: SELECTOR}}
  template:
    metadata: {labels: {app: keys}}
    spec:
      serviceAccountName: keys
      containers: [{name: keys, image: "registry.test/keys:VERSION"}]
---
apiVersion: v1
kind: Service
metadata: {name: keys-webhook, namespace: keys}
spec:
  clusterIP: HOOK
  selector: {app: keys}
  ports: [{port: 443}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: keys}
webhooks:
  - name: keypairs.keys.test
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
    timeoutSeconds: 2
    clientConfig:
      service: {name: keys-webhook, namespace: keys, path: /validate}
      caBundle: AUTHORITY
    rules: [{apiGroups: [keys.test], apiVersions: ["*"], resources: [keypairs], operations: [CREATE, UPDATE]}]
`)
}

func key(namespace, name, spec string) string {
	return fmt.Sprintf("---\napiVersion: keys.test/v1\nkind: KeyPair\nmetadata: {name: %s, namespace: %s}\nspec: {%s}\n", name, namespace, spec)
}

func application(text string) string {
	return `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: shop, image: "registry.test/shop:` + text + `"}]
` + settings("shop", "shop", "${HOME} and $${x} in "+text)
}

func namespace(name string) string {
	return fmt.Sprintf("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name)
}

func settings(namespace, name, text string) string {
	return fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {text: %q}\n", name, namespace, text)
}

// largeDefinition is a definition of more than 256 KiB, the most that the annotation of a client-side apply can hold.
func largeDefinition(note string) string {
	var fields strings.Builder
	for n := range 300 {
		fmt.Fprintf(&fields, "                field%03d: {type: string, description: \"%s: %s %d\"}\n", n, note, strings.Repeat("a long story ", 80), n)
	}
	return `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: larges.large.test}
spec:
  group: large.test
  names: {kind: Large, plural: larges, singular: large}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
` + fields.String() + `---
apiVersion: large.test/v1
kind: Large
metadata: {name: one, namespace: large}
spec: {field001: text}
`
}

// heap is 5.25 MB of ConfigMaps.
func heap(name string) string {
	var all strings.Builder
	for n := range 7 {
		all.WriteString(settings("heaps", fmt.Sprintf("%s-%d", name, n), strings.Repeat("all work and no play ", 750_000/21)))
	}
	return all.String()
}
