package golden

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const module = "gkops.dev/gkops/"

// source is one Go file of the tree. Dir is its folder relative to the module, "." at the root.
type source struct {
	path, dir string
	test      bool
	file      *ast.File
	imports   []string
}

// isModule reports whether a folder is a module of its own, which the product does not link.
func isModule(tree fs.FS, folder string) bool {
	_, err := fs.Stat(tree, path.Join(folder, "go.mod"))
	return err == nil
}

// sources parses every Go file of a tree, except those of testdata, hidden folders and modules of their own.
func sources(tree fs.FS) ([]source, error) {
	var found []source
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() && name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || isModule(tree, name)) {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), file: file}
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
			}
			s.imports = append(s.imports, target)
		}
		found = append(found, s)
		return nil
	})
	return found, err
}

// violations says every broken rule of the house, one text each, sorted.
func violations(all []source) []string {
	var found []string
	report := func(s source, format string, args ...any) {
		found = append(found, s.path+": "+fmt.Sprintf(format, args...))
	}
	for _, s := range all {
		checkPlace(s, report)
		checkNames(s, report)
		checkWorld(s, report)
		for _, target := range s.imports {
			checkStages(s, target, report)
			checkOwners(s, target, report)
			checkMathematics(s, target, report)
		}
	}
	found = append(found, withoutComment(all)...)
	slices.Sort(found)
	return found
}

type reporter func(s source, format string, args ...any)

// within reports whether dir is the folder or lies below it.
func within(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

func firstElement(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

func checkPlace(s source, report reporter) {
	if !slices.Contains([]string{"cmd", "render", "resolver", "gitops", "compat", "golden", "examples"}, firstElement(s.dir)) {
		report(s, "code in %q, which is no folder of the design", firstElement(s.dir))
	}
}

func checkNames(s source, report reporter) {
	for _, name := range []string{s.file.Name.Name, path.Base(s.dir)} {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "misc", "shared"}, name) {
			report(s, "package %s is named for what it contains, not for what it gives", name)
		}
	}
}

// stages are the steps of the pipeline; languages are what they may share.
var (
	stages    = []string{"resolver", "render", "compat", "gitops"}
	languages = []string{"resolver/catalog", "compat/finding", "compat/document"}
)

func checkStages(s source, target string, report reporter) {
	target, ours := strings.CutPrefix(target, module)
	if ours && !s.test && slices.Contains(languages, s.dir) && !slices.Contains(languages, target) {
		report(s, "%s is shared by stages, it may not import %s of another stage or its own", s.dir, target)
		return
	}
	if !ours || within(target, firstElement(s.dir)) {
		return
	}
	fromStage := slices.Contains(stages, firstElement(s.dir))
	toStage := slices.Contains(stages, firstElement(target))
	switch {
	case s.test && (within(target, "golden") || within(target, "examples")):
	case fromStage && toStage && !slices.Contains(languages, target):
		report(s, "stage %s imports %s of another stage", firstElement(s.dir), target)
	case fromStage && !toStage:
		report(s, "stage %s imports %s", firstElement(s.dir), target)
	case slices.Contains([]string{"golden", "examples"}, firstElement(s.dir)) && !s.test:
		report(s, "%s imports %s, it must stand alone", s.dir, target)
	case within(target, "golden") && !s.test:
		report(s, "golden is for tests")
	}
}

// owners are the only folders that may use an outside module.
var owners = []struct {
	module  string
	folders []string
	below   bool // folders below count too
}{
	{"github.com/go-git/", []string{"gitops"}, true},
	{"sigs.k8s.io/kustomize/", []string{"render"}, true},
	{"github.com/Masterminds/semver", []string{"resolver/catalog"}, false},
	{"github.com/spf13/", []string{"cmd/internal/cli"}, true},
	{"golang.org/x/term", []string{"cmd/internal/cli"}, true},
}

// checkOwners holds the owners. Tests of cmd are free: they judge the whole product with the tools that its users have.
func checkOwners(s source, target string, report reporter) {
	if s.test && firstElement(s.dir) == "cmd" {
		return
	}
	for _, owner := range owners {
		if !strings.HasPrefix(target+"/", strings.TrimSuffix(owner.module, "/")+"/") {
			continue
		}
		allowed := slices.ContainsFunc(owner.folders, func(folder string) bool {
			return s.dir == folder || owner.below && within(s.dir, folder)
		})
		if !allowed {
			report(s, "imports %s, only %s may", target, strings.Join(owner.folders, ", "))
		}
	}
}

// checkMathematics keeps the solver a pure function: the standard library without the world, and the catalog's words.
func checkMathematics(s source, target string, report reporter) {
	if s.test || !within(s.dir, "resolver") || within(s.dir, "resolver/catalog") {
		return
	}
	world := []string{"net", "os", "time", "syscall", "io/fs", "embed", "log", "flag", "testing", "plugin", "path/filepath"}
	first := firstElement(target)
	outside := strings.Contains(first, ".") && !strings.HasPrefix(target, module)
	source := within(target, module+"resolver/catalog") && target != module+"resolver/catalog"
	if outside || source || slices.ContainsFunc(world, func(name string) bool { return within(target, name) }) {
		report(s, "the solver imports %s", target)
	}
}

// checkWorld finds what only cmd may touch: the process, its flags and the clock.
func checkWorld(s source, report reporter) {
	if s.test {
		return
	}
	for _, declaration := range s.file.Decls {
		if f, ok := declaration.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
			report(s, "has a func init")
		}
	}
	ast.Inspect(s.file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name, ok := selector.X.(*ast.Ident)
		if !ok {
			return true
		}
		used := importOf(s, name.Name) + "." + selector.Sel.Name
		switch {
		case used == "os.Exit" || strings.HasPrefix(used, "log.Fatal"):
			if s.file.Name.Name != "main" || firstElement(s.dir) != "cmd" {
				report(s, "uses %s, only a main of cmd ends the process", used)
			}
		case slices.Contains(process, used) && firstElement(s.dir) != "cmd":
			report(s, "uses %s, only cmd touches the process", used)
		}
		return true
	})
}

var process = []string{
	"os.Getenv", "os.LookupEnv", "os.Environ", "os.Setenv", "os.Args", "os.Stdin", "os.Stdout", "os.Stderr", "time.Now", "time.Since", "time.Until",
}

// importOf is the path of the package that a file calls by this name, or the empty text.
func importOf(s source, name string) string {
	for i, spec := range s.file.Imports {
		local := path.Base(s.imports[i])
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == name {
			return s.imports[i]
		}
	}
	return ""
}

// withoutComment names the packages that do not say what they are.
func withoutComment(all []source) []string {
	commented := map[string]bool{}
	for _, s := range all {
		if !s.test {
			commented[s.dir] = commented[s.dir] || s.file.Doc != nil
		}
	}
	var found []string
	for dir, ok := range commented {
		if !ok {
			found = append(found, dir+": has no package comment")
		}
	}
	return found
}
