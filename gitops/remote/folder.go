package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"gkops.dev/gkops/gitops"
)

// folder is a repository in a folder of this machine. It is opened for every conversation, since others write to it.
type folder struct{ dir, name string }

func (f *folder) open() (*gitops.Store, error) {
	for _, dir := range []string{f.dir, f.dir + ".git"} {
		if _, err := os.Stat(filepath.Join(dir, "HEAD")); err == nil {
			return gitops.OpenStore(dir)
		}
	}
	if _, err := os.Stat(filepath.Join(f.dir, ".git")); err == nil {
		return nil, &gitops.UnsupportedError{Dir: f.dir, Reason: "somebody works in it", Advice: "make a bare clone of it"}
	}
	return nil, &NotFoundError{Remote: f.name}
}

func (f *folder) refs(context.Context) (gitops.Refs, error) {
	store, err := f.open()
	if err != nil {
		return gitops.Refs{}, err
	}
	return store.Refs()
}

func (f *folder) fetch(ctx context.Context, store *gitops.Store, ids []string, depth int) error {
	from, err := f.open()
	if err != nil {
		return err
	}
	return from.CopyTo(ctx, store, ids, depth)
}

// push puts the objects into the folder and moves the branch. A repository with hooks is refused: a server would run them, and
// nothing is run here.
func (f *folder) push(ctx context.Context, store *gitops.Store, branch, old, id string) error {
	to, err := f.open()
	if err != nil {
		return err
	}
	if hook := f.hook(to.Dir()); hook != "" {
		return &ProtectedError{Remote: f.name, Branch: branch, Reason: "its hook " + hook + " would have to run; push over ssh or https"}
	}
	if id != "" {
		if err := store.CopyTo(ctx, to, []string{id}, 0); err != nil {
			return err
		}
	}
	err = to.Point(ctx, "refs/heads/"+branch, old, id)
	var moved *gitops.RefMovedError
	switch {
	case errors.As(err, &moved) && moved.Now == id:
		return nil
	case errors.As(err, &moved):
		return &LeaseError{Branch: branch, Want: old, Now: moved.Now}
	}
	return err
}

// hook is a hook that a push would run, if there is one.
func (f *folder) hook(dir string) string {
	entries, err := os.ReadDir(filepath.Join(dir, "hooks"))
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode()&0o111 != 0 && !strings.HasSuffix(entry.Name(), ".sample") {
			return entry.Name()
		}
	}
	return ""
}
