package simulate

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// sourceLimit is the number of bytes from which the repository server refuses a directory source, by default.
const sourceLimit = 10_000_000

// readApplication reads the Application and the YAML files of its sources.
func (t *Tree) readApplication() error {
	file := path.Join(t.Root, "argocd", "application.yaml")
	doc, err := document.ParseOne(file, t.files[file])
	if err != nil {
		return err
	}
	id, spec := doc.Object(), document.Lookup(doc.Root(), "spec")
	app := Owner{
		Name: id.Namespace + "/" + id.Name, File: file, Line: doc.Line, waits: true, tracking: id.Name,
		prunes:      text(spec, "syncPolicy", "automated", "prune") == "true",
		allowsEmpty: text(spec, "syncPolicy", "automated", "allowEmpty") == "true",
	}
	for _, option := range items(document.Lookup(spec, "syncPolicy", "syncOptions")) {
		app.serverSide = app.serverSide || option.Value == "ServerSideApply=true"
	}
	sources := items(document.Lookup(spec, "sources"))
	if one := document.Lookup(spec, "source"); len(sources) == 0 && one != nil {
		sources = []*yaml.Node{one}
	}
	for _, source := range sources {
		app.Paths = append(app.Paths, path.Clean(text(source, "path")))
	}
	t.Owners = []Owner{app}
	t.checkRetry(document.Lookup(spec, "syncPolicy", "retry"))
	for n, source := range sources {
		t.readSource(app.Paths[n], source)
	}
	return nil
}

// checkRetry: an operation that is tried again without a refresh keeps to the revision that failed.
func (t *Tree) checkRetry(retry *yaml.Node) {
	if retry == nil || text(retry, "refresh") == "true" {
		return
	}
	app := &t.Owners[0]
	t.faults = append(t.faults, newFault(RetryWithoutRefresh, Error, &Object{File: app.File, Line: retry.Line},
		"a failed sync is tried again on the revision that failed, so that a fix in Git is never taken up", "set refresh: true next to it"))
}

// readSource adds the YAML files of a directory source.
func (t *Tree) readSource(folder string, source *yaml.Node) {
	recurse := text(source, "directory", "recurse") == "true"
	exclude := text(source, "directory", "exclude")
	var files []string
	size := 0
	for file, data := range t.files {
		name, below := strings.CutPrefix(file, folder+"/")
		if !below || !recurse && strings.Contains(name, "/") || !isManifest(name) || excluded(name, exclude) {
			continue
		}
		files = append(files, file)
		size += len(data)
	}
	slices.Sort(files)
	for _, file := range files {
		t.add(0, file)
	}
	if size > sourceLimit {
		t.faults = append(t.faults, newFault(SourceTooLarge, Error, &Object{File: t.Owners[0].File, Line: source.Line},
			fmt.Sprintf("source %s has %d bytes, and Argo CD reads no more than %d of one", folder, size, sourceLimit),
			"raise ARGOCD_REPO_SERVER_MAX_COMBINED_DIRECTORY_MANIFESTS_SIZE of its repository server"))
	}
}

// holds reports whether there is anything in a folder.
func (t *Tree) holds(folder string) bool {
	for file := range t.files {
		if strings.HasPrefix(file, folder+"/") {
			return true
		}
	}
	return false
}

func isManifest(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".json")
}

// excluded reports whether a path below a source matches its exclude: alternatives in braces, where ** is any number of folders. Only *, and
// patterns that end in a plain file name, are understood; others exclude nothing here.
func excluded(name, exclude string) bool {
	for pattern := range strings.SplitSeq(strings.Trim(exclude, "{}"), ",") {
		base, anywhere := strings.CutPrefix(pattern, "**/")
		if pattern == "*" || name == pattern || anywhere && strings.HasSuffix(name, "/"+base) {
			return true
		}
	}
	return false
}
