package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses, as diff(1) has them.
const (
	yes     = 0 // the answer is yes
	no      = 1 // the answer is no
	unknown = 2 // could not tell
)

// Run runs one command in a world and returns its exit status.
func Run(ctx context.Context, env Env) int {
	root := newRoot(env)
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return yes
	}
	if strings.HasPrefix(err.Error(), "required flag") {
		err = &usageError{Command: "gkops " + strings.Join(env.Args[:1], ""), Err: err}
	}
	complain(env, err)
	return status(err)
}

// newRoot is the whole command tree. Nothing is shared between two trees, so commands can be run side by side in tests.
func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "gkops",
		Short: "A package manager for Kubernetes that writes Git and never touches a cluster",
		Long: `gkops resolves packages and versions, renders plain manifests per dependency layer
with the ordering that Flux or Argo CD needs, and writes them to a Git repository.

Exit status: 0 yes; 1 no (no solution, conflict, drift, changes, something outdated);
2 could not tell (usage, network, bad file).`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{Command: cmd.CommandPath(), Err: err}
	})
	root.AddGroup(
		&cobra.Group{ID: "change", Title: "Change the workspace:"},
		&cobra.Group{ID: "look", Title: "Look:"},
		&cobra.Group{ID: "prove", Title: "Prove and review:"},
	)
	for _, sub := range []struct {
		group string
		make  func(Env) *cobra.Command
	}{
		{"change", newInit}, {"change", newAdd}, {"change", newRemove}, {"change", newSet}, {"change", newUnset},
		{"change", newHold}, {"change", newUnhold}, {"change", newUpgrade}, {"change", newPromote}, {"change", newRevert}, {"change", newRegistry},
		{"look", newList}, {"look", newOutdated}, {"look", newSearch}, {"look", newInfo}, {"look", newWhy}, {"look", newGraph},
		{"prove", newRender}, {"prove", newVerify}, {"prove", newDiff}, {"prove", newCompat}, {"prove", newBot}, {"prove", newPlan}, {"prove", newPackage},
		{"", newCompletion}, {"", newVersion},
	} {
		cmd := sub.make(env)
		cmd.GroupID = sub.group
		if cmd.Args != nil {
			cmd.Args = usageArgs(cmd.Args)
		}
		root.AddCommand(cmd)
	}
	return root
}

// usageError is a command line that cannot be understood.
type usageError struct {
	Command string
	Err     error
}

// Error is what is wrong with the command line.
func (e *usageError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *usageError) Unwrap() error { return e.Err }

// Hint says where the usage is told.
func (e *usageError) Hint() string { return fmt.Sprintf("see '%s --help'", e.Command) }

// usagef is a usage error with a text of our own.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{Command: cmd.CommandPath(), Err: fmt.Errorf(format, args...)}
}

// usageArgs makes the errors of a check of arguments usage errors.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{Command: cmd.CommandPath(), Err: err}
		}
		return nil
	}
}

// unknownCommand says that there is no such command, and which one may have been meant.
func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return usagef(cmd, "no command %q: did you mean %s?", name, strings.Join(near, " or "))
	}
	return usagef(cmd, "no command %q", name)
}

// answerNo ends a command whose answer is "no" and has been printed already.
type answerNo struct{ reason string }

// Error is the reason, empty when all has been said.
func (e *answerNo) Error() string { return e.reason }

// complain prints an error and its hints to stderr.
func complain(env Env, err error) {
	var silent *answerNo
	if errors.As(err, &silent) {
		if silent.reason != "" {
			fmt.Fprintf(env.Stderr, "gkops: %s\n", silent.reason)
		}
		return
	}
	fmt.Fprintf(env.Stderr, "gkops: %s\n", strings.TrimRight(message(err), "\n"))
	for _, hint := range hints(err) {
		fmt.Fprintf(env.Stderr, "gkops: hint: %s\n", hint)
	}
}

// table writes rows in columns that are as wide as their widest cell, two spaces apart.
func table(w io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-len([]rune(cell))+2))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
