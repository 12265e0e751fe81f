package gitops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/resolver/catalog"
)

// stager compares wanted files with those that are there.
type stager struct {
	repository *Repository
	want       Want
	folders    map[string]folderState
	occupied   OccupiedError
}

// folderState is what is known of a folder of the work tree.
type folderState struct {
	exists  bool
	file    bool  // a plain file is there instead
	blocked error // why nothing is written below it
}

// compare finds the files that change, in the order of names.
func (s *stager) compare(ctx context.Context, names []string) ([]changeStep, error) {
	present := make([]fs.FileInfo, len(names))
	for n, name := range names {
		_, writes := s.want.Write[name]
		info, err := s.look(name, writes)
		if err != nil {
			return nil, err
		}
		present[n] = info
	}
	steps := make([]*changeStep, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for n, name := range names {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			step, err := s.step(name, present[n])
			steps[n] = step
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var found []changeStep
	for _, step := range steps {
		if step != nil {
			found = append(found, *step)
			s.occupied.claim(*step, s.want)
		}
	}
	return found, nil
}

// step is what has to happen to one file, nil for nothing.
func (s *stager) step(name string, info fs.FileInfo) (*changeStep, error) {
	if info != nil && info.Mode().Type() != 0 {
		return nil, &PathError{Path: name, Reason: "is " + describe(info.Mode())}
	}
	return s.want.step(name, info != nil, func() ([]byte, error) { return os.ReadFile(s.repository.file(name)) })
}

// step is what has to happen to one file, which is there or not, nil for nothing.
func (w Want) step(name string, there bool, read func() ([]byte, error)) (*changeStep, error) {
	data, writes := w.Write[name]
	if data == nil && writes {
		data = []byte{}
	}
	if !there {
		if !writes {
			return nil, nil
		}
		return &changeStep{path: name, data: data}, nil
	}
	present, err := read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if writes && bytes.Equal(present, data) {
		return nil, nil
	}
	return &changeStep{path: name, old: catalog.DigestOf(present), data: data}, nil
}

// claim notes a file that must not be touched.
func (e *OccupiedError) claim(step changeStep, want Want) {
	digest, owned := want.Owned[step.path]
	switch {
	case step.old == "" || owned && (step.old == digest || want.Force):
	case owned:
		e.Edited = append(e.Edited, step.path)
	default:
		e.Foreign = append(e.Foreign, step.path)
	}
}

// look finds out what is at a path, without following symbolic links; nil for nothing. Where a file is to be written, a file on the
// way to it is an error.
func (s *stager) look(name string, writes bool) (fs.FileInfo, error) {
	for prefix := range prefixes(path.Dir(name)) {
		if prefix == "." {
			break
		}
		state := s.folder(prefix)
		switch {
		case state.blocked != nil && (writes || !state.file):
			return nil, state.blocked
		case !state.exists:
			return nil, nil
		}
	}
	info, err := os.Lstat(s.repository.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", name, err)
	}
	return info, nil
}

// folder looks at one folder, once.
func (s *stager) folder(name string) folderState {
	state, known := s.folders[name]
	if !known {
		state = s.repository.folderState(name)
		s.folders[name] = state
	}
	return state
}

// folderState finds a folder that is a symbolic link, no folder, or another repository.
func (r *Repository) folderState(name string) folderState {
	info, err := os.Lstat(r.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist) || isNotDir(err):
		return folderState{}
	case err != nil:
		return folderState{blocked: fmt.Errorf("look at %s: %w", name, err)}
	case !info.IsDir():
		reason := "is " + describe(info.Mode()) + ", and files are to be written below it"
		return folderState{file: info.Mode().IsRegular(), blocked: &PathError{Path: name, Reason: reason}}
	case exists(filepath.Join(r.file(name), ".git")):
		return folderState{blocked: &PathError{Path: name, Reason: "is another repository, or a submodule", Advice: "run gkops in it"}}
	}
	return folderState{exists: true}
}

func describe(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "a file"
	case fs.ModeDir:
		return "a folder"
	case fs.ModeSymlink:
		return "a symbolic link"
	}
	return "not a file"
}

// file is the place of a path on the disk.
func (r *Repository) file(name string) string { return filepath.Join(r.root, filepath.FromSlash(name)) }

// twinsOnDisk refuses a new file whose name differs by case only from one that is there.
func (s *stager) twinsOnDisk(steps []changeStep) error {
	listed := map[string]map[string]string{}
	for _, step := range steps {
		if step.old != "" || step.deletes() {
			continue
		}
		for prefix := range prefixes(step.path) {
			parent := path.Dir(prefix)
			if parent != "." && !s.folders[parent].exists {
				break
			}
			if listed[parent] == nil {
				listed[parent] = s.list(parent)
			}
			twin := listed[parent][folded(path.Base(prefix))]
			if twin != "" && twin != path.Base(prefix) && !deleted(steps, path.Join(parent, twin)) {
				return &PathError{Path: prefix, Reason: "differs from " + quoted(path.Join(parent, twin)) + " by case only"}
			}
		}
	}
	return nil
}

func deleted(steps []changeStep, name string) bool {
	return slices.ContainsFunc(steps, func(s changeStep) bool { return s.deletes() && s.path == name })
}

// list are the names in a folder by their folded form.
func (s *stager) list(folder string) map[string]string {
	names := map[string]string{}
	entries, err := os.ReadDir(s.repository.file(folder))
	if err != nil {
		return names
	}
	for _, entry := range entries {
		names[folded(entry.Name())] = entry.Name()
	}
	return names
}
