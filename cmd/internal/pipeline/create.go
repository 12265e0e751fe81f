package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/resolver/catalog"
)

// NamedURL is a registry as a person names it.
type NamedURL struct {
	Name, URL string
	From      string   // the folder that a relative URL starts at
	Of        []string // an overlay: the registries whose packages its facts are about; empty means all
}

// relative is the URL as gkops.yaml in a folder writes it.
func (r NamedURL) relative(base string) string {
	if strings.Contains(r.URL, ":") || filepath.IsAbs(r.URL) || r.From == base {
		return r.URL
	}
	relative, err := filepath.Rel(base, filepath.Join(r.From, r.URL))
	if err != nil {
		return filepath.Join(r.From, r.URL)
	}
	return filepath.ToSlash(relative)
}

// Init is a workspace to be made.
type Init struct {
	Dir, Engine, Cluster, Kubernetes string
	Registries                       []NamedURL
	Entry                            string // folder that the engine reads already; empty writes no entry object
	RepoURL                          string // for Argo CD
}

// Created is what Create wrote, and the object that makes the engine read what gkops generates.
type Created struct {
	Root    string   // of the repository
	Written []string // relative to the repository
	Entry   string
}

// Create makes a workspace in a repository, and the repository when there is none. It never overwrites a gkops.yaml, and refuses
// a repository where the engine would swallow the generated tree.
func Create(ctx context.Context, world World, request Init) (*Created, error) {
	repository, err := gitops.Open(request.Dir)
	if none := (*gitops.NotFoundError)(nil); errors.As(err, &none) || errors.Is(err, fs.ErrNotExist) {
		repository, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	data, w, err := newWorkspace(ctx, world, repository, request)
	if err != nil {
		return nil, err
	}
	if repository == nil { // only now that the request is known to be good
		if repository, err = gitops.Init(request.Dir); err != nil {
			return nil, err
		}
	}
	work, err := repository.WorkFS()
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(work, workspace.FileName); err == nil {
		return nil, &ExistsError{File: workspace.FileName}
	}
	if w.Engine == workspace.ArgoCD && w.Source.RepoURL == "" {
		world.Warn("the address of this repository is not known: set source.repoURL in gkops.yaml before the first commit")
	}
	p := &Project{world: world, grounds: repository, repository: repository, data: data, workspace: w}
	if err := swallowed(work, w); err != nil {
		return nil, err
	}
	if request.Entry != "" && within(path.Clean(filepath.ToSlash(request.Entry)), Folder) {
		return nil, &EntryError{Folder: request.Entry}
	}
	writes := map[string][]byte{workspace.FileName: data}
	name, entry, err := render.Entry(p.target(w, w.Clusters[0], nil))
	if err != nil {
		return nil, err
	}
	if request.Entry != "" {
		writes[path.Join(filepath.ToSlash(request.Entry), name)] = entry
	}
	ignore, err := sourceIgnore(work, w, request.Entry != "" && path.Clean(filepath.ToSlash(request.Entry)) == ".")
	if err != nil {
		return nil, err
	}
	if ignore != nil {
		writes[".sourceignore"] = ignore
	}
	owned := map[string]catalog.Digest{} // a .sourceignore of the user gets a line more
	if there, err := fs.ReadFile(work, ".sourceignore"); err == nil {
		owned[".sourceignore"] = catalog.DigestOf(there)
	}
	change, err := repository.Stage(ctx, gitops.Want{Write: writes, Owned: owned})
	if err != nil {
		return nil, err
	}
	if err := repository.Apply(ctx, change); err != nil {
		return nil, err
	}
	return &Created{Root: repository.Root(), Written: append(change.Added(), change.Changed()...), Entry: string(entry)}, nil
}

// ExistsError says that a file is there already that would be made.
type ExistsError struct{ File string }

// Error names the file.
func (e *ExistsError) Error() string { return e.File + " is there already" }

// Hint says how to go on.
func (e *ExistsError) Hint() string {
	return "this is a workspace: change it with 'gkops add', 'gkops registry add', or by hand"
}

// EntryError says that the entry object would lie in the folder that it makes the engine read.
type EntryError struct{ Folder string }

// Error names the folder.
func (e *EntryError) Error() string {
	return fmt.Sprintf("--entry %s lies in %s/, which gkops generates", e.Folder, Folder)
}

// Hint says what to give.
func (e *EntryError) Hint() string {
	return "name the folder that the engine reads already, as clusters/NAME"
}

// newWorkspace is the first gkops.yaml, and what it says. The type of every registry is found by looking, and the address of the
// repository by asking for its remote origin; both are written down. The repository is nil when there is none yet.
func newWorkspace(ctx context.Context, world World, repository *gitops.Repository, request Init) ([]byte, *workspace.Workspace, error) {
	w := workspace.Workspace{
		APIVersion: workspace.APIVersion, Kind: workspace.Kind,
		Engine:   workspace.Engine(request.Engine),
		Source:   workspace.Source{RepoURL: request.RepoURL},
		Clusters: []workspace.Cluster{{Name: request.Cluster, Kubernetes: request.Kubernetes}},
	}
	base := request.Dir
	if repository != nil {
		base = repository.Root()
		if w.Engine == workspace.ArgoCD && w.Source.RepoURL == "" {
			w.Source.RepoURL = repository.RemoteURL("origin")
		}
	}
	if w.Engine == workspace.Flux {
		w.Source.Name, w.Source.Namespace = "flux-system", "flux-system"
	}
	for _, r := range request.Registries {
		entry, err := look(ctx, world, base, workspace.Registry{Name: r.Name, URL: r.relative(base)})
		if err != nil {
			return nil, nil, err
		}
		w.Registries = append(w.Registries, entry)
	}
	data, err := workspace.New(w)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := workspace.Parse(workspace.FileName, data)
	return data, parsed, err
}

// SwallowedError says that an engine's object that is in the repository already would read the generated tree as its own.
type SwallowedError struct{ File, Reads, Root string }

// Error names the object's file and what it reads.
func (e *SwallowedError) Error() string {
	return fmt.Sprintf("%s makes the engine apply everything below %s, and %s would lie in it", e.File, e.Reads, e.Root)
}

// Hint says how to go on.
func (e *SwallowedError) Hint() string {
	return "let that object read a folder of its own (as clusters/NAME), then run init again"
}

// swallowed looks for Flux Kustomizations and Argo CD Applications in a repository whose path holds gkops's folder.
func swallowed(work fs.FS, w *workspace.Workspace) error {
	root := clusterFolder(w.Clusters[0].Name)
	return fs.WalkDir(work, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == Folder):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
			return nil
		}
		data, err := fs.ReadFile(work, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		for _, reads := range enginePaths(name, data) {
			if within(root, reads) && (w.Engine != workspace.Flux || path.Clean(reads) != ".") {
				return &SwallowedError{File: name, Reads: reads, Root: root}
			}
		}
		return nil
	})
}

// within reports whether a folder lies in another, or is it.
func within(folder, other string) bool {
	other = path.Clean(other)
	return other == "." || strings.HasPrefix(folder+"/", other+"/")
}

// enginePaths are the folders that the engine objects of a file make the engine read. A file that cannot be parsed has none: it is
// not ours to judge.
func enginePaths(name string, data []byte) []string {
	if !bytes.Contains(data, []byte("kustomize.toolkit.fluxcd.io")) && !bytes.Contains(data, []byte("argoproj.io")) {
		return nil
	}
	documents, err := document.Parse(name, data)
	if err != nil {
		return nil
	}
	var paths []string
	for _, d := range documents {
		object := d.Object()
		root := d.Root()
		switch {
		case object.Kind == "Kustomization" && object.Group() == "kustomize.toolkit.fluxcd.io":
			paths = append(paths, path.Clean(scalar(root, "spec", "path"))) // no path is the root
		case object.Kind == "Application" && object.Group() == "argoproj.io":
			paths = append(paths, sourcePaths(root, "spec")...)
		case object.Kind == "ApplicationSet" && object.Group() == "argoproj.io":
			paths = append(paths, sourcePaths(root, "spec", "template", "spec")...)
		}
	}
	return paths
}

// sourcePaths are the folders that the source, or the sources, of an Application make Argo CD read. A source without a path, or with a
// template in it, is none.
func sourcePaths(root *yaml.Node, spec ...string) []string {
	var paths []string
	add := func(p string) {
		if p != "" && !strings.Contains(p, "{{") {
			paths = append(paths, p)
		}
	}
	add(scalar(root, append(slices.Clone(spec), "source", "path")...))
	if list := document.Lookup(root, append(slices.Clone(spec), "sources")...); list != nil {
		for _, source := range list.Content {
			add(scalar(source, "path"))
		}
	}
	return paths
}

// scalar is the text of a field, empty when there is none.
func scalar(root *yaml.Node, field ...string) string {
	if node := document.Lookup(root, field...); node != nil {
		return node.Value
	}
	return ""
}

// fluxRoot reports whether a Flux Kustomization of the repository reads the whole of it.
func fluxRoot(work fs.FS) (bool, error) {
	found := false
	err := fs.WalkDir(work, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == Folder):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
			return nil
		}
		data, err := fs.ReadFile(work, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if bytes.Contains(data, []byte("kustomize.toolkit.fluxcd.io")) &&
			slices.ContainsFunc(enginePaths(name, data), func(p string) bool { return path.Clean(p) == "." }) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found, err
}

// ignoredLine keeps gkops.yaml from a Flux root over the whole repository: without a kustomization.yaml such a root applies every
// YAML file that it finds. The generated tree needs no line: its own kustomization.yaml names what the root may read.
const ignoredLine = "/" + workspace.FileName

// sourceIgnore is .sourceignore with gkops's own files in it, nil when it needs no change.
func sourceIgnore(work fs.FS, w *workspace.Workspace, whole bool) ([]byte, error) {
	if w.Engine != workspace.Flux {
		return nil, nil
	}
	root, err := fluxRoot(work)
	if err != nil || !root && !whole {
		return nil, err
	}
	data, err := fs.ReadFile(work, ".sourceignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read .sourceignore: %w", err)
	}
	if slices.Contains(strings.Split(string(data), "\n"), ignoredLine) {
		return nil, nil
	}
	return withIgnoredLine(data), nil
}

// withIgnoredLine is a .sourceignore with the line at its end.
func withIgnoredLine(data []byte) []byte {
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data, '\n')
	}
	return append(data, ignoredLine+"\n"...)
}
