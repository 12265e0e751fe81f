package review

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// made calls changed files to attention that hold no object and that objects are made from, so that something changes which is not shown:
// the files that a kustomization patches or generates with, those of a chart, and what is named like the values of one.
func (r *Report) made(ctx context.Context, sides []parsedPair, trees *input) error {
	r.readable(sides, trees, func(side parsedPair) bool {
		chart, ok := trees.chartOf(side.name)
		return ok && strings.HasPrefix(side.name, path.Join(chart, "templates")+"/")
	})
	files := map[string]bool{}
	for _, f := range r.Files {
		name := path.Base(f.File)
		if !slices.Contains(kustomizations, name) && name != "gkops.lock" && name != "gkops.yaml" {
			files[f.File] = true
		}
	}
	charts := map[string][]string{}
	for _, f := range r.Files {
		if chart, ok := trees.chartOf(f.File); ok {
			charts[chart] = append(charts[chart], path.Base(f.File))
			delete(files, f.File)
		}
	}
	for _, f := range r.Files {
		chart, _ := trees.chartOf(f.File)
		if names := charts[chart]; len(names) > 0 {
			r.notShown(f.File, fmt.Sprintf("the chart in %s changes (%s): what it renders is not shown here", chart, listed(names)))
			delete(charts, chart)
		}
	}
	for _, side := range sides {
		if side.lists {
			files[side.name] = true
		}
	}
	users, err := trees.usersOf(ctx, sides, files)
	if err != nil {
		return err
	}
	r.readable(sides, trees, func(side parsedPair) bool { return side.lists && users[side.name] != "" })
	for _, f := range r.Files {
		user, used := users[f.File]
		switch {
		case used:
			r.notShown(f.File, user+" makes objects with this file: how they change is not shown here")
		case files[f.File] && valuesName.MatchString(path.Base(f.File)):
			r.notShown(f.File, "values of a chart change: what it renders with them is not shown here")
		}
	}
	return nil
}

// readable takes files that could not be parsed for what they are: templates of a chart, and lists that a kustomization patches with.
func (r *Report) readable(sides []parsedPair, trees *input, is func(side parsedPair) bool) {
	for i, side := range sides {
		if !side.unread || !is(side) {
			continue
		}
		r.Attention = slices.DeleteFunc(r.Attention, func(a Attention) bool { return a.Rule == ruleUnparsable && a.File == side.name })
		file := parsedPair{name: side.name}
		file.otherThan(trees.pairs[i].base != nil, trees.pairs[i].head != nil)
		r.Files = append(r.Files, file.other...)
	}
}

// isList reports whether a file is one list in YAML, as patches are that say what to do step by step (RFC 6902). A file that is not there
// may be one.
func isList(data []byte) bool {
	var root yaml.Node
	return data == nil || yaml.Unmarshal(data, &root) == nil && len(root.Content) == 1 && root.Content[0].Kind == yaml.SequenceNode
}

func (r *Report) notShown(file, message string) {
	r.Attention = append(r.Attention, Attention{Rule: ruleNotReviewed, Risk: Medium, File: file, Message: message})
}

// valuesName finds files that are named like the values of a chart: values.yaml, values-prod.yaml, prod.values.yaml.
var valuesName = regexp.MustCompile(`(?i)^(.*[-._])?values([-._].*)?\.(ya?ml|json)$`)

// chartOf is the nearest folder with a Chart.yaml, in one of the trees, that a file lies in.
func (in *input) chartOf(file string) (string, bool) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if name := path.Join(dir, "Chart.yaml"); in.base.file(name) || in.head.file(name) {
			return dir, true
		}
		if dir == "." {
			return "", false
		}
	}
}

// usersOf finds, for some files, a kustomization that names them elsewhere than in its list of resources.
func (in *input) usersOf(ctx context.Context, sides []parsedPair, files map[string]bool) (map[string]string, error) {
	users := map[string]string{}
	if len(files) == 0 {
		return users, nil
	}
	take := func(file string, docs []document.Document) {
		for _, named := range namedIn(build(kustomization(file, docs)), path.Dir(file)) {
			if files[named] && users[named] == "" {
				users[named] = file
			}
		}
	}
	differs := map[string]bool{}
	for _, side := range sides {
		differs[side.name] = true
		take(side.name, side.headRest)
		take(side.name, side.baseRest)
	}
	for _, name := range in.base.sorted() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if differs[name] || !in.base.file(name) || !slices.Contains(kustomizations, path.Base(name)) {
			continue
		}
		data, err := fs.ReadFile(in.baseTree, name)
		if err != nil {
			return nil, fmt.Errorf("read the base tree: %w", err)
		}
		if docs, err := document.Parse(name, data); err == nil {
			take(name, docs)
		}
	}
	return users, nil
}

// namedIn are the paths of a tree that the texts below a node may name, which is read in a folder: "a.txt" and "key=a.txt".
func namedIn(node *yaml.Node, dir string) []string {
	var found []string
	for _, child := range node.Content {
		found = append(found, namedIn(child, dir)...)
	}
	if node.Kind != yaml.ScalarNode || node.Value == "" || strings.Contains(node.Value, "\n") {
		return found
	}
	_, file, keyed := strings.Cut(node.Value, "=")
	if keyed {
		found = append(found, path.Join(dir, file))
	}
	return append(found, path.Join(dir, node.Value))
}
