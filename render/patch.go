package render

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	sigsyaml "sigs.k8s.io/yaml"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/values"
)

// patch is one patch of the user, or one document of it, with what it is about.
type patch struct {
	what    string // "patches[1]"
	text    string
	target  types.Selector
	matched []*object
	deletes bool // a strategic merge patch that deletes its target
}

// patches reads the user's patches and finds their objects.
func (b *build) patches() ([]patch, error) {
	var all []patch
	for i, p := range b.Patches {
		what := fmt.Sprintf("patches[%d]", i)
		fail := func(reason, hint string) error {
			return &OverrideError{Instance: b.Name, What: what, Reason: reason, Hint: hint}
		}
		docs, sequence, err := readPatch(what, p.Patch)
		if err != nil {
			return nil, fail(err.Error(), "")
		}
		if p.Target != nil {
			if len(docs) > 1 {
				return nil, fail("it has a target and several documents", "write a patch for each of them")
			}
			target := types.Selector{
				ResId:              resid.ResId{Gvk: resid.Gvk{Group: p.Target.Group, Version: p.Target.Version, Kind: p.Target.Kind}, Name: p.Target.Name, Namespace: p.Target.Namespace},
				LabelSelector:      p.Target.LabelSelector,
				AnnotationSelector: p.Target.AnnotationSelector,
			}
			matched, err := b.selected(target)
			if err != nil {
				return nil, fail(err.Error(), "")
			}
			if len(matched) == 0 {
				return nil, fail("its target matches no object of the instance", b.nearTarget(target))
			}
			text, err := spelled(p.Patch, docs)
			if err != nil {
				return nil, fail(err.Error(), "")
			}
			all = append(all, patch{what: what, text: text, target: target, matched: matched, deletes: deletes(docs)})
			continue
		}
		if sequence {
			return nil, fail("a JSON patch needs a target", "add target: {kind: ..., name: ...}")
		}
		for _, doc := range docs {
			one, err := b.merging(what, doc)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// readPatch reads a strategic merge patch (one or more documents) or a JSON patch (a list).
func readPatch(what, text string) (docs []document.Document, sequence bool, err error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err == nil && len(root.Content) == 1 && root.Content[0].Kind == yaml.SequenceNode {
		return nil, true, nil
	}
	docs, err = document.Parse(what, []byte(text))
	if err == nil && len(docs) == 0 {
		err = errors.New("it is empty")
	}
	return docs, false, err
}

// spelled is a patch with a target in the form that kustomize reads: a JSON patch as JSON, a merge patch with a kind and a name, which mean
// nothing beside the target.
func spelled(text string, docs []document.Document) (string, error) {
	if len(docs) == 0 {
		data, err := sigsyaml.YAMLToJSON([]byte(text))
		return string(data), err
	}
	root := document.Clone(docs[0].Root())
	for _, path := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}} {
		if document.Lookup(root, path...) != nil {
			continue
		}
		if err := document.SetString(root, "not-used", path...); err != nil {
			return "", err
		}
	}
	data, err := document.Encode(root)
	return string(data), err
}

// merging is a strategic merge patch without a target: the object is the one that it names.
func (b *build) merging(what string, doc document.Document) (patch, error) {
	id := doc.Object()
	var matched []*object
	for _, o := range b.objects {
		if o.id.Kind == id.Kind && o.id.Group() == id.Group() && o.id.Name == id.Name && (id.Namespace == "" || id.Namespace == o.id.Namespace) {
			matched = append(matched, o)
		}
	}
	target := types.Selector{ResId: resid.ResId{Gvk: resid.Gvk{Group: id.Group(), Kind: id.Kind}, Name: id.Name, Namespace: id.Namespace}}
	fail := func(reason, hint string) error {
		return &OverrideError{Instance: b.Name, What: what, Reason: reason, Hint: hint}
	}
	switch {
	case id.Kind == "" || id.APIVersion == "" || id.Name == "":
		return patch{}, fail("it has neither a target nor apiVersion, kind and metadata.name", "add target: {kind: ..., name: ...}")
	case len(matched) == 0:
		return patch{}, fail("the instance has no "+id.String(), b.nearTarget(target))
	case len(matched) > 1:
		return patch{}, fail(fmt.Sprintf("the instance has %d objects of this name", len(matched)), "add metadata.namespace")
	}
	text, err := doc.Encode()
	if err != nil {
		return patch{}, fail(err.Error(), "")
	}
	target.Group, target.Kind = exactly(target.Group), regexp.QuoteMeta(target.Kind)
	target.Name, target.Namespace = regexp.QuoteMeta(target.Name), regexp.QuoteMeta(matched[0].id.Namespace)
	return patch{what: what, text: string(text), target: target, matched: matched, deletes: deletes([]document.Document{doc})}, nil
}

func deletes(docs []document.Document) bool {
	return len(docs) == 1 && scalar(document.Lookup(docs[0].Root(), "$patch")) == "delete"
}

// selected are the objects that a selector is about, by kustomize's rules: anchored expressions, and label selectors.
func (b *build) selected(target types.Selector) ([]*object, error) {
	expressions, err := types.NewSelectorRegex(&target)
	if err != nil {
		return nil, err
	}
	byLabel, err := labels.Parse(target.LabelSelector)
	if err != nil {
		return nil, fmt.Errorf("label selector %q: %w", target.LabelSelector, err)
	}
	byAnnotation, err := labels.Parse(target.AnnotationSelector)
	if err != nil {
		return nil, fmt.Errorf("annotation selector %q: %w", target.AnnotationSelector, err)
	}
	var matched []*object
	for _, o := range b.objects {
		if !expressions.MatchGvk(gvk(o.id)) || !expressions.MatchName(o.id.Name) || !expressions.MatchNamespace(o.id.Namespace) {
			continue
		}
		if byLabel.Empty() && byAnnotation.Empty() ||
			byLabel.Matches(o.texts("labels")) && byAnnotation.Matches(o.texts("annotations")) {
			matched = append(matched, o)
		}
	}
	return matched, nil
}

func gvk(id finding.Object) resid.Gvk {
	_, version := splitAPIGroup(id.APIVersion)
	return resid.Gvk{Group: id.Group(), Version: version, Kind: id.Kind}
}

// texts are the labels or annotations of an object.
func (o *object) texts(field string) labels.Set {
	set := labels.Set{}
	node := document.Lookup(o.doc.Root(), "metadata", field)
	if node == nil || node.Kind != yaml.MappingNode {
		return set
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		set[node.Content[i].Value] = node.Content[i+1].Value
	}
	return set
}

// nearTarget says which objects may have been meant.
func (b *build) nearTarget(target types.Selector) string {
	var ofKind, all []string
	for _, o := range b.objects {
		all = append(all, o.id.Kind+" "+o.id.Name)
		if o.id.Kind == target.Kind {
			ofKind = append(ofKind, o.id.Name)
		}
	}
	if near := values.Nearest(target.Name, ofKind); near != "" && near != target.Name {
		return fmt.Sprintf("did you mean %s %s?", target.Kind, near)
	}
	if len(ofKind) > 0 {
		return fmt.Sprintf("the instance has these of kind %s: %s", target.Kind, strings.Join(firstFew(ofKind), ", "))
	}
	return "the instance has " + strings.Join(firstFew(all), ", ") + ", ..."
}

// kustomizePatches gives patches as kustomize takes them.
func kustomizePatches(patches []patch) []types.Patch {
	out := make([]types.Patch, 0, len(patches))
	for _, p := range patches {
		out = append(out, types.Patch{Patch: p.text, Target: &p.target})
	}
	return out
}

// exactly is an expression for a group that matches nothing else, also when it is the core group.
func exactly(group string) string {
	if group == "" {
		return "^$"
	}
	return regexp.QuoteMeta(group)
}
