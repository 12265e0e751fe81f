package workspace

import (
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// The functions of this file and the next edit the bytes of gkops.yaml. Each parses the file, changes the lines of the item that it
// is about, and proves that the result means what was asked for and nothing else; what it cannot change so is a *document.SyntaxError
// with the line. Comments, order, blank lines and indentation outside that item stay as they are. Besides, they return the errors of
// Parse, a *NotListedError and a *ListedError.

// NotListedError says that what an edit names is not in the list that it names. List is the workspace's when Cluster is empty.
type NotListedError struct{ What, Name, Cluster string }

// Error names the thing and the list.
func (e *NotListedError) Error() string {
	if e.Cluster != "" {
		return fmt.Sprintf("no %s %s in cluster %s of %s", e.What, e.Name, e.Cluster, FileName)
	}
	return fmt.Sprintf("no %s %s in %s", e.What, e.Name, FileName)
}

// ListedError says that what an edit adds is there already.
type ListedError struct{ What, Name, Where string }

// Error names the thing and its place.
func (e *ListedError) Error() string {
	return fmt.Sprintf("%s %s is listed already at %s", e.What, e.Name, e.Where)
}

// step changes the text once; it reads the file that the step before has left.
type step func(*text) ([]byte, error)

// edit runs steps and proves that the file then is the wanted workspace.
func edit(data []byte, want *Workspace, steps ...step) ([]byte, error) {
	out := data
	for _, change := range steps {
		t, err := newText(out)
		if err != nil {
			return nil, err
		}
		if out, err = change(t); err != nil {
			return nil, err
		}
	}
	got, err := Parse(FileName, out)
	if err != nil {
		return nil, unreadable(want, out, err)
	}
	if !same(got, want) {
		return nil, unusual()
	}
	return out, nil
}

// unreadable tells a wanted workspace that is wrong in itself from a text that the edit broke.
func unreadable(want *Workspace, out []byte, err error) error {
	doc, broken := document.ParseOne(FileName, out)
	if broken != nil {
		return unusual()
	}
	w := &Workspace{}
	if doc.Decode(w) != nil || !same(w, want) {
		return unusual()
	}
	return err
}

func unusual() error {
	return &document.SyntaxError{
		File: FileName, Reason: "the file is written in a way that gkops does not edit",
		Hint: "edit the file by hand and run 'gkops render'",
	}
}

// same reports whether two workspaces say the same; where they say it does not count.
func same(a, b *Workspace) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// New is the first gkops.yaml of a workspace: what w says, with a header for people and for editors.
func New(w Workspace) ([]byte, error) {
	w.APIVersion, w.Kind = APIVersion, Kind
	n, err := nodeOf(w)
	if err != nil {
		return nil, err
	}
	if len(w.Packages) == 0 {
		packages, err := nodeOf(map[string][]string{"packages": {}})
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, packages.Content...)
	}
	header := "# yaml-language-server: $schema=https://gkops.dev/schema/workspace.json\n" +
		"# What this repository wants: 'gkops add', 'set', 'hold' and 'remove' edit it, and so may you; 'gkops render' brings gkops/ up to it.\n"
	data := []byte(header + joinLines(mappingLines(n)))
	if _, err := Parse(FileName, data); err != nil {
		return nil, err
	}
	return data, nil
}

// AddHold adds a hold, or replaces the one of the same package.
func AddHold(data []byte, h Hold) ([]byte, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	item, err := nodeOf(h)
	if err != nil {
		return nil, err
	}
	holds := []any{"policy", "holds"}
	at := slices.IndexFunc(w.Policy.Holds, func(one Hold) bool { return one.Package == h.Package })
	if at >= 0 {
		old := w.Policy.Holds[at]
		w.Policy.Holds[at] = h
		return edit(data, w, fields(append(holds, at), [][3]string{
			{"version", old.Version, h.Version}, {"reason", old.Reason, h.Reason}, {"until", old.Until, h.Until},
		})...)
	}
	w.Policy.Holds = append(w.Policy.Holds, h)
	return edit(data, w, func(t *text) ([]byte, error) {
		if t.root != nil && document.Lookup(t.root, "policy") == nil {
			policy, err := nodeOf(Policy{Holds: []Hold{h}})
			if err != nil {
				return nil, err
			}
			return t.setEntry(nil, "policy", policy)
		}
		return t.addItem([]any{"policy"}, "holds", item)
	})
}

// RemoveHold takes the hold of a package out.
func RemoveHold(data []byte, pkg string) ([]byte, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(w.Policy.Holds, func(one Hold) bool { return one.Package == pkg })
	if at < 0 {
		return nil, &NotListedError{What: "hold of", Name: pkg}
	}
	w.Policy.Holds = slices.Delete(w.Policy.Holds, at, at+1)
	return edit(data, w, func(t *text) ([]byte, error) { return t.dropItem([]any{"policy", "holds"}, at) })
}

// AddRegistry adds a registry at the end of the list.
func AddRegistry(data []byte, r Registry) ([]byte, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	for _, one := range w.Registries {
		if one.Name == r.Name {
			return nil, &ListedError{What: "registry", Name: r.Name, Where: one.where}
		}
	}
	item, err := nodeOf(r)
	if err != nil {
		return nil, err
	}
	w.Registries = append(w.Registries, r)
	return edit(data, w, func(t *text) ([]byte, error) { return t.addItem(nil, "registries", item) })
}

// RemoveRegistry takes a registry out of the list.
func RemoveRegistry(data []byte, name string) ([]byte, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(w.Registries, func(one Registry) bool { return one.Name == name })
	if at < 0 {
		return nil, &NotListedError{What: "registry", Name: name}
	}
	w.Registries = slices.Delete(w.Registries, at, at+1)
	return edit(data, w, func(t *text) ([]byte, error) { return t.dropItem([]any{"registries"}, at) })
}

// SetKubernetes gives a cluster another Kubernetes version.
func SetKubernetes(data []byte, cluster, version string) ([]byte, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(w.Clusters, func(c Cluster) bool { return c.Name == cluster })
	if at < 0 {
		return nil, &NotListedError{What: "cluster", Name: cluster}
	}
	w.Clusters[at].Kubernetes = version
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: version, Style: yaml.DoubleQuotedStyle}
	return edit(data, w, func(t *text) ([]byte, error) { return t.setEntry([]any{"clusters", at}, "kubernetes", value) })
}

// AddSkip adds a range of versions that the bot does not propose. One that is there already stays as it is.
func AddSkip(data []byte, skip Pin) ([]byte, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(w.Policy.Skips, func(one Pin) bool { return one.Package == skip.Package && one.Version == skip.Version }) {
		return data, nil
	}
	item, err := nodeOf(skip)
	if err != nil {
		return nil, err
	}
	w.Policy.Skips = append(w.Policy.Skips, skip)
	return edit(data, w, func(t *text) ([]byte, error) {
		if t.root != nil && document.Lookup(t.root, "policy") == nil {
			policy, err := nodeOf(Policy{Skips: []Pin{skip}})
			if err != nil {
				return nil, err
			}
			return t.setEntry(nil, "policy", policy)
		}
		return t.addItem([]any{"policy"}, "skips", item)
	})
}
