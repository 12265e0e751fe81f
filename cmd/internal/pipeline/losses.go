package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render/order/simulate"
)

// removals are those of a cluster, with what they have to read.
func (p *Project) removals(ctx context.Context, w *workspace.Workspace, cluster string, held, committed *lock.Lock, e Edit) removals {
	return removals{
		held: held, committed: committed, advance: e.Advance, purge: e.Purge,
		objects: func(instance string, part lock.Part) ([]*simulate.Object, error) {
			return p.objectsOfPart(ctx, path.Join(clusterFolder(cluster), "packages", instance, part.Name), part)
		},
		resources: func(group, kind string) ([]string, error) { return p.resources(w, cluster, group, kind) },
	}
}

// objectsOfPart reads the objects of a part as HEAD has them, or as the work tree has them where HEAD has not.
func (p *Project) objectsOfPart(ctx context.Context, folder string, part lock.Part) ([]*simulate.Object, error) {
	head, err := p.grounds.FS(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil, err
	}
	var objects []*simulate.Object
	for name := range part.Files {
		if name == "kustomization.yaml" {
			continue
		}
		data, err := fs.ReadFile(head, path.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			data, err = fs.ReadFile(work, path.Join(folder, name))
		}
		if err != nil {
			return nil, err
		}
		o, err := simulate.ReadObject(path.Join(folder, name), data)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(a, b *simulate.Object) int { return cmp.Compare(a.File, b.File) })
	return objects, nil
}

// maxManifest is the size of a file of the repository, in bytes, above which it is not looked through for custom resources.
const maxManifest = 5 << 20

// resources are the files of the work tree, generated or not, with a custom resource of a kind, but for what other clusters have. A file with
// several has its name several times. What is no YAML, as templates are, counts as nothing.
func (p *Project) resources(w *workspace.Workspace, cluster, group, kind string) ([]string, error) {
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil, err
	}
	var found []string
	err = fs.WalkDir(work, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name == ".git" || ofAnotherCluster(w, cluster, name) {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)):
			return nil
		}
		count, err := countKind(work, name, entry, group, kind)
		for range count {
			found = append(found, name)
		}
		return err
	})
	return found, err
}

func ofAnotherCluster(w *workspace.Workspace, cluster, folder string) bool {
	return slices.ContainsFunc(w.Clusters, func(c workspace.Cluster) bool { return c.Name != cluster && clusterFolder(c.Name) == folder })
}

// countKind counts the objects of a kind in a file.
func countKind(tree fs.FS, name string, entry fs.DirEntry, group, kind string) (int, error) {
	if info, err := entry.Info(); err != nil || info.Size() > maxManifest {
		return 0, err
	}
	data, err := fs.ReadFile(tree, name)
	if err != nil || !bytes.Contains(data, []byte(group)) || !bytes.Contains(data, []byte(kind)) {
		return 0, err
	}
	docs, err := document.Parse(name, data)
	if err != nil {
		return 0, nil
	}
	count := 0
	for _, doc := range docs {
		if id := doc.Object(); id.Group() == group && id.Kind == kind {
			count++
		}
	}
	return count, nil
}

// mostFiles is how many files of custom resources are named.
const mostFiles = 5

// losses names objects that hold data, a line each, and what goes with a definition: the custom resources that the repository has.
func (r removals) losses(data []*simulate.Object) (string, error) {
	lines := make([]string, 0, len(data))
	for _, o := range data {
		line := "  " + o.ID.String()
		if group, kind, _ := o.Defines(); kind != "" {
			files, err := r.resources(group, kind)
			if err != nil {
				return "", err
			}
			if len(files) > 0 {
				line += ": with it " + counted(len(files), "custom resource") + " of this repository, " + named(slices.Compact(files))
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func named(files []string) string {
	if len(files) <= mostFiles {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(files[:mostFiles], ", "), len(files)-mostFiles)
}

// mostCommands is how many commands are told; each is for all objects of one kind in one namespace.
const mostCommands = 12

// kubectl are commands for objects, one per kind and namespace, one per line.
func kubectl(verb string, objects []*simulate.Object) string {
	type key struct{ kind, namespace string }
	names := map[key][]string{}
	var order []key
	for _, o := range objects {
		k := key{strings.ToLower(o.ID.Kind), o.ID.Namespace}
		if group := o.ID.Group(); group != "" {
			k.kind += "." + group
		}
		if names[k] == nil {
			order = append(order, k)
		}
		names[k] = append(names[k], o.ID.Name)
	}
	lines := make([]string, 0, len(order))
	for n, k := range order {
		if n == mostCommands {
			lines = append(lines, fmt.Sprintf("  and of %s more", counted(len(order)-n, "kind")))
			break
		}
		line := "  kubectl " + verb + " " + k.kind + " " + strings.Join(names[k], " ")
		if k.namespace != "" {
			line += " -n " + k.namespace
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// objectsOf are the objects of events.
func objectsOf(events []simulate.Event) []*simulate.Object {
	objects := make([]*simulate.Object, 0, len(events))
	for _, e := range events {
		objects = append(objects, e.Object)
	}
	return objects
}

// namespaceNotices tell of namespaces of the cluster that leave Git with their last user.
func namespaceNotices(timeline *simulate.Timeline, root string) []string {
	if timeline == nil {
		return nil
	}
	var notices []string
	for _, e := range timeline.Events {
		switch name := e.Object.ID.Name; {
		case !strings.HasPrefix(e.Object.File, root+"/namespaces/"):
		case e.Action == simulate.Orphan:
			notices = append(notices, fmt.Sprintf("namespace %s leaves Git with its last user and stays in the cluster; it is deleted, with all that is in it, with\n  kubectl delete namespace %s", name, name))
		case e.Action == simulate.Prune:
			notices = append(notices, fmt.Sprintf("namespace %s leaves Git with its last user, and the engine deletes it with all that is in it", name))
		}
	}
	return notices
}

func listFiles(files []string) string {
	lines := make([]string, 0, len(files))
	for _, f := range files {
		lines = append(lines, "  "+strings.TrimSuffix(f, ".yaml"))
	}
	return strings.Join(lines, "\n")
}

func compareStrings(a, b string) int { return cmp.Compare(a, b) }
