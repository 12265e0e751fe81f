package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/review"
)

func newPackage(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "package",
		Short: "For authors of packages: find the fault before users do",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	cmd.AddCommand(newPackageLint(env))
	return cmd
}

func newPackageLint(env Env) *cobra.Command {
	var registry string
	cmd := &cobra.Command{
		Use:   "lint [PKG]...",
		Short: "Hold the versions of packages to what is stated of them",
		Long: `Read the packages of a registry (by default the one in the current folder), all or those that are named, and judge every version:
whether its package.yaml, its facts and its manifests can be read and its objects are valid, and whether the objects fit the
Kubernetes versions that facts.yaml states. Charts and kustomizations are rendered with the package's own values, for each minor.
No workspace is needed, and nothing has to be installed.

Exit status: 0 nothing to mend; 1 something; 2 could not tell, such as when a file on another host cannot be reached.`,
		Example: "  gkops package lint\n  gkops package lint cert-manager --registry https://registry.example/packages/ -o json",
	}
	cmd.Flags().StringVar(&registry, "registry", ".", "the folder or the URL of the registry")
	format := outputFlag(cmd, "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runPackageLint(cmd.Context(), env, registry, args, format.format)
	}
	return cmd
}

func runPackageLint(ctx context.Context, env Env, registry string, packages []string, format string) error {
	all := []pipeline.Linted{}
	faulty, unread := 0, 0
	err := pipeline.Lint(ctx, world(env), env.Dir, registry, packages, func(l pipeline.Linted) {
		if !l.Fine() {
			faulty++
		}
		if l.Unread != "" {
			unread++
		}
		if all = append(all, l); format == "text" {
			showLinted(env.Stdout, l)
		}
	})
	if err != nil {
		return err
	}
	if format == "json" {
		encoder := json.NewEncoder(env.Stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(map[string]any{"versions": all}); err != nil {
			return err
		}
	}
	if faulty > 0 {
		return &answerNo{fmt.Sprintf("%d of %d versions have something to mend", faulty, len(all))}
	}
	if unread > 0 {
		return fmt.Errorf("%d of %d versions could not be read, so they could not be judged", unread, len(all))
	}
	return nil
}

func showLinted(w io.Writer, l pipeline.Linted) {
	var said []string
	if l.Objects > 0 {
		fits := "its objects fit no Kubernetes version"
		if k := l.Kubernetes; k.Min != "" || k.Max != "" {
			fits = "its objects fit Kubernetes " + review.Interval{Min: k.Min, Max: k.Max}.String()
		}
		said = append(said, fits)
	}
	if l.Unjudged != "" {
		said = append(said, "not judged: "+l.Unjudged)
	}
	if l.Unread != "" {
		said = append(said, "could not be read: "+l.Unread)
	}
	if len(said)+len(l.Faults) == 0 {
		said = append(said, "it has no objects")
	}
	heading := strings.TrimSpace(l.Package + " " + l.Version)
	if len(said) > 0 {
		heading += ": " + strings.Join(said, "; ")
	}
	fmt.Fprintln(w, printable(heading))
	for _, fault := range l.Faults {
		fmt.Fprintf(w, "  fault: %s\n", printable(fault))
	}
	for _, c := range l.Contradictions {
		fmt.Fprintf(w, "  contradicted: %s (%s): its objects do not fit %s: %s\n", printable(c.Range), printable(c.Source), strings.Join(c.Kubernetes, ", "), printable(c.Because))
	}
}
