package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// truth is which minors serve a kind, read from other documents than the table is, for the test of the checker: from the lists of
// resources that a minor answers discovery with, and where no such lists can be had, from what the operations of its paths act on.
// The kinds that k8s.io/api registers and that no known minor serves are in it too.
type truth map[gvk]minors

func (t truth) addRelease(r release, dir string) error {
	if r.discovery == "" {
		return t.addOperations(r, dir)
	}
	lists, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(filepath.Dir(r.discovery)), "api*__v*.json"))
	if err != nil || len(lists) == 0 {
		return fmt.Errorf("1.%d: no lists of resources: %w", r.minor, err)
	}
	for _, name := range lists {
		var list struct {
			GroupVersion string
			Resources    []struct{ Name, Kind string }
		}
		if err := readJSON(name, &list); err != nil {
			return err
		}
		group, version, found := strings.Cut(list.GroupVersion, "/")
		if !found {
			group, version = "", list.GroupVersion
		}
		for _, resource := range list.Resources {
			if !strings.Contains(resource.Name, "/") {
				t[gvk{group, version, resource.Kind}] |= minor(r.minor)
			}
		}
	}
	return nil
}

// addOperations reads what can be created or listed at a path of its own.
func (t truth) addOperations(r release, dir string) error {
	return filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(r.schemas)), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".json" {
			return err
		}
		var doc struct {
			Paths map[string]map[string]json.RawMessage
		}
		if err := readJSON(name, &doc); err != nil {
			return err
		}
		for path, methods := range doc.Paths {
			if strings.Contains(path, "{name}") || strings.Contains(path, "/watch/") {
				continue
			}
			for _, method := range []string{"get", "post"} {
				var operation struct {
					Acts kindTag `json:"x-kubernetes-group-version-kind"`
				}
				if text := methods[method]; text != nil {
					if err := json.Unmarshal(text, &operation); err != nil {
						return fmt.Errorf("%s: %w", path, err)
					}
				}
				if operation.Acts.Kind != "" {
					t[operation.Acts.gvk()] |= minor(r.minor)
				}
			}
		}
		return nil
	})
}

// addRegistered notes the kinds that the API packages of a module register with a scheme, as far as some path has them: neither lists nor options.
func (t truth) addRegistered(p promise, dir string) error {
	return filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(p.root)), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "register.go" || !strings.HasPrefix(filepath.Base(filepath.Dir(name)), "v") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		group := ""
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if len(n.Names) == 1 && n.Names[0].Name == "GroupName" && len(n.Values) == 1 {
					group = strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`)
				}
			case *ast.CompositeLit:
				if kind, ok := n.Type.(*ast.Ident); ok && len(n.Elts) == 0 && resourceKind(kind.Name) && !slices.Contains(notServed, group) {
					t[gvk{group, filepath.Base(filepath.Dir(name)), kind.Name}] |= 0
				}
			}
			return true
		})
		return nil
	})
}

// notResources are kinds that are registered and never were a resource of their own: below another one, or sent to webhooks only.
var notResources = []string{"Scale", "Eviction", "EphemeralContainers", "PodStatusResult", "RangeAllocation", "DeploymentRollback",
	"ReplicationControllerDummy", "TokenRequest", "JobTemplate", "ConversionReview"}

// resourceKind reports whether a registered kind is a resource of its own.
func resourceKind(kind string) bool {
	for _, suffix := range []string{"List", "Options", "Reference"} {
		if strings.HasSuffix(kind, suffix) {
			return false
		}
	}
	return !slices.Contains(notResources, kind)
}

func readJSON(name string, into any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}

// write is one line per kind: "apps/v1 Deployment 24-37".
func (t truth) write() []byte {
	var out strings.Builder
	for _, k := range slices.SortedFunc(maps.Keys(t), compareGVK) {
		fmt.Fprintf(&out, "%s %s\n", k, t[k])
	}
	return []byte(out.String())
}
