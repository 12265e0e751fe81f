package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render/helm"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// ValuesError says that a file of values cannot be used.
type ValuesError struct {
	File, Where string
	Err         error
}

// Error names the file and the entry that lists it.
func (e *ValuesError) Error() string {
	return fmt.Sprintf("%s: file of values %s: %v", e.Where, e.File, e.Err)
}

// Unwrap is the cause.
func (e *ValuesError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ValuesError) Hint() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return "files of values lie in the repository: valuesFiles: names them relative to " + workspace.FileName
	}
	return ""
}

// readValues reads the files of values that a workspace names from a tree.
func readValues(tree fs.FS, w *workspace.Workspace) error {
	lists := [][]workspace.Package{w.Packages}
	for _, c := range w.Clusters {
		lists = append(lists, c.Packages)
	}
	for _, list := range lists {
		for n := range list {
			for _, name := range list[n].ValuesFiles {
				data, err := fs.ReadFile(tree, name)
				if err != nil {
					return &ValuesError{File: name, Where: list[n].Where(), Err: err}
				}
				more, err := helm.ParseValues(name, data)
				if err != nil {
					return &ValuesError{File: name, Where: list[n].Where(), Err: err}
				}
				list[n].FromFiles = values.Merge(list[n].FromFiles, more)
			}
		}
	}
	return nil
}

// modeOf is the mode as the lock keeps it: empty for plain manifests.
func modeOf(want workspace.Package) string {
	if want.Mode == workspace.Release {
		return string(want.Mode)
	}
	return ""
}

// Given are values as a person gives them on the command line.
type Given struct {
	Set   map[string]string // a name that the package defines, or a path in its chart's values, to what it is
	Texts map[string]string // likewise, but the value is a text whatever it looks like
	Files []string          // files of values, relative to From or absolute
	From  string            // the folder that they are relative to
	Root  string            // of the repository that they lie in; empty is the project's own
}

// give writes values into an entry, with the types that the newest fitting version of the package defines. full is the entry with what it
// overrides.
func (p *Project) give(ctx context.Context, entry *workspace.Package, full workspace.Package, given Given) error {
	if err := p.giveFiles(entry, given); err != nil {
		return err
	}
	if len(given.Set)+len(given.Texts) == 0 {
		return nil
	}
	release, err := p.newest(ctx, full.Name, full.Registry, full.Range())
	if err != nil {
		return err
	}
	all := values.Merge(entry.Values, nil)
	for _, name := range sortedNames(given.Set) {
		if err := setOne(release, all, name, given.Set[name], helm.Set); err != nil {
			return err
		}
	}
	for _, name := range sortedNames(given.Texts) {
		if err := setOne(release, all, name, given.Texts[name], helm.SetText); err != nil {
			return err
		}
	}
	entry.Values = all
	return nil
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// setOne sets a value that the package defines, or one of its chart.
func setOne(release *catalog.Release, all map[string]any, name, text string, chart func(map[string]any, string, string) error) error {
	definition, known := release.Manifest.ValueDefinitions[name]
	switch {
	case known:
		v, err := values.Parse(name, definition, text)
		if err != nil {
			return fmt.Errorf("package %s %s: %w", release.Package, release.Version, err)
		}
		all[name] = v.Literal()
		return nil
	case release.Manifest.Helm == nil:
		return unknownValue(release, name)
	}
	copied, err := values.Plain(all) // lists are changed in place
	if err != nil {
		return err
	}
	if err := chart(copied, name, text); err != nil {
		return fmt.Errorf("package %s %s: %w", release.Package, release.Version, err)
	}
	top, _, _ := strings.Cut(name, ".")
	top, _, _ = strings.Cut(top, "[")
	all[top] = copied[top]
	return nil
}

// giveFiles lists files of values in an entry, relative to gkops.yaml. They lie in the repository.
func (p *Project) giveFiles(entry *workspace.Package, given Given) error {
	for _, file := range given.Files {
		full := file
		if !filepath.IsAbs(full) {
			full = filepath.Join(given.From, file)
		}
		name, err := filepath.Rel(cmp.Or(given.Root, p.grounds.Root()), full)
		if name = filepath.ToSlash(name); err != nil || !fs.ValidPath(name) {
			return &ValuesError{File: file, Where: "--values", Err: errors.New("it is not in the repository")}
		}
		if !slices.Contains(entry.ValuesFiles, name) {
			entry.ValuesFiles = append(slices.Clone(entry.ValuesFiles), name)
		}
	}
	return nil
}

// unset takes a value out of values, one of a chart by its path. It is false when there is none.
func unset(from map[string]any, name string) bool {
	if _, there := from[name]; there {
		delete(from, name)
		return true
	}
	key, rest, nested := strings.Cut(name, ".")
	inner, isMap := from[key].(map[string]any)
	if !nested || !isMap || !unset(inner, rest) {
		return false
	}
	if len(inner) == 0 {
		delete(from, key)
	}
	return true
}
