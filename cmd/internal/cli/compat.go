package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/report"
	"gkops.dev/gkops/compat/schema"
)

type compatOptions struct {
	paths      []string
	kubernetes string
	failOn     string
	base       string
	crds       []string
	ignores    string
	format     string
}

func newCompat(env Env) *cobra.Command {
	var o compatOptions
	cmd := &cobra.Command{
		Use:   "compat [PATH...]",
		Short: "Say which Kubernetes versions manifests fit, and what breaks on one",
		Long: `Judge every object in files and folders (by default the current folder; - is the standard input) by what each Kubernetes
minor serves, and every custom resource by the schema and the rules of its definition, which may lie among them or, with --crds,
elsewhere. They need not be written by gkops. Without --kubernetes it tells the interval of versions that all of it fits.

With --base, a folder or a Git revision, only what is new against it is told, and what changes in definitions is judged too:
versions that go, schemas that become narrower, and versions that objects may still be stored in, as the history of the
revision knows.

Findings that are known and accepted are listed in .gkops-compat.yaml, or under policy.ignore in gkops.yaml:

  ignore:
  - rule: removed             # and, or: path (with * and **), object (Kind/name)
    path: apps/legacy
    reason: goes with the old cluster
    expires: "2026-12-31"     # then it is told again

Exit status: 0 nothing at or over --fail-on; 1 something; 2 could not tell, also when a file cannot be parsed.`,
		Example: `  gkops compat gkops/prod --kubernetes 1.35
  gkops compat . -o sarif > compat.sarif
  gkops compat apps --base origin/main
  kubectl kustomize overlay | gkops compat - --kubernetes 1.34 --fail-on deprecated`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return runCompat(cmd.Context(), env, o)
		},
	}
	cmd.Flags().StringVar(&o.kubernetes, "kubernetes", "", "the version to judge by, X.Y")
	cmd.Flags().StringVar(&o.failOn, "fail-on", "removed", "exit 1 at findings of this rule's severity, or of this severity (error, warning, info), or over it")
	cmd.Flags().StringVar(&o.base, "base", "", "tell only what is new against this folder or Git revision")
	cmd.Flags().StringArrayVar(&o.crds, "crds", nil, "files or folders of definitions that are in the cluster already; they are not judged")
	cmd.Flags().StringVar(&o.ignores, "ignores", "", "the file with ignore rules (default .gkops-compat.yaml, where there is one)")
	format := outputFlag(cmd, "json", "markdown", "sarif", "junit")
	cmd.PreRun = func(*cobra.Command, []string) { o.format = format.format }
	return cmd
}

func runCompat(ctx context.Context, env Env, o compatOptions) error {
	threshold, err := compat.Threshold(o.failOn)
	if err != nil {
		return &usageError{Command: "gkops compat", Err: err}
	}
	if len(o.paths) == 0 {
		o.paths = []string{"."}
	}
	rules, err := ignoreRules(env, o.ignores)
	if err != nil {
		return err
	}
	files, err := filesToCheck(env, o.paths)
	if err != nil {
		return err
	}
	defer collectLate(env, files)()
	target := compat.Target{Kubernetes: o.kubernetes, Schemas: schema.Schemas{}}
	if target.Provided, err = provided(ctx, env, o.crds); err != nil {
		return err
	}
	checked, err := checkAgainst(ctx, env, o, files, target)
	if err != nil {
		return err
	}
	view := report.View{Report: checked, FailOn: threshold}
	if checked.Findings, view.Ignored, err = compat.Apply(checked.Findings, rules, env.Now()); err != nil {
		return err
	}
	if err := report.Write(env.Stdout, o.format, view); err != nil {
		return err
	}
	return verdict(checked.Findings, threshold, o.failOn)
}

// verdict is the exit status that findings mean: what cannot be parsed was not judged.
func verdict(findings []finding.Finding, threshold finding.Severity, failOn string) error {
	for _, f := range findings {
		if f.Rule == compat.Unparsable {
			return fmt.Errorf("%s cannot be parsed, so it could not be judged", f.File)
		}
	}
	if over := compat.Over(findings, threshold); len(over) > 0 {
		if len(over) == 1 {
			return &answerNo{"1 finding at or over " + failOn}
		}
		return &answerNo{fmt.Sprintf("%d findings at or over %s", len(over), failOn)}
	}
	return nil
}

// provided are the definitions in files and folders; one that cannot be read is an error, as they are not reported on.
func provided(ctx context.Context, env Env, paths []string) ([]compat.Definition, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	files, err := filesToCheck(env, paths)
	if err != nil {
		return nil, err
	}
	read, err := compat.CheckFiles(ctx, files, compat.Target{})
	if err != nil {
		return nil, err
	}
	for _, f := range read.Findings {
		if f.Rule == compat.Unparsable {
			return nil, fmt.Errorf("definitions: %s:%d: %s", f.File, f.Line, f.Message)
		}
	}
	return read.Definitions, nil
}

// filesToCheck are the manifests in files and folders, by name; "-" is the standard input. A folder is searched for YAML and JSON, but
// not in hidden folders.
func filesToCheck(env Env, paths []string) ([]compat.File, error) {
	var files []compat.File
	for _, name := range paths {
		if name == "-" {
			data, err := io.ReadAll(env.Stdin)
			if err != nil {
				return nil, fmt.Errorf("read the standard input: %w", err)
			}
			files = append(files, compat.File{Name: "(standard input)", Read: func() ([]byte, error) { return data, nil }})
			continue
		}
		found, err := manifestsOnDisk(absolute(env, name), name)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// absolute is a path that is relative to the working directory.
func absolute(env Env, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(env.Dir, name)
}

// manifestsOnDisk are the manifests of one file or folder, named as the path was given.
func manifestsOnDisk(full, name string) ([]compat.File, error) {
	dir, root := filepath.Dir(full), filepath.Base(full)
	if info, err := os.Stat(full); err == nil && info.IsDir() {
		dir, root = full, "."
	}
	files, err := manifests(os.DirFS(dir), root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file or folder %s", name)
	}
	return files, err
}
