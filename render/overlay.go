package render

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"gkops.dev/gkops/compat/document"
)

// Overlay builds the kustomization in a folder of a tree, as 'kubectl kustomize' does, to one stream of documents. It fetches nothing
// and runs nothing: a kustomization that would is refused with a *FolderError, and so is one that cannot be built.
func Overlay(ctx context.Context, tree fs.FS, folder string) ([]byte, error) {
	memory := filesys.MakeFsInMemory()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path.Base(name) == ".git":
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return ctx.Err()
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		if err := memory.WriteFile(path.Join(buildFolder, name), data); err != nil {
			return ctx.Err() // its name is none for kustomize, which then says of whoever lists it that it is not there
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read what %s is built from: %w", folder, err)
	}
	b := &build{Instance: Instance{Folder: tree}}
	if err := b.checkOverlay(folder, map[string]bool{}); err != nil {
		return nil, err
	}
	builder := &builder{}
	nodes, err := builder.kustomize(memory, path.Join(buildFolder, folder))
	if err != nil {
		return nil, &FolderError{Place: Place{File: folder}, Reason: tidy(err)}
	}
	var stream bytes.Buffer
	for _, node := range nodes {
		data, err := document.Encode(node)
		if err != nil {
			return nil, fmt.Errorf("write what %s gives: %w", folder, err)
		}
		stream.WriteString("---\n")
		stream.Write(data)
	}
	return stream.Bytes(), nil
}

// Kustomization finds the kustomization in a folder of a tree. It reports its path, empty when there is none, and whether it does more
// than to list files and folders below itself, so that only a build tells what it gives.
func Kustomization(tree fs.FS, folder string) (file string, builds bool, err error) {
	for _, name := range []string{kustomizationFile, "kustomization.yml", "Kustomization"} {
		full := path.Join(folder, name)
		data, err := fs.ReadFile(tree, full)
		if err != nil {
			continue
		}
		doc, err := document.ParseOne(full, data)
		if err != nil {
			return full, false, err
		}
		return full, doesMore(doc.Root()), nil
	}
	return "", false, nil
}

// doesMore reports whether a kustomization has a field beside its names and resources, or a resource outside of its folder.
func doesMore(root *yaml.Node) bool {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "resources"}, root.Content[i].Value) {
			return true
		}
	}
	resources := document.Lookup(root, "resources")
	return resources != nil && slices.ContainsFunc(resources.Content, func(item *yaml.Node) bool { return !fs.ValidPath(path.Clean(item.Value)) || remote(item.Value) })
}

// remote reports whether a resource is the address of a file or of a repository, as kustomize takes them.
func remote(resource string) bool {
	return strings.ContainsAny(resource, ":?") || strings.HasPrefix(resource, "github.com/")
}

// checkOverlay refuses what would run a program or fetch something, in a kustomization and all that it builds on.
func (b *build) checkOverlay(folder string, seen map[string]bool) error {
	if seen[folder] {
		return nil
	}
	seen[folder] = true
	file, _, err := Kustomization(b.Folder, folder)
	if err != nil {
		return err
	}
	if file == "" {
		return nil
	}
	data, err := fs.ReadFile(b.Folder, file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if err := b.checkKustomization(file, data); err != nil {
		return err
	}
	doc, err := document.ParseOne(file, data)
	if err != nil {
		return err
	}
	for _, field := range []string{"resources", "bases", "components"} {
		list := document.Lookup(doc.Root(), field)
		if list == nil {
			continue
		}
		for _, item := range list.Content {
			below := path.Join(folder, item.Value)
			if info, err := fs.Stat(b.Folder, below); err == nil && info.IsDir() {
				if err := b.checkOverlay(below, seen); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
