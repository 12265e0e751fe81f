package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/review"
)

type diffOptions struct {
	pipeline.ReviewOptions
	format   string
	forge    forge
	budget   int
	exitCode bool
	noPager  bool
}

func newDiff(env Env) *cobra.Command {
	o := diffOptions{forge: forge(review.GitHub)}
	cmd := &cobra.Command{
		Use:   "diff [BASE [HEAD]]",
		Short: "Show what changes, object by object",
		Long: `Compare two revisions of the repository, or two folders, object by object: by default HEAD with the work tree. The manifests need
not be written by gkops. Attention names what deserves a second look, and why. Secrets are never shown.

A..B compares two revisions, A...B what B did since the two parted; a folder of the repository that stands alone is compared with HEAD.
With --path, or for such a folder, the kustomization in it is built first when it does more than to list files. What policy.review.ignore of the
base's gkops.yaml names is counted instead of shown. A name that is a folder and a revision is the revision; ./NAME is the folder.
Of the work tree, files that Git does not know are no part of it, but for those in gkops.

Exit status: 0; 1 there are changes, with --exit-code; 2 could not tell.`,
		Example: `  gkops diff
  gkops diff main HEAD -o markdown --forge gitlab
  gkops diff HEAD~1 --cluster prod --exit-code
  gkops diff main --path overlays/prod
  gkops diff main...HEAD
  gkops diff gkops/prod/packages/cert-manager
  gkops diff ./before ./after -o html > review.html`,
		Args: cobra.MaximumNArgs(2),
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.exitCode, "exit-code", false, "exit 1 when there are changes")
	flags.StringVar(&o.Cluster, "cluster", "", "only what is generated for this cluster")
	flags.StringVar(&o.Instance, "instance", "", "only the packages of this instance")
	flags.StringVar(&o.Path, "path", "", "only this folder, relative to the root of the trees")
	flags.StringVar(&o.Kubernetes, "kubernetes", "", "the version, X.Y, that manifests without a lock are judged by")
	flags.Var(&o.forge, "forge", "for markdown: who shows it, github, gitlab, gitea, bitbucket or azure")
	flags.IntVar(&o.budget, "budget", 0, "for markdown: at most so many bytes (default is what the forge takes)")
	flags.BoolVar(&o.noPager, "no-pager", false, "do not show text in a pager")
	completeFlag(cmd, "cluster", env, clusterNames)
	completeFlag(cmd, "instance", env, lockedNames)
	format := outputFlag(cmd, "markdown", "html", "json", "sarif", "patch")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.format = format.format
		if len(args) > 0 {
			o.Base = args[0]
		}
		if len(args) > 1 {
			o.Head = args[1]
		}
		o.Command = o.all()
		return runDiff(cmd.Context(), env, o)
	}
	return cmd
}

// forge is the value of --forge.
type forge review.Forge

// String is the name of the forge.
func (f *forge) String() string { return string(*f) }

// Type is what help calls the value.
func (f *forge) Type() string { return "forge" }

// Set takes the name of a forge.
func (f *forge) Set(name string) error {
	var names []string
	for _, known := range review.Forges() {
		if string(known) == name {
			*f = forge(known)
			return nil
		}
		names = append(names, string(known))
	}
	return fmt.Errorf("want one of %s", strings.Join(names, ", "))
}

// all is the command that shows the whole review.
func (o diffOptions) all() string {
	words := []string{"gkops", "diff"}
	for _, word := range []string{o.Base, o.Head} {
		if word != "" {
			words = append(words, quoteWord(word))
		}
	}
	for _, flag := range [][2]string{{"--cluster", o.Cluster}, {"--instance", o.Instance}, {"--path", o.Path}, {"--kubernetes", o.Kubernetes}} {
		if flag[1] != "" {
			words = append(words, flag[0], quoteWord(flag[1]))
		}
	}
	return strings.Join(words, " ")
}

// quoteWord is a word as a shell takes it.
func quoteWord(word string) string {
	if strings.IndexFunc(word, func(r rune) bool { return !strings.ContainsRune("-._/~^@:+=,", r) && !alphanumeric(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func runDiff(ctx context.Context, env Env, o diffOptions) error {
	report, err := pipeline.Review(ctx, world(env), env.Dir, o.ReviewOptions)
	if err != nil {
		return err
	}
	if o.format == "patch" && report.Origin.LeftOut > 0 {
		fmt.Fprintf(env.Stderr, "gkops: left out of the patch, because they could show a secret or are no text: %d hunks\n", report.Origin.LeftOut)
	}
	if err := o.write(ctx, env, report); err != nil {
		return err
	}
	if o.exitCode && !report.Empty() {
		return &answerNo{}
	}
	return nil
}

// write writes the report in the format that was asked for.
func (o diffOptions) write(ctx context.Context, env Env, report *review.Report) error {
	switch o.format {
	case "json":
		return review.JSON(env.Stdout, report)
	case "markdown":
		return review.MarkdownFor(env.Stdout, report, review.MarkdownOptions{Forge: review.Forge(o.forge), Budget: o.budget})
	case "html":
		return review.HTML(env.Stdout, report)
	case "sarif":
		return review.SARIF(env.Stdout, report)
	case "patch":
		return review.Patch(env.Stdout, report)
	}
	var text bytes.Buffer
	if err := review.Text(&text, report, env.color(env.StdoutTerminal)); err != nil {
		return err
	}
	return page(ctx, env, text.Bytes(), !o.noPager)
}
