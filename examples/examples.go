// Package examples holds a registry of small packages and the workspaces that use them, for people to copy and for tests to run.
// The registry is compiled in, so that a demonstration needs no network and no other file.
//
// It knows nothing of how a registry is read: it gives files. README.md beside this file says what each package shows.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed registry
var registry embed.FS

//go:embed workspaces
var workspaces embed.FS

// Registry is a registry in Glasskube's layout: index.yaml, <package>/versions.yaml and <package>/<version>/package.yaml at its root.
func Registry() fs.FS { return below(registry, "registry") }

// Workspaces holds one workspace per folder, each with its gkops.yaml.
func Workspaces() fs.FS { return below(workspaces, "workspaces") }

// below is a folder of embedded files. Its name is a constant of this file, so it cannot be invalid.
func below(files embed.FS, dir string) fs.FS {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return sub
}
