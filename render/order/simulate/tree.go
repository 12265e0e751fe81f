package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// The engines whose trees are read.
const (
	Flux   = "flux"
	ArgoCD = "argocd"
)

// Files are the files of a repository, or of the part of it that an engine reads: path relative to the repository, slash-separated, to
// content.
type Files = map[string][]byte

// Tree is what Git holds for one cluster at one revision, as its engine reads it.
type Tree struct {
	Engine  string // Flux, ArgoCD, or empty when nothing is installed
	Root    string // "gkops/<cluster>"
	Owners  []Owner
	Objects []*Object // by owner, in the order in which the owner reads them

	files  map[string][]byte
	byFile map[string]*Object
	byKey  map[string]*Object
	faults []Fault // what is wrong with the tree whatever is done with it
}

// Owner is what applies objects and deletes those that it no longer has: a Flux Kustomization, or the Argo CD Application.
type Owner struct {
	Name      string // "namespace/name"
	File      string
	Line      int
	Paths     []string // folders that it reads, relative to the repository
	DependsOn []Dependency

	components  []string // folders of Components, without which it applies nothing
	source      string   // what it reads from, as a text that is equal for equal sources
	waits       bool     // it is ready only when its objects are
	prunes      bool     // it deletes what leaves it
	forces      bool     // it makes again what cannot be changed
	substitutes bool     // it replaces ${x} in what it applies
	serverSide  bool     // it applies every object on the server
	tracking    string   // how an Application names itself in tracking ids
	allowsEmpty bool     // an Application deletes also the last of its objects
}

// Dependency is another owner that one waits for.
type Dependency struct {
	Name   string // "namespace/name"
	Line   int
	custom bool // an expression of its own says when it is met, in place of the checks of readiness and revision
}

// ErrUnreadable is part of the errors of Read: a file that an engine would read is not there or is not what it should be.
var ErrUnreadable = errors.New("no engine could read this tree")

// Read reads the tree of one cluster. Objects whose bytes are those of a tree that was read before, when one is given, are shared with it.
// An error wraps ErrUnreadable, or is a *document.SyntaxError.
func Read(files Files, root string, known *Tree) (*Tree, error) {
	t := &Tree{Root: root, files: files, byFile: map[string]*Object{}, byKey: map[string]*Object{}}
	var err error
	switch {
	case files[path.Join(root, "flux", kustomizationFile)] != nil:
		t.Engine, err = Flux, t.readFlux()
	case files[path.Join(root, "argocd", "application.yaml")] != nil:
		t.Engine, err = ArgoCD, t.readApplication()
	}
	if err != nil {
		return nil, err
	}
	if err := t.readObjects(known); err != nil {
		return nil, err
	}
	t.index()
	return t, nil
}

const kustomizationFile = "kustomization.yaml"

// add notes an object of an owner; it is read later.
func (t *Tree) add(owner int, file string) {
	t.Objects = append(t.Objects, &Object{File: file, owner: owner})
}

// readObjects reads all objects, several at a time.
func (t *Tree) readObjects(known *Tree) error {
	errs := make([]error, len(t.Objects))
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		group.Go(func() error {
			for n := worker; n < len(t.Objects); n += workers {
				errs[n] = t.readObject(n, known)
			}
			return nil
		})
	}
	group.Wait() //nolint:errcheck // the errors are in errs
	return errors.Join(errs...)
}

func (t *Tree) readObject(n int, known *Tree) error {
	place := t.Objects[n]
	data := t.files[place.File]
	if known != nil {
		if same := known.byFile[place.File]; same != nil && string(known.files[place.File]) == string(data) {
			shared := *same
			shared.owner = place.owner
			t.Objects[n] = &shared
			return nil
		}
	}
	o, err := ReadObject(place.File, data)
	if err != nil {
		return err
	}
	o.owner = place.owner
	t.Objects[n] = o
	return nil
}

// index finds objects by file and identity, and says which have two owners.
func (t *Tree) index() {
	for _, o := range t.Objects {
		t.byFile[o.File] = o
		if twin := t.byKey[o.ID.Key()]; twin != nil {
			t.fault(o, TwoOwners, Error, "a second time in this tree, it is also in "+twin.File,
				"the two take it from each other; keep one of the files")
			continue
		}
		t.byKey[o.ID.Key()] = o
	}
	t.unread()
}

// unread finds objects of the tree that no owner reads.
func (t *Tree) unread() {
	var left []string
	for file := range t.files {
		within := strings.HasPrefix(file, t.Root+"/packages/") || strings.HasPrefix(file, t.Root+"/namespaces/")
		if within && strings.HasSuffix(file, ".yaml") && path.Base(file) != kustomizationFile && t.byFile[file] == nil {
			left = append(left, file)
		}
	}
	slices.Sort(left)
	for _, file := range left {
		t.faults = append(t.faults, newFault(Unread, Error, &Object{File: file, Line: 1},
			"the engine reads no folder with this file, so what it holds is never applied, or is deleted",
			"list it, or its part, where the engine reads"))
	}
}

// object is the object of the tree that has a key.
func (t *Tree) object(key string) *Object {
	if t == nil {
		return nil
	}
	return t.byKey[key]
}

// ownerOf names the owner of an object.
func (t *Tree) ownerOf(o *Object) *Owner { return &t.Owners[o.owner] }

// owned finds an owner by its name.
func (t *Tree) owned(name string) *Owner {
	if t == nil {
		return nil
	}
	for n := range t.Owners {
		if t.Owners[n].Name == name {
			return &t.Owners[n]
		}
	}
	return nil
}

func (t *Tree) missing(file, by string) error {
	return fmt.Errorf("%s: %s names it, and it is not there: %w", file, by, ErrUnreadable)
}

// sortOwners orders owners by name, so that nothing hangs on the order in which files are listed.
func (t *Tree) sortOwners() {
	slices.SortFunc(t.Owners, func(a, b Owner) int { return cmp.Compare(a.Name, b.Name) })
}
