package review

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// used is one image with the place where it is used.
type used struct {
	path      fieldPath
	container string
	image     string
}

// images notes which images an object uses otherwise than before.
func (c *change) images() {
	before, after := imagesOf(c.base), imagesOf(c.head)
	was := make(map[string]used, len(before))
	for _, u := range before {
		was[u.path.String()] = u
	}
	row := func(from, to string, at used) {
		c.tables.Images = append(c.tables.Images, Image{From: from, To: to,
			Users: []Place{{Object: c.object(), File: c.doc().File, Container: at.container, path: at.path}}})
	}
	for _, u := range after {
		old, known := was[u.path.String()]
		delete(was, u.path.String())
		if !known || old.image != u.image {
			row(old.image, u.image, u)
		}
	}
	for _, u := range before {
		if _, left := was[u.path.String()]; left {
			row(u.image, "", u)
		}
	}
}

// imagesOf finds the images of an object: of containers, in fields of the name, and in arguments and environment variables that say
// that they hold one.
func imagesOf(doc *document.Document) []used {
	if doc == nil || slices.Contains([]string{"CustomResourceDefinition", "Secret", "ConfigMap"}, doc.Object().Kind) {
		return nil
	}
	var found []used
	var walk func(path fieldPath, node *yaml.Node, name string)
	add := func(path fieldPath, name, image string) {
		if looksLikeImage(image) {
			found = append(found, used{path, name, image})
		}
	}
	walk = func(path fieldPath, node *yaml.Node, name string) {
		switch node.Kind {
		case yaml.MappingNode:
			if document.Lookup(node, "image") != nil {
				name = scalarOf(node, "name")
			}
			if key := scalarOf(node, "name"); strings.HasSuffix(strings.ToUpper(key), "IMAGE") || strings.Contains(strings.ToUpper(key), "_IMAGE_") {
				if value := scalarOf(node, "value"); strings.ContainsAny(value, "/:") {
					add(path.child("value"), name, value)
				}
			}
			if image := inParts(node); image != "" {
				add(path, path.name(), image)
			}
			for i := 0; i+1 < len(node.Content); i += 2 {
				key, value := node.Content[i].Value, node.Content[i+1]
				if value.Kind == yaml.ScalarNode && (key == "image" || key == "imageName") {
					add(path.child(key), name, value.Value)
					continue
				}
				walk(path.child(key), value, name)
			}
		case yaml.SequenceNode:
			for i, at := range itemPaths(path, node) {
				item := node.Content[i]
				if flag, image, ok := strings.Cut(item.Value, "="); ok && item.Kind == yaml.ScalarNode && strings.HasSuffix(flag, "image") && strings.ContainsAny(image, "/:") {
					add(path.matching([]field{{"flag", flag}}), name, image)
				}
				walk(at, item, name)
			}
		}
	}
	walk(fieldPath{}, doc.Root(), "")
	return found
}

// inParts is an image that is written in parts, as values of charts and kustomizations do, empty for none.
func inParts(node *yaml.Node) string {
	if tag, name := scalarOf(node, "newTag"), cmp.Or(scalarOf(node, "newName"), scalarOf(node, "name")); tag != "" && name != "" {
		return name + ":" + tag
	}
	tag, repository := scalarOf(node, "tag"), scalarOf(node, "repository")
	if tag == "" || repository == "" {
		return ""
	}
	if registry := scalarOf(node, "registry"); registry != "" {
		repository = registry + "/" + repository
	}
	return repository + ":" + tag
}

var imageSyntax = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-z0-9._-]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$`)

func looksLikeImage(text string) bool { return imageSyntax.MatchString(text) }

// registryOf is the host that an image is read from; an image that names none comes from Docker Hub.
func registryOf(image string) string {
	first, _, found := strings.Cut(image, "/")
	if found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return first
	}
	return "docker.io"
}

// digested reports whether an image is named by a digest.
func digested(image string) bool { return strings.Contains(image, "@sha256:") }

// floating reports whether an image has no tag, or one that everybody moves.
func floating(image string) bool {
	if digested(image) {
		return false
	}
	last := image[strings.LastIndexByte(image, '/')+1:]
	_, tag, found := strings.Cut(last, ":")
	return !found || slices.Contains([]string{"latest", "main", "master", "edge", "nightly", "dev", "stable"}, tag)
}
