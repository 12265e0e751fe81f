package bot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/review"
)

// visit is one run over one repository: what was found there, and the way to change it.
type visit struct {
	forge    Forge
	kind     review.Forge
	world    pipeline.World
	who      Identity
	log      *slog.Logger
	dry      bool
	now      time.Time
	info     forge.Repository
	clone    Clone
	base     ground            // the default branch
	branches map[string]string // by name
	open     []forge.Pull
	board    Board
	budget   *Budget
	sign     func(text []byte) (string, error) // nil: commits are not signed
	redact   func(text string) string
}

// ground is what a pull is based on: a branch at a commit, and the workspace there.
type ground struct {
	branch, commit string
	project        *pipeline.Project
}

// arrive looks at a repository; nil when there is nothing to do in it. It returns a *pipeline.NoWorkspaceError beside the visit.
func (r *Run) arrive(ctx context.Context, path string, log *slog.Logger) (*visit, error) {
	info, err := r.Forge.Repository(ctx, path)
	if err != nil || info.Archived || info.Default == "" {
		return nil, err
	}
	v, err := r.branchesOf(ctx, info, log)
	if err != nil || v == nil {
		return nil, err
	}
	if v.base, err = v.standOn(ctx, info.Default); err != nil {
		return v, err
	}
	if v.open, err = r.Forge.Pulls(ctx, path, forge.PullQuery{State: forge.Open}); err != nil {
		return nil, err
	}
	v.budget = NewBudget(v.base.project.Workspace().Policy.Limits, v.open, v.now)
	return v, nil
}

// branchesOf looks at the branches of a repository; nil when it has no default branch.
func (r *Run) branchesOf(ctx context.Context, info forge.Repository, log *slog.Logger) (*visit, error) {
	v := &visit{
		forge: r.Forge, kind: r.Kind, world: r.World, who: r.Identity, log: log, dry: r.DryRun, now: r.World.Now(), info: info,
		sign: r.Sign, redact: r.redacted, branches: map[string]string{},
	}
	var err error
	if v.clone, err = r.Clone(info.Path, info.CloneURL); err != nil {
		return nil, err
	}
	refs, err := v.clone.Refs(ctx)
	if err != nil {
		return nil, err
	}
	for name, id := range refs.ByName {
		if branch, is := strings.CutPrefix(name, "refs/heads/"); is {
			v.branches[branch] = id
		}
	}
	if v.branches[info.Default] == "" {
		return nil, nil
	}
	return v, nil
}

// standOn is a branch as ground.
func (v *visit) standOn(ctx context.Context, branch string) (ground, error) {
	on := ground{branch: branch, commit: v.branches[branch]}
	if err := v.clone.Fetch(ctx, 1, on.commit); err != nil {
		return on, err
	}
	var err error
	on.project, err = v.workspace(ctx, v.world, on.commit)
	return on, err
}

// workspace opens the workspace of a commit that is at hand.
func (v *visit) workspace(ctx context.Context, world pipeline.World, commit string) (*pipeline.Project, error) {
	tree, err := v.clone.Store().FS(ctx, commit)
	if err != nil {
		return nil, err
	}
	return pipeline.OpenCommit(ctx, world, pipeline.Commit{
		ID: commit, Tree: tree, Origin: v.info.CloneURL,
		Earlier: func(ctx context.Context, see func(fs.FS) (bool, error)) error {
			return walk(ctx, v.clone, commit, func(c gitops.CommitFacts) (bool, error) {
				if c.ID == commit {
					return true, nil
				}
				tree, err := v.clone.Store().FS(ctx, c.ID)
				if err != nil {
					return false, err
				}
				return see(tree)
			})
		},
	})
}

func (r *Run) visit(ctx context.Context, path string, log *slog.Logger, result *Result) error {
	if notes, yes := r.atRest(ctx, path, log); yes {
		result.Notes = append(result.Notes, notes...)
		return nil
	}
	v, err := r.arrive(ctx, path, log)
	var none *pipeline.NoWorkspaceError
	if errors.As(err, &none) {
		result.Notes = append(result.Notes, "it has no gkops.yaml")
		v.remember(r.Memory, true, result.Notes)
		return nil
	}
	if err != nil {
		return err
	}
	if v == nil {
		result.Notes = append(result.Notes, "it is archived or empty")
		return nil
	}
	board, err := v.readBoard(ctx)
	if err != nil {
		return err
	}
	found, err := v.wanted(ctx)
	if err != nil {
		return err
	}
	err = v.bring(ctx, found, result)
	if err != nil && !known(err) {
		return errors.Join(append(found.faults, err)...)
	}
	v.board.forget(found.waiting)
	entries := v.entries(found, result.Pulls)
	err = errors.Join(append(found.faults, err, v.writeBoard(ctx, board, entries))...)
	v.remember(r.Memory, err == nil && len(result.Pulls) == 0 && v.settled(entries), nil)
	return err
}

// wanted is what there should be pulls for, promotions among it, in the order in which they are made.
func (v *visit) wanted(ctx context.Context) (survey, error) {
	found, err := look(ctx, v.base.project, v.board, Scene{Now: v.now})
	if err != nil {
		return found, err
	}
	promotions, held, err := v.promotions(ctx, found.scene)
	if err != nil {
		found.faults = append(found.faults, err)
	}
	found.held = held
	found.wishes = append(found.wishes, promotions...)
	Rank(found.wishes)
	return found, nil
}

// bring brings all pulls to what they should be, and tells what became of each. An error that is about one pull stops no other; it is
// returned in the end. Any other error ends the way.
func (v *visit) bring(ctx context.Context, found survey, result *Result) error {
	var all error
	for _, w := range found.wishes {
		out, err := v.fulfil(ctx, w, v.base)
		if err = v.note(result, out, err); err != nil && !known(err) {
			return errors.Join(all, err)
		}
		all = errors.Join(all, err)
	}
	for _, p := range v.stacked() {
		out, err := v.tend(ctx, p)
		if err = v.note(result, out, err); err != nil && !known(err) {
			return errors.Join(all, err)
		}
		all = errors.Join(all, err)
	}
	if len(found.faults) > 0 {
		return all
	}
	ended, err := v.supersede(ctx, found.wishes)
	result.Pulls = append(result.Pulls, ended...)
	return errors.Join(all, err)
}

// note writes down what became of a pull. It returns the error when it is more than the answer "no".
func (v *visit) note(result *Result, out Outcome, err error) error {
	if err != nil {
		out.State, out.Why = Failed, explained(err)
		if refused(err) {
			out.State, err = Blocked, nil
		} else {
			err = fmt.Errorf("pull of %s: %w", out.Branch, err)
		}
	}
	out.Why = v.redact(out.Why)
	v.log.Info("pull", "branch", out.Branch, "state", string(out.State), "why", out.Why)
	result.Pulls = append(result.Pulls, out)
	return err
}
