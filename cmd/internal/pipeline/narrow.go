package pipeline

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// has refuses a part that neither tree has: that nothing changes in it would be said of a typing error.
func (t ReviewTrees) has(o ReviewOptions) error {
	if o.Instance != "" && !t.holds(o) {
		return fmt.Errorf("neither %s nor %s has the instance %s", t.Origin.Base, t.Origin.Head, o.Instance)
	}
	wanted := map[string]string{"folder": o.Path}
	if o.Cluster != "" {
		wanted["cluster"] = clusterFolder(o.Cluster)
	}
	for _, what := range []string{"cluster", "folder"} {
		name := path.Clean(filepath.ToSlash(wanted[what]))
		there := name == "."
		for _, tree := range []fs.FS{t.Base, t.Head} {
			if tree != nil && !there {
				_, err := fs.Stat(tree, name)
				there = err == nil
			}
		}
		if !there {
			return fmt.Errorf("neither %s nor %s has the %s %s", t.Origin.Base, t.Origin.Head, what, name)
		}
	}
	return nil
}

// holds reports whether one of the trees has the instance that is asked for, in the cluster that is asked for.
func (t ReviewTrees) holds(o ReviewOptions) bool {
	for _, tree := range []fs.FS{t.Base, t.Head} {
		if tree == nil {
			continue
		}
		clusters, _ := fs.ReadDir(tree, Folder) // there is none: there is no instance
		for _, c := range clusters {
			_, err := fs.Stat(tree, path.Join(Folder, c.Name(), "packages", o.Instance))
			if err == nil && (o.Cluster == "" || o.Cluster == c.Name()) {
				return true
			}
		}
	}
	return false
}

// ReadLink is where a link leads.
func (t partial) ReadLink(name string) (string, error) { return fs.ReadLink(t.FS, name) }

// Lstat describes an entry, also one that is a link.
func (t partial) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(t.FS, name) }

// clusterOf is the cluster whose generated folder a file lies in, empty for one that lies in none.
func clusterOf(file string) string {
	rest, inside := strings.CutPrefix(file, Folder+"/")
	if !inside {
		return ""
	}
	cluster, _, _ := strings.Cut(rest, "/")
	return cluster
}

// instanceOf is the instance whose generated folder a file lies in, empty for one that lies in none.
func instanceOf(file string) string {
	steps := strings.Split(file, "/")
	if len(steps) < 5 || steps[0] != Folder || steps[2] != "packages" {
		return ""
	}
	return steps[3]
}

// narrowed is the part of a tree that a person asked for.
func narrowed(tree fs.FS, o ReviewOptions) fs.FS {
	if tree == nil || o.Cluster == "" && o.Instance == "" && o.Path == "" {
		return tree
	}
	folder := "."
	if o.Path != "" {
		folder = path.Clean(filepath.ToSlash(o.Path))
	}
	return partial{FS: tree, shown: func(name string) bool {
		leads := func(to string) bool {
			return to == "." || name == to || strings.HasPrefix(name, to+"/") || strings.HasPrefix(to, name+"/")
		}
		cluster := clusterOf(name)
		switch {
		case o.Cluster != "" && !leads(clusterFolder(o.Cluster)):
			return false
		case o.Instance != "" && cluster == "":
			return name == Folder
		case o.Instance != "" && !leads(path.Join(clusterFolder(cluster), "packages", o.Instance)):
			return false
		}
		return leads(folder)
	}}
}

// partial shows some files and folders of a tree.
type partial struct {
	fs.FS
	shown func(name string) bool
}

// ReadDir lists those entries of a folder that are shown.
func (t partial) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !t.shown(path.Join(name, e.Name())) }), err
}
