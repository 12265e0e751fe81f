package lock

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

func (c *checker) head() {
	l := c.lock
	if !isLabel(l.Cluster) {
		c.wrong([]any{"cluster"}, wayOut, "cluster %.80q is not a name", l.Cluster)
	}
	if l.Renderer < 0 {
		c.wrong([]any{"renderer"}, wayOut, "renderer %d is less than 0", l.Renderer)
	}
	c.digest([]any{"settings"}, l.Settings, true)
}

// isLabel reports whether a name can be that of an instance, a part or a cluster: it becomes a folder.
func isLabel(name string) bool {
	return len(name) > 0 && len(name) <= 253 && name[0] != '-' && name[len(name)-1] != '-' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (c *checker) digest(at []any, d catalog.Digest, optional bool) {
	if _, err := catalog.ParseDigest(string(d)); err != nil && !(optional && d == "") {
		c.wrong(at, wayOut, "%v", err)
	}
}

// files checks generated files: each path stays below its folder, and is written as it is on disk.
func (c *checker) files(at []any, files map[string]catalog.Digest) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		here := append(slices.Clone(at), name)
		if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00") || name == FileName {
			c.wrong(here, wayOut, "file %.200q is not a path of a generated file", name)
		}
		c.digest(here, files[name], false)
	}
}

// ordered reports what is twice, or out of order, in a list that is sorted by name.
func (c *checker) ordered(at []any, what, name, previous string) {
	switch {
	case name == previous:
		c.wrong(at, "a merge kept both: "+wayOut, "%s %s stands here twice", what, name)
	case name < previous:
		c.wrong(at, "a merge put it there: "+wayOut, "%s %s is out of order, it goes before %s", what, name, previous)
	}
}

func (c *checker) namespaces() {
	previous := ""
	for n, one := range c.lock.Namespaces {
		at := []any{"namespaces", n}
		if !isLabel(one.Name) || one.Owner == "" {
			c.wrong(at, wayOut, "namespace %.80q has no name or no owner", one.Name)
		}
		c.ordered(at, "namespace", one.Name, previous)
		previous = one.Name
	}
}

func (c *checker) instances() {
	known := map[string]bool{}
	for _, i := range c.lock.Instances {
		known[i.Name] = true
	}
	previous := ""
	for n, i := range c.lock.Instances {
		at := []any{"instances", n}
		c.ordered(at, "instance", i.Name, previous)
		previous = i.Name
		c.instance(at, i)
		if i.Removal == nil {
			c.references(at, i, known)
		}
	}
}

// references checks that what an instance needs is there. While it is being removed, what it needed may be gone.
func (c *checker) references(at []any, i Instance, known map[string]bool) {
	if i.Parent != "" && !known[i.Parent] {
		c.wrong(append(at, "parent"), "a merge lost it: "+wayOut, "instance %s belongs to %.80s, which is not in the lock", i.Name, i.Parent)
	}
	for n, name := range i.Requires {
		if !known[name] {
			c.wrong(append(slices.Clone(at), "requires", n), "a merge lost it: "+wayOut, "instance %s needs %.80s, which is not in the lock", i.Name, name)
		}
	}
}

// instance checks one instance for itself.
func (c *checker) instance(at []any, i Instance) {
	here := func(steps ...any) []any { return append(slices.Clone(at), steps...) }
	if !isLabel(i.Name) || !isLabel(i.Package) {
		c.wrong(here("name"), wayOut, "instance %.80q of package %.80q: not names", i.Name, i.Package)
	}
	if _, err := catalog.ParseVersion(i.Version); err != nil {
		c.wrong(here("version"), wayOut, "instance %.80s: %v", i.Name, err)
	}
	if i.Registry == "" {
		c.wrong(here("registry"), wayOut, "instance %.80s has no registry", i.Name)
	}
	for n, r := range i.RequiredBy {
		if _, err := catalog.ParseRange(r.Range); err != nil {
			c.wrong(here("requiredBy", n, "range"), wayOut, "instance %.80s: %v", i.Name, err)
		}
	}
	for n, s := range i.Sources {
		if s.URL == "" {
			c.wrong(here("sources", n), wayOut, "a source of instance %.80s has no url", i.Name)
		}
		c.digest(here("sources", n, "digest"), s.Digest, false)
	}
	c.facts(here("facts"), i)
	previous := ""
	for n, p := range i.Parts {
		c.ordered(here("parts", n), "part", p.Name, previous)
		previous = p.Name
		c.part(here("parts", n), i, p)
	}
}

func (c *checker) facts(at []any, i Instance) {
	for n, d := range i.Facts.Kubernetes {
		if _, err := catalog.ParseKubernetesRange(d.Range); err != nil {
			c.wrong(append(slices.Clone(at), "kubernetes", n), wayOut, "instance %.80s: %v", i.Name, err)
		}
	}
	for n, s := range i.Facts.Sources {
		if s.URL == "" {
			c.wrong(append(slices.Clone(at), "sources", n), wayOut, "a source of the facts of instance %.80s has no url", i.Name)
		}
		c.digest(append(slices.Clone(at), "sources", n, "digest"), s.Digest, false)
	}
}

func (c *checker) part(at []any, i Instance, p Part) {
	if !isLabel(p.Name) {
		c.wrong(append(slices.Clone(at), "name"), wayOut, "part %.80q of instance %.80s is not a name", p.Name, i.Name)
	}
	if len(p.Files) == 0 {
		c.wrong(at, "a merge lost them: "+wayOut, "part %.80s of instance %.80s has no files", p.Name, i.Name)
	}
	if p.Hash != FolderHash(p.Files) {
		c.wrong(append(slices.Clone(at), "hash"), "a merge mixed two of them: "+wayOut, "the hash of part %.80s of instance %.80s is not that of its files", p.Name, i.Name)
	}
	c.files(append(slices.Clone(at), "files"), p.Files)
	for name := range p.Files {
		if strings.Contains(name, "/") {
			c.wrong(append(slices.Clone(at), "files", name), wayOut, "file %.200q of a part lies in a folder", name)
		}
	}
}
