package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"

	"gkops.dev/gkops/gitops/workspace"
)

// checkAgainst checks files, with a base only for what is new against it.
func checkAgainst(ctx context.Context, env Env, o compatOptions, files []compat.File, target compat.Target) (*compat.Report, error) {
	if o.base == "" {
		return compat.CheckFiles(ctx, files, target)
	}
	base, stored, err := baseFiles(ctx, env, o)
	if err != nil {
		return nil, err
	}
	before, err := compat.CheckFiles(ctx, base, target)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", o.base, err)
	}
	target.Before, target.Earlier = before.Uses, before.Definitions
	for i := range target.Earlier {
		d := &target.Earlier[i]
		d.From = fmt.Sprintf("%s:%d of %s", d.File, d.Line, o.base)
	}
	checked, err := compat.CheckFiles(ctx, files, target)
	if err != nil {
		return nil, err
	}
	changed, err := compat.CompareCRDs(ctx, base, files, stored)
	if err != nil {
		return nil, err
	}
	checked.Findings = append(compat.Fresh(checked.Findings, before.Findings), changed...)
	finding.Sort(checked.Findings)
	return checked, nil
}

// baseFiles are the files of --base, and what the history before it stored: a folder has none.
func baseFiles(ctx context.Context, env Env, o compatOptions) ([]compat.File, compat.Stored, error) {
	if info, err := os.Stat(absolute(env, o.base)); err == nil && info.IsDir() {
		files, err := filesToCheck(env, []string{o.base})
		return files, nil, err
	}
	if slices.Contains(o.paths, "-") {
		return nil, nil, &usageError{Command: "gkops compat", Err: errors.New("the standard input has no revision: compare it with a folder")}
	}
	m, err := pipeline.OpenManifests(ctx, env.Dir, o.base)
	if err != nil {
		return nil, nil, fmt.Errorf("--base %s is no folder, and as a revision: %w", o.base, err)
	}
	var files []compat.File
	var fulls []string
	for _, name := range o.paths {
		full := absolute(env, name)
		fulls = append(fulls, full)
		found, err := m.Files(ctx, full, func(tree fs.FS, root string) ([]compat.File, error) { return manifests(tree, root, name) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		files = append(files, found...)
	}
	stored, whole, err := m.Stored(ctx, fulls)
	if err != nil {
		return nil, nil, err
	}
	if !whole {
		fmt.Fprintln(env.Stderr, "gkops: the clone is shallow: versions that were stored before its history begins are not known")
	}
	return files, stored, nil
}

// manifests are the YAML and JSON files of a tree at or below a path, without those in hidden folders. They are named as if name
// were that path.
func manifests(tree fs.FS, root, name string) ([]compat.File, error) {
	var files []compat.File
	err := fs.WalkDir(tree, root, func(full string, d fs.DirEntry, err error) error {
		switch ext := strings.ToLower(path.Ext(full)); {
		case err != nil:
			return err
		case d.IsDir() && full != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir(), full != root && ext != ".yaml" && ext != ".yml" && ext != ".json", d.Name() == compat.IgnoreFile:
			return nil
		}
		shown := path.Join(filepath.ToSlash(name), strings.TrimPrefix(strings.TrimPrefix(full, root), "/"))
		if root == "." {
			shown = path.Join(filepath.ToSlash(name), full)
		}
		files = append(files, compat.File{Name: shown, Read: func() ([]byte, error) { return fs.ReadFile(tree, full) }})
		return nil
	})
	return files, err
}

// ignoreRules are those of a file, by default of .gkops-compat.yaml in the working directory where there is one, and those of
// gkops.yaml there.
func ignoreRules(env Env, file string) ([]compat.Ignore, error) {
	name := file
	if name == "" {
		name = compat.IgnoreFile
	}
	var rules []compat.Ignore
	data, err := os.ReadFile(absolute(env, name))
	switch {
	case err == nil:
		if rules, err = compat.ParseIgnores(name, data); err != nil {
			return nil, err
		}
	case file != "" || !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read ignore rules: %w", err)
	}
	data, err = os.ReadFile(absolute(env, workspace.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return rules, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ignore rules: %w", err)
	}
	w, err := workspace.Parse(workspace.FileName, data)
	if err != nil {
		return nil, err
	}
	return append(rules, pipeline.IgnoreRules(w)...), nil
}
