package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/apis/kustomize"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/values"
)

// override applies the user's patches and images. Only the objects that one of them is about go through kustomize; one that is about
// no object is an *OverrideError.
func (r *builder) override(b *build) error {
	if len(b.Patches) == 0 && len(b.Images) == 0 {
		return nil
	}
	patches, err := b.patches()
	if err != nil {
		return err
	}
	images, err := b.images()
	if err != nil {
		return err
	}
	touched := map[*object]bool{}
	for _, p := range patches {
		for _, o := range p.matched {
			touched[o] = true
		}
	}
	var objects []*object
	for _, o := range b.objects {
		if touched[o] || usesImage(o, b.Images) {
			objects = append(objects, o)
		}
	}
	built, err := r.run(types.Kustomization{Patches: kustomizePatches(patches), Images: images}, objects, nil)
	if err != nil {
		return r.blame(b, patches, objects, err)
	}
	missing, extra, err := r.adopt(b, objects, built, func(o *object) finding.Object { return o.id })
	if err != nil {
		return err
	}
	return b.settleOverrides(patches, missing, extra)
}

// settleOverrides drops what the user's patches delete, and refuses patches that rename.
func (b *build) settleOverrides(patches []patch, missing []*object, extra []finding.Object) error {
	for _, o := range missing {
		what := "patches"
		deletes := false
		for _, p := range patches {
			if slices.Contains(p.matched, o) {
				what = p.what
				deletes = deletes || p.deletes
			}
		}
		if !deletes {
			reason := "after it there is no " + o.id.String()
			if len(extra) > 0 {
				reason += ", but a " + extra[0].String()
			}
			return &OverrideError{Instance: b.Name, What: what, Reason: reason, Hint: "a patch cannot rename an object; to leave one out use $patch: delete"}
		}
		b.say(o, "removed-by-patch", finding.Info, "%s of instance %s leaves this object out", what, b.Name)
		b.objects = slices.DeleteFunc(b.objects, func(other *object) bool { return other == o })
	}
	if len(extra) > 0 {
		return &OverrideError{Instance: b.Name, What: "patches", Reason: "they make a new " + extra[0].String()}
	}
	return nil
}

// blame finds the patch that kustomize refuses.
func (r *builder) blame(b *build, patches []patch, objects []*object, all error) error {
	for i := range patches {
		if _, err := r.run(types.Kustomization{Patches: kustomizePatches(patches[:i+1])}, objects, nil); err != nil {
			return &OverrideError{Instance: b.Name, What: patches[i].what, Reason: tidy(err)}
		}
	}
	return &OverrideError{Instance: b.Name, What: "images", Reason: tidy(all)}
}

// tidy takes names of gkops's own temporary files out of kustomize's errors.
func tidy(err error) string {
	text := strings.ReplaceAll(err.Error(), "'"+buildFolder+"'", "the instance")
	return strings.ReplaceAll(text, buildFolder+"/", "")
}

// images checks that each image is used and gives them as kustomize takes them.
func (b *build) images() ([]types.Image, error) {
	var names []string
	for _, o := range b.objects {
		if !o.isCRD() && o.mentions("image:") {
			eachImage(o.doc.Root(), func(ref string) { names = append(names, imageName(ref)) })
		}
	}
	images := make([]types.Image, 0, len(b.Images))
	for i, image := range b.Images {
		if !slices.Contains(names, image.Name) {
			err := &OverrideError{Instance: b.Name, What: fmt.Sprintf("images[%d]", i), Reason: fmt.Sprintf("no container has the image %s", image.Name)}
			if near := values.Nearest(image.Name, names); near != "" {
				err.Hint = "did you mean " + near + "?"
			} else if few := firstFew(names); few != nil {
				err.Hint = "the instance has " + strings.Join(few, ", ")
			}
			return nil, err
		}
		images = append(images, types.Image{Name: image.Name, NewName: image.NewName, NewTag: image.NewTag, Digest: image.Digest})
	}
	return images, nil
}

func usesImage(o *object, images []kustomize.Image) bool {
	if len(images) == 0 || o.isCRD() || !o.mentions("image:") {
		return false
	}
	used := false
	eachImage(o.doc.Root(), func(ref string) {
		name := imageName(ref)
		used = used || slices.ContainsFunc(images, func(i kustomize.Image) bool { return i.Name == name })
	})
	return used
}

// eachImage calls f with the image of every container in a node, where kustomize looks for them.
func eachImage(node *yaml.Node, f func(string)) {
	if node.Kind != yaml.MappingNode {
		for _, child := range node.Content {
			eachImage(child, f)
		}
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		if key == "containers" || key == "initContainers" {
			for _, container := range value.Content {
				if image := scalar(document.Lookup(container, "image")); image != "" {
					f(image)
				}
			}
		}
		eachImage(value, f)
	}
}

// imageName is an image reference without its tag and digest.
func imageName(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if colon := strings.LastIndexByte(ref, ':'); colon > strings.LastIndexByte(ref, '/') {
		ref = ref[:colon]
	}
	return ref
}
