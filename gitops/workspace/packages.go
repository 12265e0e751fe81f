package workspace

import (
	"encoding/json"
	"maps"
	"slices"
)

// list is one list of packages in the file, with the way to what holds it.
type list struct {
	cluster string
	holder  []any
	entries *[]Package
}

// listOf is the list of a cluster, or the workspace's when cluster is empty.
func (w *Workspace) listOf(cluster string) (list, error) {
	if cluster == "" {
		return list{entries: &w.Packages}, nil
	}
	for n := range w.Clusters {
		if w.Clusters[n].Name == cluster {
			return list{cluster: cluster, holder: []any{"clusters", n}, entries: &w.Clusters[n].Packages}, nil
		}
	}
	return list{}, &NotListedError{What: "cluster", Name: cluster}
}

func (l list) index(instance string) int {
	return slices.IndexFunc(*l.entries, func(p Package) bool { return p.Instance() == instance })
}

// path is the way to an entry.
func (l list) path(n int) []any { return append(slices.Clone(l.holder), "packages", n) }

func parsedList(data []byte, cluster string) (*Workspace, list, error) {
	w, err := Parse(FileName, data)
	if err != nil {
		return nil, list{}, err
	}
	l, err := w.listOf(cluster)
	return w, l, err
}

// AddPackage adds an entry to the workspace's packages, or to one cluster's when cluster is not empty.
func AddPackage(data []byte, cluster string, p Package) ([]byte, error) {
	w, l, err := parsedList(data, cluster)
	if err != nil {
		return nil, err
	}
	if n := l.index(p.Instance()); n >= 0 {
		return nil, &ListedError{What: "instance", Name: p.Instance(), Where: (*l.entries)[n].where}
	}
	item, err := nodeOf(p)
	if err != nil {
		return nil, err
	}
	*l.entries = append(*l.entries, p)
	return edit(data, w, func(t *text) ([]byte, error) { return t.addItem(l.holder, "packages", item) })
}

// RemovePackage takes the entry of an instance out of a list. Out of the workspace's list, what clusters override of it goes too.
func RemovePackage(data []byte, cluster, instance string) ([]byte, error) {
	w, l, err := parsedList(data, cluster)
	if err != nil {
		return nil, err
	}
	if l.index(instance) < 0 {
		return nil, &NotListedError{What: "instance", Name: instance, Cluster: cluster}
	}
	lists := []list{l}
	for n := range w.Clusters {
		if cluster == "" {
			lists = append(lists, list{holder: []any{"clusters", n}, entries: &w.Clusters[n].Packages})
		}
	}
	var steps []step
	for _, l := range lists {
		n := l.index(instance)
		if n < 0 {
			continue
		}
		*l.entries = slices.Delete(*l.entries, n, n+1)
		steps = append(steps, func(t *text) ([]byte, error) { return t.dropItem(append(slices.Clone(l.holder), "packages"), n) })
	}
	return edit(data, w, steps...)
}

// ReplacePackage brings the entry with the instance name of p to say what p says; lines that need no change stay as they are.
func ReplacePackage(data []byte, cluster string, p Package) ([]byte, error) {
	w, l, err := parsedList(data, cluster)
	if err != nil {
		return nil, err
	}
	n := l.index(p.Instance())
	if n < 0 {
		return nil, &NotListedError{What: "instance", Name: p.Instance(), Cluster: cluster}
	}
	old := (*l.entries)[n]
	steps, err := difference(l.path(n), old, p)
	if err != nil {
		return nil, err
	}
	(*l.entries)[n] = p
	return edit(data, w, steps...)
}

// difference are the steps that make an entry another.
func difference(path []any, old, p Package) ([]step, error) {
	steps := fields(path, [][3]string{
		{"name", old.Name, p.Name}, {"as", old.As, p.As}, {"namespace", old.Namespace, p.Namespace},
		{"version", old.Version, p.Version}, {"registry", old.Registry, p.Registry},
		{"mode", string(old.Mode), string(p.Mode)},
	})
	for _, add := range []func() ([]step, error){
		func() ([]step, error) { return entries(path, "values", old.Values, p.Values) },
		func() ([]step, error) { return entries(path, "valuesFrom", old.ValuesFrom, p.ValuesFrom) },
		func() ([]step, error) { return entries(path, "labels", old.Labels, p.Labels) },
		func() ([]step, error) { return whole(path, "valuesFiles", old.ValuesFiles, p.ValuesFiles) },
		func() ([]step, error) { return whole(path, "patches", old.Patches, p.Patches) },
		func() ([]step, error) { return whole(path, "images", old.Images, p.Images) },
	} {
		more, err := add()
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	return steps, nil
}

// fields are the steps for keys with a string: name, old and new value. An empty value is an absent key.
func fields(path []any, changes [][3]string) []step {
	var steps []step
	for _, c := range changes {
		switch key, was, now := c[0], c[1], c[2]; {
		case was == now:
		case now == "":
			steps = append(steps, func(t *text) ([]byte, error) { return t.dropEntry(path, key) })
		default:
			steps = append(steps, func(t *text) ([]byte, error) { return t.setEntry(path, key, stringNode(now)) })
		}
	}
	return steps
}

// entries are the steps for a key with a mapping, key by key.
func entries[V any](path []any, key string, old, now map[string]V) ([]step, error) {
	if len(old) == 0 || len(now) == 0 {
		return whole(path, key, old, now)
	}
	var steps []step
	inner := append(slices.Clone(path), key)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		was, had := old[name]
		if had && equal(was, now[name]) {
			continue
		}
		n, err := nodeOf(now[name])
		if err != nil {
			return nil, err
		}
		steps = append(steps, func(t *text) ([]byte, error) { return t.setEntry(inner, name, n) })
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, stays := now[name]; !stays {
			steps = append(steps, func(t *text) ([]byte, error) { return t.dropEntry(inner, name) })
		}
	}
	return steps, nil
}

// whole are the steps for a key whose value is replaced as one; nothing in it means no key.
func whole(path []any, key string, old, now any) ([]step, error) {
	if equal(old, now) {
		return nil, nil
	}
	n, err := nodeOf(now)
	if err != nil {
		return nil, err
	}
	if len(n.Content) == 0 {
		return []step{func(t *text) ([]byte, error) { return t.dropEntry(path, key) }}, nil
	}
	return []step{func(t *text) ([]byte, error) { return t.setEntry(path, key, n) }}, nil
}

func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// change edits the entry of an instance. In a cluster's list an instance of the workspace gets an entry that overrides it.
func change(data []byte, cluster, instance string, with func(*Package) error) ([]byte, error) {
	w, l, err := parsedList(data, cluster)
	if err != nil {
		return nil, err
	}
	if n := l.index(instance); n >= 0 {
		p := (*l.entries)[n].override(Package{})
		if err := with(&p); err != nil {
			return nil, err
		}
		return ReplacePackage(data, cluster, p)
	}
	base := list{entries: &w.Packages}
	n := base.index(instance)
	if cluster == "" || n < 0 {
		return nil, &NotListedError{What: "instance", Name: instance, Cluster: cluster}
	}
	p := Package{Name: w.Packages[n].Name, As: w.Packages[n].As}
	if err := with(&p); err != nil {
		return nil, err
	}
	return AddPackage(data, cluster, p)
}

// SetValue sets one value of an instance: a boolean, a number or text. A reference of the same name goes.
func SetValue(data []byte, cluster, instance, name string, value any) ([]byte, error) {
	return change(data, cluster, instance, func(p *Package) error {
		p.Values = joined(p.Values, map[string]any{name: value})
		delete(p.ValuesFrom, name)
		return nil
	})
}

// SetFrom lets one value of an instance come from a Secret. A value of the same name goes.
func SetFrom(data []byte, cluster, instance, name string, from SecretReference) ([]byte, error) {
	return change(data, cluster, instance, func(p *Package) error {
		p.ValuesFrom = joined(p.ValuesFrom, map[string]SecretReference{name: from})
		delete(p.Values, name)
		return nil
	})
}

// UnsetValue takes a value, or the reference for it, away.
func UnsetValue(data []byte, cluster, instance, name string) ([]byte, error) {
	return change(data, cluster, instance, func(p *Package) error {
		_, literal := p.Values[name]
		_, reference := p.ValuesFrom[name]
		if !literal && !reference {
			return &NotListedError{What: "value " + name + " of instance", Name: instance, Cluster: cluster}
		}
		delete(p.Values, name)
		delete(p.ValuesFrom, name)
		return nil
	})
}

// SetVersion sets the range of an instance; an empty range goes away.
func SetVersion(data []byte, cluster, instance, versions string) ([]byte, error) {
	return change(data, cluster, instance, func(p *Package) error {
		p.Version = versions
		return nil
	})
}
