package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
)

// givenOptions are the flags that give values to an instance.
type givenOptions struct {
	set, setFile, setFrom, files []string
	mode                         string
}

// flags adds all but --set, which some commands take as arguments.
func (o *givenOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.setFile, "set-file", nil, "set a value to the text of a file: NAME=FILE")
	f.StringArrayVar(&o.setFrom, "set-from", nil, "set a value by reference: NAME=secret:NAMESPACE/NAME/KEY")
	f.StringArrayVar(&o.files, "values", nil, "a file of the repository with values of the package's chart")
	f.StringVar(&o.mode, "mode", "", "of a chart, write plain manifests, or a release that the engine installs: manifests or release")
}

// any reports whether something is given.
func (o *givenOptions) any() bool {
	return len(o.set)+len(o.setFile)+len(o.setFrom)+len(o.files) > 0 || o.mode != ""
}

// parse reads what is given. The files of --set-file are read here, those of --values with the workspace.
func (o *givenOptions) parse(env Env) (pipeline.Given, map[string]pipeline.SecretReference, error) {
	set, references, err := parseSets(o.set, o.setFrom)
	if err != nil {
		return pipeline.Given{}, nil, err
	}
	given := pipeline.Given{Set: set, Texts: map[string]string{}, Files: o.files, From: env.Dir}
	if repository, err := gitops.Open(env.Dir); err == nil {
		given.Root = repository.Root()
	}
	for _, s := range o.setFile {
		name, file, found := strings.Cut(s, "=")
		if !found || name == "" || file == "" {
			return given, nil, fmt.Errorf("--set-file %q is not NAME=FILE", s)
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(env.Dir, file)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return given, nil, fmt.Errorf("--set-file %s: %w", name, err)
		}
		given.Texts[name] = string(text)
	}
	return given, references, nil
}
