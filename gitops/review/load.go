package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// filePair is one path whose bytes differ; a side that does not have the file is nil.
type filePair struct {
	name       string
	base, head []byte

	baseRuns, headRuns bool // the file is executable
}

// input is what two trees hold: the files that differ, sorted by path, and the paths of all files.
type input struct {
	pairs      []filePair
	base, head names
	baseTree   fs.FS

	baseFolders, headFolders map[string]bool
}

// manifestNames are how the names of files end that are read as objects.
var manifestNames = []string{".yaml", ".yml", ".json"}

// names are the entries of a tree by path, but for folders: a regular, or a link.
type names map[string]any

// regular is a file, with what names its content where the tree knows that.
type regular struct {
	id   any
	runs bool
}

func (n names) sorted() []string { return slices.Sorted(maps.Keys(n)) }

// has reports whether the tree has that file, or a folder of that name with something in it.
func (n names) has(name string) bool {
	if name == "." || n.file(name) {
		return true
	}
	for file := range n {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

func (n names) file(name string) bool {
	_, there := n[name].(regular)
	return there
}

// load reads both trees and keeps the files that differ. Trees are read by one goroutine, since not every
// fs.FS can be read by several.
func load(ctx context.Context, base, head fs.FS) (*input, error) {
	inBase, baseFolders, err := list(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("list the base tree: %w", err)
	}
	inHead, headFolders, err := list(ctx, head)
	if err != nil {
		return nil, fmt.Errorf("list the head tree: %w", err)
	}
	all := maps.Clone(inBase)
	maps.Copy(all, inHead)
	loaded := &input{base: inBase, head: inHead, baseTree: base, baseFolders: baseFolders, headFolders: headFolders}
	for _, name := range all.sorted() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		old, _ := inBase[name].(regular)
		new, _ := inHead[name].(regular)
		if old.id != nil && old.id == new.id || !inBase.file(name) && !inHead.file(name) {
			continue
		}
		pair := filePair{name: name, baseRuns: old.runs, headRuns: new.runs}
		if pair.base, err = read(base, name, inBase.file(name)); err != nil {
			return nil, fmt.Errorf("read the base tree: %w", err)
		}
		if pair.head, err = read(head, name, inHead.file(name)); err != nil {
			return nil, fmt.Errorf("read the head tree: %w", err)
		}
		if inBase.file(name) != inHead.file(name) || old.runs != new.runs || !bytes.Equal(pair.base, pair.head) {
			loaded.pairs = append(loaded.pairs, pair)
		}
	}
	return loaded, nil
}

// list collects the entries of a tree.
func list(ctx context.Context, tree fs.FS) (found names, folders map[string]bool, err error) {
	found, folders = names{}, map[string]bool{}
	if tree == nil {
		return found, folders, nil
	}
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path.Base(name) == ".git" {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case entry.IsDir():
			folders[name] = true
		case entry.Type().IsRegular():
			info, err := entry.Info()
			if err != nil {
				return err
			}
			found[name] = regular{contentID(entry), info.Mode()&0o100 != 0}
		case entry.Type()&(fs.ModeSymlink|fs.ModeIrregular) != 0:
			found[name] = linkOf(tree, name, entry)
		}
		return ctx.Err()
	})
	return found, folders, err
}

// contentID is what an entry of a tree of Git says of its content. Entries that would have to ask a disk first say nothing.
func contentID(entry fs.DirEntry) any {
	info, cheap := entry.(fs.FileInfo)
	if !cheap || info.Sys() == nil || !reflect.TypeOf(info.Sys()).Comparable() {
		return nil
	}
	return info.Sys()
}

// read is the content of a file, never nil when it is there.
func read(tree fs.FS, name string, there bool) ([]byte, error) {
	if !there {
		return nil, nil
	}
	data, err := fs.ReadFile(tree, name)
	if data == nil {
		data = []byte{}
	}
	return data, err
}

// parsedPair is one path with its objects on both sides, and what could already be said about it.
type parsedPair struct {
	name       string
	base, head []document.Document
	unread     bool // one of the sides could not be parsed
	lists      bool // because both are lists

	baseRest, headRest []document.Document // documents that are no objects

	other      []FileChange
	attention  []Attention
	left, came []entry // files that kustomizations no longer list, or list now
}

// parse reads the objects of every file, in parallel. The answers are in the order of the pairs.
func parse(ctx context.Context, pairs []filePair) ([]parsedPair, error) {
	parsed := make([]parsedPair, len(pairs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, pair := range pairs {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			parsed[i] = parsePair(pair)
			return nil
		})
	}
	return parsed, group.Wait()
}

func parsePair(pair filePair) parsedPair {
	parsed := parsedPair{name: pair.name}
	if !slices.Contains(manifestNames, path.Ext(pair.name)) && !slices.Contains(kustomizations, path.Base(pair.name)) {
		parsed.otherThan(pair.base != nil, pair.head != nil)
		return parsed
	}
	if pair.base != nil && pair.head != nil && bytes.Equal(pair.base, pair.head) {
		parsed.otherThan(true, true) // only its mode differs
		return parsed
	}
	var ok bool
	parsed.base, parsed.baseRest, _ = parsed.objects(pair.base, High, "what it held before the change is not known")
	parsed.head, parsed.headRest, ok = parsed.objects(pair.head, Blocked, "what it will do is not known")
	parsed.lists = parsed.unread && isList(pair.base) && isList(pair.head)
	if !ok { // its objects did not leave, they cannot be read
		parsed.base = nil
		return parsed
	}
	parsed.compareRest(parsed.baseRest, parsed.headRest)
	return parsed
}

// objects splits a file into objects and the rest. A file that cannot be parsed is called to attention.
func (p *parsedPair) objects(data []byte, risk Risk, why string) (objects, rest []document.Document, ok bool) {
	docs, err := document.Parse(p.name, data)
	if err != nil {
		p.unread = true
		p.attention = append(p.attention, unparsable(p.name, data, err, risk, why))
		return nil, nil, false
	}
	for _, doc := range docs {
		if isObject(&doc) {
			objects = append(objects, doc)
			continue
		}
		rest = append(rest, doc)
	}
	return objects, rest, true
}

// isObject reports whether a document is a thing that goes to a cluster and can be told from others.
func isObject(doc *document.Document) bool {
	object := doc.Object()
	return object.APIVersion != "" && object.Kind != "" && object.Name != "" && !isBuildFile(object)
}

// isBuildFile reports whether an object is read by a program on the way to the cluster and never gets there.
func isBuildFile(object finding.Object) bool {
	return slices.Contains([]string{"kustomize.config.k8s.io", "gkops.dev", "config.kubernetes.io"}, object.Group())
}

// otherThan notes that a file changed that holds no object.
func (p *parsedPair) otherThan(inBase, inHead bool) {
	change := Changed
	switch {
	case !inBase:
		change = Added
	case !inHead:
		change = Removed
	}
	p.other = append(p.other, FileChange{Change: change, File: p.name})
}

// quoted finds what the reason of a fault may quote from a file.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|[*&!]\S+|\b(?:number|boolean) \S+`)

// mayBeSecret finds the files whose text must not be quoted at all.
var mayBeSecret = regexp.MustCompile(`(?i)secret|stringData|PRIVATE KEY`)

func mayHoldSecret(data []byte) bool {
	return mayBeSecret.Match(data) || len(finding.Secrets(string(data))) > 0
}

func unparsable(file string, data []byte, err error, risk Risk, why string) Attention {
	attention := Attention{Rule: ruleUnparsable, Risk: risk, File: file, Message: "the file cannot be read, so " + why}
	var syntax *document.SyntaxError
	if !errors.As(err, &syntax) {
		return attention
	}
	attention.Line = syntax.Line
	if mayHoldSecret(data) {
		attention.Message += " (the reason is not told, because it could quote a Secret)"
		return attention
	}
	attention.Message += ": " + quoted.ReplaceAllString(syntax.Reason, "(not shown)")
	return attention
}
