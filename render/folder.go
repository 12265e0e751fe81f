package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"gkops.dev/gkops/compat/document"
)

// isKustomization reports whether kustomize gives a file's name a meaning.
func isKustomization(name string) bool {
	switch path.Base(name) {
	case kustomizationFile, "kustomization.yml", "Kustomization":
		return true
	}
	return false
}

// refusal says why a field of a kustomization is refused that runs programs or reaches outside the folder; nothing for any other field.
func refusal(field string) string {
	switch field {
	case "helmCharts", "helmChartInflationGenerator", "helmGlobals":
		return "helm charts in a kustomization are fetched and rendered by a program"
	case "generators", "transformers", "validators":
		return field + " may run programs"
	case "openapi":
		return "an own OpenAPI schema changes what kustomize means for every other package"
	}
	return ""
}

// listsPaths reports whether a field of a kustomization is a list of files and folders.
func listsPaths(field string) bool {
	switch field {
	case "resources", "bases", "components", "crds", "configurations":
		return true
	}
	return false
}

// loadFolder builds a kustomize package.
func (r *builder) loadFolder(b *build) error {
	memory := filesys.MakeFsInMemory()
	root := ""
	err := fs.WalkDir(b.Folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(b.Folder, name)
		if err != nil {
			return err
		}
		if isKustomization(name) {
			if err := b.checkKustomization(name, data); err != nil {
				return err
			}
			if path.Dir(name) == "." {
				root = name
			}
		}
		return memory.WriteFile(path.Join(buildFolder, name), data)
	})
	var refused *FolderError
	if errors.As(err, &refused) {
		return refused
	}
	if err != nil {
		return fmt.Errorf("instance %s: read the folder of package %s: %w", b.Name, b.Package, err)
	}
	if root == "" {
		return &FolderError{Instance: b.Name, Place: Place{File: b.Package}, Reason: "the package has no kustomization.yaml"}
	}
	built, err := r.kustomize(memory, buildFolder)
	if err != nil {
		return &FolderError{Instance: b.Name, Place: Place{File: root}, Reason: tidy(err)}
	}
	return b.takeBuilt(root, built)
}

// takeBuilt makes objects of what kustomize built. They have no bytes of their own in a source.
func (b *build) takeBuilt(file string, nodes []*yaml.Node) error {
	docs := make([]document.Document, 0, len(nodes))
	for _, node := range nodes {
		doc := document.New(file, node)
		doc.Line = 0
		docs = append(docs, *doc)
	}
	return b.take(docs, "")
}

// checkKustomization refuses what would run a program or leave the folder. The error is a *FolderError with the line.
func (b *build) checkKustomization(name string, data []byte) error {
	doc, err := document.ParseOne(name, data)
	if err != nil {
		return err
	}
	root := doc.Root()
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		fail := func(line int, reason, hint string) error {
			return &FolderError{Instance: b.Name, Place: Place{File: name, Line: line}, Reason: reason, Hint: hint}
		}
		if why := refusal(key.Value); why != "" {
			return fail(key.Line, key.Value+" is not allowed: "+why, "render it where the package is made, and ship the result")
		}
		if listsPaths(key.Value) {
			for _, item := range value.Content {
				if !b.isLocal(name, item.Value) {
					return fail(item.Line, fmt.Sprintf("%s %q is not in the package's folder", key.Value, item.Value), "only local files and folders can be used")
				}
			}
			continue
		}
		if field, node := remotePath(key.Value, value); node != nil {
			return fail(node.Line, fmt.Sprintf("%s %q is remote", field, node.Value), "only local files and folders can be used")
		}
	}
	return nil
}

// isLocal reports whether a path of a kustomization is a file or folder of the package.
func (b *build) isLocal(kustomization, target string) bool {
	if path.IsAbs(target) {
		return false
	}
	_, err := fs.Stat(b.Folder, path.Join(path.Dir(kustomization), target))
	return err == nil
}

// remotePath finds a path below a field (patches, generators of ConfigMaps and Secrets, replacements) that kustomize would fetch, and
// the field that it is in.
func remotePath(key string, node *yaml.Node) (string, *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		_, file, named := strings.Cut(node.Value, "=") // files of generators may be "key=path"
		if !named {
			file = node.Value
		}
		if slices.Contains([]string{"path", "files", "envs", "env", "patchesStrategicMerge"}, key) && !strings.Contains(node.Value, "\n") && isRemote(file) {
			return key, node
		}
		return "", nil
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			key = node.Content[i-1].Value
		}
		if field, found := remotePath(key, child); found != nil {
			return field, found
		}
	}
	return "", nil
}

func isRemote(name string) bool {
	return strings.Contains(name, "://") || strings.HasPrefix(name, "git@") || path.IsAbs(name)
}
