package forgetest

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"gkops.dev/gkops/gitops"
)

// errConflict says that both sides changed the same file.
var errConflict = errors.New("merge conflict")

// changes are the files that differ between two commits, as changes from the one to the other. An empty commit has no files.
func changes(ctx context.Context, store *gitops.Store, from, to string) ([]gitops.FileChange, error) {
	if from == to {
		return nil, nil
	}
	before, after := map[string]string{}, map[string]string{}
	for commit, files := range map[string]*map[string]string{from: &before, to: &after} {
		if commit == "" {
			continue
		}
		var err error
		if *files, err = store.Files(ctx, commit, ""); err != nil {
			return nil, err
		}
	}
	tree, err := store.FS(ctx, to)
	if err != nil {
		return nil, err
	}
	var found []gitops.FileChange
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] == after[name] {
			continue
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		found = append(found, gitops.FileChange{Path: name, Data: data})
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, kept := after[name]; !kept {
			found = append(found, gitops.FileChange{Path: name, Deleted: true})
		}
	}
	return found, nil
}

// ancestors are a commit and everything before it.
func ancestors(store *gitops.Store, commit string) (map[string]bool, error) {
	found := map[string]bool{}
	for queue := []string{commit}; len(queue) > 0; queue = queue[1:] {
		if found[queue[0]] {
			continue
		}
		found[queue[0]] = true
		facts, err := store.CommitOf(queue[0])
		if err != nil {
			return nil, err
		}
		queue = append(queue, facts.Parents...)
	}
	return found, nil
}

// mergeBase is the nearest commit, by steps from the one, that both have; empty when they share none.
func mergeBase(store *gitops.Store, one, other string) (string, error) {
	reached, err := ancestors(store, other)
	if err != nil {
		return "", err
	}
	for queue := []string{one}; len(queue) > 0; queue = queue[1:] {
		if reached[queue[0]] {
			return queue[0], nil
		}
		facts, err := store.CommitOf(queue[0])
		if err != nil {
			return "", err
		}
		queue = append(queue, facts.Parents...)
	}
	return "", nil
}

// merged makes the commit that merges head into base. Files are merged whole: errConflict says that both sides changed one.
func merged(ctx context.Context, store *gitops.Store, base, head, method string, c gitops.NewCommit) (string, error) {
	common, err := mergeBase(store, head, base)
	if err != nil {
		return "", err
	}
	theirs, err := changes(ctx, store, common, head)
	if err != nil {
		return "", err
	}
	ours, err := changes(ctx, store, common, base)
	if err != nil {
		return "", err
	}
	for _, change := range theirs {
		n := slices.IndexFunc(ours, func(o gitops.FileChange) bool { return o.Path == change.Path })
		if n >= 0 && (ours[n].Deleted != change.Deleted || string(ours[n].Data) != string(change.Data)) {
			return "", errConflict
		}
	}
	c.Files, c.Parents = theirs, []string{base}
	if method == "merge" || method == "" {
		c.Parents = append(c.Parents, head)
	}
	return store.Commit(ctx, c)
}
