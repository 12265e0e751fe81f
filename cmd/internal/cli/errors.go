package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/order"
	"gkops.dev/gkops/render/order/simulate"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// open opens the workspace of the working directory.
func open(ctx context.Context, env Env) (*pipeline.Project, error) {
	return pipeline.Open(ctx, world(env), env.Dir)
}

// world is the part of an Env that the pipeline needs.
func world(env Env) pipeline.World {
	return pipeline.World{
		Getenv: env.Getenv,
		HTTP:   env.HTTP,
		Now:    env.Now,
		Warn:   func(text string) { fmt.Fprintf(env.Stderr, "gkops: %s\n", text) },
		Progress: func(task string, done, total int) {
			if !env.StderrTerminal || total < 2 {
				return
			}
			fmt.Fprintf(env.Stderr, "\r\x1b[Kgkops: %s %d/%d", task, done, total)
			if done == total {
				fmt.Fprint(env.Stderr, "\r\x1b[K")
			}
		},
	}
}

// message is an error as a person reads it: of a "no" the explanation, else the error itself.
func message(err error) string {
	var noSolution *resolver.NoSolutionError
	if errors.As(err, &noSolution) {
		if where, is := strings.CutSuffix(err.Error(), noSolution.Error()); is {
			return where + noSolution.Explain()
		}
		return noSolution.Explain()
	}
	return err.Error()
}

// status is the exit status that an error means: 1 when the answer is no, 2 when there is no answer.
func status(err error) int {
	var (
		silent     *answerNo
		noSolution *resolver.NoSolutionError
		conflict   *render.ConflictError
		cycle      *order.CycleError
		early      *simulate.OrderError
		occupied   *gitops.OccupiedError
		missing    *pipeline.UnknownError
		unfit      *pipeline.UnfitError
	)
	switch {
	case errors.As(err, &missing) && missing.What == "package", errors.As(err, &unfit):
		return no
	case errors.As(err, &silent), errors.As(err, &noSolution), errors.As(err, &conflict), errors.As(err, &cycle), errors.As(err, &early), errors.As(err, &occupied):
		return no
	}
	return unknown
}

// hints are what a person can do about an error: what the errors in its tree say, without repeats.
func hints(err error) []string {
	var all []string
	seen := map[string]bool{}
	add := func(hint string) {
		if hint != "" && !seen[hint] {
			seen[hint] = true
			all = append(all, hint)
		}
	}
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		add(ownHint(err))
		switch wrapped := err.(type) {
		case interface{ Unwrap() error }:
			walk(wrapped.Unwrap())
		case interface{ Unwrap() []error }:
			for _, e := range wrapped.Unwrap() {
				walk(e)
			}
		}
	}
	walk(err)
	return all
}

// ownHint is what one error says of itself.
func ownHint(err error) string {
	switch e := err.(type) {
	case interface{ Hint() string }:
		return e.Hint()
	case *document.SyntaxError:
		return e.Hint
	case *render.ObjectError:
		return e.Hint
	case *render.SecretError:
		return e.Hint
	case *render.OverrideError:
		return e.Hint
	case *render.FolderError:
		return e.Hint
	case *render.ConflictError:
		return "only one of these packages can be in a cluster: leave one out, or remove the object from one with a patch"
	case *resolver.ProblemError:
		return e.Hint
	case *render.ModeError:
		return e.Hint
	case *values.Error:
		return e.Hint
	case *render.TargetError:
		what := "an object"
		if e.Place.File != "" {
			what = "a place in it"
		}
		return "the package names " + what + " that it does not have: leave the value unset, and tell the package's author"
	case *values.MissingError:
		return "give it with --set NAME=VALUE, or values: in gkops.yaml"
	case *catalog.ReadError:
		if errors.Is(e, catalog.ErrNotFound) {
			return "what the registry listed is not there: ask who keeps it, name a place with copies in GKOPS_MIRROR, or choose another version"
		}
	}
	return ""
}

// showFindings tells what a render found, on stderr; what is only worth knowing is counted.
func showFindings(env Env, findings []finding.Finding) {
	counts := map[string]int{}
	var infos []string
	for _, f := range findings {
		if f.Severity == finding.Info {
			if counts[f.Rule] == 0 {
				infos = append(infos, f.Rule)
			}
			counts[f.Rule]++
			continue
		}
		fmt.Fprintf(env.Stderr, "gkops: %s: %s\n", f.Severity, describeFinding(f))
	}
	for _, rule := range infos {
		fmt.Fprintf(env.Stderr, "gkops: info: %s (%d objects)\n", rule, counts[rule])
	}
}

func describeFinding(f finding.Finding) string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if where != "" {
		where += ": "
	}
	return fmt.Sprintf("%s%s [%s]", where, printable(f.Message), f.Rule)
}
