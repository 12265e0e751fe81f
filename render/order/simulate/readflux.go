package simulate

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// readFlux reads what flux/kustomization.yaml lists: Kustomizations, and what is in their folders.
func (t *Tree) readFlux() error {
	folder := path.Join(t.Root, "flux")
	listed, err := t.resources(folder, "")
	if err != nil {
		return err
	}
	for _, name := range listed {
		file := path.Join(folder, name)
		data := t.files[file]
		if data == nil {
			return t.missing(file, path.Join(folder, kustomizationFile))
		}
		doc, err := document.ParseOne(file, data)
		if err != nil {
			return err
		}
		t.Owners = append(t.Owners, kustomization(doc))
	}
	t.sortOwners()
	for n := range t.Owners {
		o := &t.Owners[n]
		if err := t.walk(n, o.Paths[0], o.File); err != nil {
			return err
		}
		for _, component := range o.components {
			if !t.hasFolder(component) {
				return t.missing(path.Join(component, kustomizationFile), o.File)
			}
		}
	}
	return nil
}

// kustomization reads a Kustomization of kustomize.toolkit.fluxcd.io.
func kustomization(doc *document.Document) Owner {
	root, id := doc.Root(), doc.Object()
	spec := document.Lookup(root, "spec")
	source := document.Lookup(spec, "sourceRef")
	sourceNamespace := text(source, "namespace")
	if sourceNamespace == "" {
		sourceNamespace = id.Namespace
	}
	o := Owner{
		Name: id.Namespace + "/" + id.Name, File: doc.File, Line: doc.Line, Paths: []string{path.Clean(text(spec, "path"))},
		source:      text(source, "kind") + " " + sourceNamespace + "/" + text(source, "name"),
		waits:       text(spec, "wait") == "true",
		prunes:      text(spec, "prune") == "true",
		forces:      text(spec, "force") == "true",
		substitutes: document.Lookup(spec, "postBuild") != nil,
	}
	for _, component := range items(document.Lookup(spec, "components")) {
		o.components = append(o.components, path.Join(o.Paths[0], component.Value))
	}
	for _, dependency := range items(document.Lookup(spec, "dependsOn")) {
		namespace := text(dependency, "namespace")
		if namespace == "" {
			namespace = id.Namespace
		}
		o.DependsOn = append(o.DependsOn, Dependency{
			Name: namespace + "/" + text(dependency, "name"), Line: dependency.Line, custom: text(dependency, "readyExpr") != "",
		})
	}
	return o
}

// hasFolder reports whether there is a kustomization in a folder.
func (t *Tree) hasFolder(folder string) bool {
	return t.files[path.Join(folder, kustomizationFile)] != nil
}

// walk adds what a kustomization of an owner lists: objects, and folders with a kustomization of their own.
func (t *Tree) walk(owner int, folder, by string) error {
	listed, err := t.resources(folder, by)
	if err != nil {
		return err
	}
	for _, name := range listed {
		file := path.Join(folder, name)
		if t.files[file] != nil {
			t.add(owner, file)
			continue
		}
		if err := t.walk(owner, file, path.Join(folder, kustomizationFile)); err != nil {
			return err
		}
	}
	return nil
}

// resources are what the kustomization of a folder lists. Those that gkops writes are lists of plain lines, which are read as such.
func (t *Tree) resources(folder, by string) ([]string, error) {
	file := path.Join(folder, kustomizationFile)
	data := t.files[file]
	if data == nil {
		return nil, t.missing(file, by)
	}
	if names, ok := plainResources(string(data)); ok {
		return names, nil
	}
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, resource := range items(document.Lookup(doc.Root(), "resources")) {
		names = append(names, resource.Value)
	}
	return names, nil
}

// plainResources reads a kustomization that ends with "resources:" and lines "- name".
func plainResources(data string) ([]string, bool) {
	_, list, found := strings.Cut(data, "\nresources:\n")
	if !found || list == "" {
		return nil, false
	}
	lines := strings.Split(strings.TrimSuffix(list, "\n"), "\n")
	for n, line := range lines {
		name, isItem := strings.CutPrefix(line, "- ")
		if !isItem || name == "" || strings.ContainsAny(name, " \t\"'#:{}[]&*!|>%@`") {
			return nil, false
		}
		lines[n] = name
	}
	return slices.Clip(lines), true
}

// text is the text of a scalar below a node, empty when there is none.
func text(node *yaml.Node, steps ...string) string {
	found := document.Lookup(node, steps...)
	if found == nil || found.Kind != yaml.ScalarNode {
		return ""
	}
	return found.Value
}

// items are the items of a list, none when it is no list.
func items(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}
