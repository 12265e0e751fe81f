package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// maxFolderFiles bounds a kustomize package.
const maxFolderFiles = 2000

// Folder is what a kustomize package consists of: the kustomization beside package.yaml and every file that it refers to, found
// by following the references, since a web server lists nothing. The files come sorted by name. A reference to another host
// or out of the package's folder, and a Helm chart, is a *document.SyntaxError; all errors come in a *ReadError.
func (r *Registry) Folder(ctx context.Context, release *Release) (fs.FS, []File, error) {
	w := &folderWalk{registry: r, root: path.Join(release.Package, release.Version.String()), files: map[string]File{}, visited: map[string]bool{}}
	if err := w.directory(ctx, "."); err != nil {
		return nil, nil, &ReadError{Registry: r.name, Package: release.Package, Version: release.Version, Err: err}
	}
	tree := make(memoryFS, len(w.files))
	files := make([]File, 0, len(w.files))
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		tree[name] = w.files[name].Data
		files = append(files, w.files[name])
	}
	return tree, files, nil
}

// folderWalk collects files by their path in the package's folder.
type folderWalk struct {
	registry *Registry
	root     string // the folder's Name
	files    map[string]File
	visited  map[string]bool // folders
}

// reference is a path that a kustomization names.
type reference struct {
	at   place
	path string
	kind referenceKind
}

type referenceKind int

const (
	fileReference referenceKind = iota
	folderReference
	anyReference
)

func kustomizationNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// directory reads the kustomization of a folder and what it refers to.
func (w *folderWalk) directory(ctx context.Context, dir string) error {
	if w.visited[dir] {
		return nil
	}
	w.visited[dir] = true
	var first error
	for _, name := range kustomizationNames() {
		file, err := w.file(ctx, path.Join(dir, name))
		if err == nil {
			return w.kustomization(ctx, dir, file)
		}
		first = earlier(first, err)
	}
	return first
}

// earlier keeps the first error: it names the usual file.
func earlier(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

func (w *folderWalk) file(ctx context.Context, name string) (File, error) {
	if file, found := w.files[name]; found {
		return file, nil
	}
	if len(w.files) >= maxFolderFiles {
		return File{}, fmt.Errorf("the kustomization refers to more than %d files", maxFolderFiles)
	}
	file, err := w.registry.read(ctx, path.Join(w.root, name))
	if err == nil {
		w.files[name] = file
	}
	return file, err
}

func (w *folderWalk) kustomization(ctx context.Context, dir string, file File) error {
	doc, err := document.ParseOne(w.registry.shown(file.Name), file.Data)
	if err != nil {
		return err
	}
	c := newChecker(doc)
	references := c.references(dir)
	if err := c.err(); err != nil {
		return err
	}
	for _, ref := range references {
		if err := w.follow(ctx, ref); err != nil {
			return &document.SyntaxError{
				File: w.registry.shown(file.Name), Line: c.lineOf(ref.at),
				Reason: fmt.Sprintf("%s: %v", ref.at.name(), err), Err: err,
			}
		}
	}
	return nil
}

// follow reads what a reference names. Whether it is a file or a folder, its name suggests; what is not there is looked for as
// the other one.
func (w *folderWalk) follow(ctx context.Context, ref reference) error {
	asFile := func() error { _, err := w.file(ctx, ref.path); return err }
	asFolder := func() error { return w.directory(ctx, ref.path) }
	switch ref.kind {
	case fileReference:
		return asFile()
	case folderReference:
		return asFolder()
	}
	if ext := path.Ext(ref.path); ext == ".yaml" || ext == ".yml" || ext == ".json" {
		return either(asFile, asFolder)
	}
	return either(asFolder, asFile)
}

// either is the first that works, else what the first one said. Faults in a file that is there are final.
func either(first, second func() error) error {
	err := first()
	var syntax *document.SyntaxError
	if err == nil || errors.As(err, &syntax) || second() != nil {
		return err
	}
	return nil
}

// references are the paths that a kustomization names, from the package's folder.
func (c *checker) references(dir string) []reference {
	var found []reference
	add := func(p place, text string, kind referenceKind) {
		if strings.Contains(text, "\n") {
			return // YAML in place
		}
		if name, ok := c.local(p, dir, text); ok {
			found = append(found, reference{at: p, path: name, kind: kind})
		}
	}
	for _, key := range []string{"helmCharts", "helmChartInflationGenerator", "helmGlobals"} {
		if c.has(place{key}) {
			c.wrong(place{key}, "render the chart, and ship what it gives", "is a Helm chart, and charts are not rendered here")
		}
	}
	for _, key := range []string{"resources", "transformers", "generators", "validators"} {
		c.strings(place{key}, anyReference, add)
	}
	c.strings(place{"bases"}, folderReference, add)
	c.strings(place{"components"}, folderReference, add)
	for _, key := range []string{"crds", "configurations", "patchesStrategicMerge"} {
		c.strings(place{key}, fileReference, add)
	}
	for _, key := range []string{"patches", "patchesJson6902", "replacements"} {
		for i := range c.length(place{key}) {
			c.strings(place{key}.item(i).at("path"), fileReference, add)
		}
	}
	c.strings(place{"openapi", "path"}, fileReference, add)
	for _, key := range []string{"configMapGenerator", "secretGenerator"} {
		for i := range c.length(place{key}) {
			c.generator(place{key}.item(i), add)
		}
	}
	return found
}

type addReference func(p place, text string, kind referenceKind)

// generator finds the files of a ConfigMap or Secret, written path or key=path.
func (c *checker) generator(p place, add addReference) {
	c.strings(p.at("env"), fileReference, add)
	c.strings(p.at("envs"), fileReference, add)
	c.strings(p.at("files"), fileReference, func(p place, text string, kind referenceKind) {
		if _, after, found := strings.Cut(text, "="); found {
			text = after
		}
		add(p, text, kind)
	})
}

// strings hands over a string, or every string of a list.
func (c *checker) strings(p place, kind referenceKind, add addReference) {
	node := document.Lookup(c.root, p...)
	if node == nil {
		return
	}
	if node.Kind == yaml.ScalarNode && node.Value != "" {
		add(p, node.Value, kind)
	}
	for i, item := range node.Content {
		if node.Kind == yaml.SequenceNode && item.Kind == yaml.ScalarNode {
			add(p.item(i), item.Value, kind)
		}
	}
}

// length is how many items the list at a place has.
func (c *checker) length(p place) int {
	node := document.Lookup(c.root, p...)
	if node == nil || node.Kind != yaml.SequenceNode {
		return 0
	}
	return len(node.Content)
}

// local is the path of a reference from the package's folder; one that leads out of it is reported.
func (c *checker) local(p place, dir, text string) (string, bool) {
	const hint = "ship the files in the package's folder: nothing else is read when it is rendered"
	switch name := path.Join(dir, text); {
	case strings.Contains(text, "//") || strings.Contains(text, "?ref=") || strings.HasPrefix(text, "git@") || strings.HasPrefix(text, "git::"):
		c.wrong(p, hint, "is %.80q, which is remote", text)
	case text == "" || path.IsAbs(text) || strings.ContainsAny(text, "\\\x00") || !fs.ValidPath(name):
		c.wrong(p, hint, "is %.80q, which is not in the package's folder", text)
	default:
		return name, true
	}
	return "", false
}
