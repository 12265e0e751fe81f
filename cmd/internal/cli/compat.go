package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/report"
	"gkops.dev/gkops/compat/schema"
)

type compatOptions struct {
	paths      []string
	kubernetes string
	failOn     string
	format     string
}

func newCompat(env Env) *cobra.Command {
	var o compatOptions
	cmd := &cobra.Command{
		Use:   "compat [PATH...]",
		Short: "Say which Kubernetes versions manifests fit, and what breaks on one",
		Long: `Judge every object in files and folders (by default the current folder; - is the standard input) by what each Kubernetes
minor serves. They need not be written by gkops. Without --kubernetes it tells the interval of versions that all of it fits.

Exit status: 0 nothing at or over --fail-on; 1 something; 2 could not tell, also when a file cannot be parsed.`,
		Example: `  gkops compat gkops/prod --kubernetes 1.35
  gkops compat . -o sarif > compat.sarif
  kubectl kustomize overlay | gkops compat - --kubernetes 1.34 --fail-on deprecated`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return runCompat(cmd.Context(), env, o)
		},
	}
	cmd.Flags().StringVar(&o.kubernetes, "kubernetes", "", "the version to judge by, X.Y")
	cmd.Flags().StringVar(&o.failOn, "fail-on", "removed", "exit 1 at findings of this rule's severity, or of this severity (error, warning, info), or over it")
	format := outputFlag(cmd, "json", "markdown", "sarif", "junit")
	cmd.PreRun = func(*cobra.Command, []string) { o.format = format.format }
	return cmd
}

func runCompat(ctx context.Context, env Env, o compatOptions) error {
	threshold, err := compat.Threshold(o.failOn)
	if err != nil {
		return &usageError{Command: "gkops compat", Err: err}
	}
	files, err := filesToCheck(env, o.paths)
	if err != nil {
		return err
	}
	checked, err := compat.CheckFiles(ctx, files, compat.Target{Kubernetes: o.kubernetes, Schemas: schema.Schemas{}})
	if err != nil {
		return err
	}
	if err := report.Write(env.Stdout, o.format, report.View{Report: checked, FailOn: threshold}); err != nil {
		return err
	}
	for _, f := range checked.Findings {
		if f.Rule == compat.Unparsable {
			return fmt.Errorf("%s cannot be parsed, so it could not be judged", f.File)
		}
	}
	if over := compat.Over(checked.Findings, threshold); len(over) > 0 {
		return &answerNo{fmt.Sprintf("%d findings at or over %s", len(over), o.failOn)}
	}
	return nil
}

// filesToCheck are the manifests in files and folders, by name; "-" is the standard input. A folder is searched for YAML and JSON, but
// not in hidden folders.
func filesToCheck(env Env, paths []string) ([]compat.File, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []compat.File
	for _, path := range paths {
		if path == "-" {
			files = append(files, compat.File{Name: "(standard input)", Read: func() ([]byte, error) { return io.ReadAll(env.Stdin) }})
			continue
		}
		found, err := manifests(env.Dir, path)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// manifests are the manifests of one file or folder, named as the path was given.
func manifests(dir, path string) ([]compat.File, error) {
	root := path
	if !filepath.IsAbs(root) {
		root = filepath.Join(dir, path)
	}
	var files []compat.File
	err := filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && full != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || full != root && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(full)):
			return nil
		}
		relative, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(filepath.Join(path, relative))
		files = append(files, compat.File{Name: name, Read: func() ([]byte, error) { return os.ReadFile(full) }})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file or folder %s", path)
	}
	return files, err
}
