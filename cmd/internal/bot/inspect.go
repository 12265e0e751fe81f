package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
	"gkops.dev/gkops/gitops/review"
	"gkops.dev/gkops/gitops/workspace"
)

// reviewMark ends the one comment that the bot keeps on a pull.
const reviewMark = "<!-- gkops:review -->"

// StatusContext names the commit status of the bot.
const StatusContext = "gkops"

// Inspect keeps one comment and one commit status on every open pull that touches the workspace, whoever opened it: the review, and whether
// the tree is what the lock says. What is trusted of a pull is nothing: rules and registries are those of its base.
func (r *Run) Inspect(ctx context.Context) ([]Result, error) {
	return r.each(ctx, r.inspect)
}

func (r *Run) inspect(ctx context.Context, path string, log *slog.Logger, result *Result) error {
	v, err := r.arrive(ctx, path, log)
	var none *pipeline.NoWorkspaceError
	if errors.As(err, &none) || err == nil && v == nil {
		result.Notes = append(result.Notes, "it has no workspace")
		return nil
	}
	if err != nil {
		return err
	}
	self, err := r.Forge.Self(ctx)
	if err != nil {
		return err
	}
	for _, p := range v.open {
		out, err := v.inspectPull(ctx, p, self)
		if err != nil {
			return fmt.Errorf("pull %d: %w", p.Number, err)
		}
		if out.State != "" {
			result.Pulls = append(result.Pulls, out)
		}
	}
	return nil
}

// inspectPull reviews one pull; the outcome has no state when it does not touch the workspace.
func (v *visit) inspectPull(ctx context.Context, p forge.Pull, self string) (Outcome, error) {
	out := Outcome{Branch: p.Head, Title: p.Title, Number: p.Number, URL: p.URL, Brings: []string{}}
	base := v.branches[p.Base]
	switch {
	case p.HeadRepository != v.info.Path:
		out.State, out.Why = Left, "it comes from a fork, and is not reviewed"
	case base == "" || v.branches[p.Head] != p.HeadCommit:
		out.State, out.Why = Later, "its branches have moved in the meantime"
	}
	if out.State != "" {
		return out, nil
	}
	from, err := forkPoint(ctx, v.clone, base, p.HeadCommit)
	if err != nil {
		return out, err
	}
	files, err := changed(ctx, v.clone.Store(), from, p.HeadCommit)
	if err != nil || !touches(files) {
		return out, err
	}
	report, err := v.review(ctx, ground{branch: p.Base, commit: from}, p.HeadCommit, p.Head)
	if err != nil {
		return out, err
	}
	out.Risk = report.Summary.Risk.String()
	state, verdict := v.verdict(ctx, from, p.HeadCommit)
	out.Why = verdict
	var body bytes.Buffer
	if err := review.MarkdownFor(&body, report, review.MarkdownOptions{Forge: v.kind, Budget: v.kind.Budget() - 2000}); err != nil {
		return out, err
	}
	fmt.Fprintf(&body, "\n---\n\n%s\n%s\n", quoted(verdict), reviewMark)
	wrote, err := v.tell(ctx, p, self, body.String(), forge.Status{Context: StatusContext, State: state, Description: headline(verdict)})
	if out.State = Unchanged; wrote {
		out.State = Updated
	}
	return out, err
}

// touches reports whether files are part of the workspace.
func touches(files map[string][]byte) bool {
	for name := range files {
		if name == workspace.FileName || strings.HasPrefix(name, pipeline.Folder+"/") {
			return true
		}
	}
	return false
}

// forkPoint is the nearest commit on the first parents of a base that a head has too; the base itself when none is near. It fetches as
// much of both as that takes.
func forkPoint(ctx context.Context, c Clone, base, head string) (string, error) {
	for depth := 8; depth <= deepest; depth *= 8 {
		if err := c.Fetch(ctx, depth, base, head); err != nil {
			return "", err
		}
		at, err := meeting(c, base, head)
		if err != nil || at != "" {
			return at, err
		}
	}
	return base, nil
}

// meeting is the fork point among the commits that are at hand, empty when it is not.
func meeting(c Clone, base, head string) (string, error) {
	reached := map[string]bool{}
	for queue := []string{head}; len(queue) > 0; queue = queue[1:] {
		if reached[queue[0]] || !c.Store().Has(queue[0]) {
			continue
		}
		reached[queue[0]] = true
		commit, err := c.Store().CommitOf(queue[0])
		if err != nil {
			return "", err
		}
		queue = append(queue, commit.Parents...)
	}
	for at := base; c.Store().Has(at); {
		if reached[at] {
			return at, nil
		}
		commit, err := c.Store().CommitOf(at)
		if err != nil || len(commit.Parents) == 0 {
			return "", err
		}
		at = commit.Parents[0]
	}
	return "", nil
}

// verdict says whether a commit holds what its lock says. Nothing of the user's credentials is at hand for what it names.
func (v *visit) verdict(ctx context.Context, base, head string) (forge.CheckState, string) {
	world := v.world
	world.Getenv = func(name string) string {
		if name == "HOME" || name == "DOCKER_CONFIG" {
			return ""
		}
		return v.world.Getenv(name)
	}
	differences, err := v.prove(ctx, world, base, head)
	if err != nil {
		return forge.Failure, err.Error()
	}
	if len(differences) == 0 {
		return forge.Success, "the tree is what the lock says"
	}
	lines := []string{"the tree is not what the lock says: run 'gkops render' and commit what it writes"}
	for _, d := range differences[:min(len(differences), 20)] {
		lines = append(lines, d.What+" "+d.Path)
	}
	return forge.Failure, strings.Join(lines, "\n")
}

// elsewhereError says that a commit reads from other places than the commit that is trusted.
type elsewhereError struct{}

// Error says that it is not rendered.
func (*elsewhereError) Error() string {
	return "the pull changes registries or mirrors: its tree is not rendered here. Run 'gkops verify' when you trust them"
}

// prove renders the locks of a commit again and lists what is not as they say. A commit that names other places to read from than the one
// that is trusted is not rendered, an *elsewhereError: nothing is asked of a host because a pull says so.
func (v *visit) prove(ctx context.Context, world pipeline.World, trusted, commit string) ([]pipeline.Difference, error) {
	before, err := v.places(ctx, trusted)
	if err != nil {
		return nil, fmt.Errorf("the workspace of the base cannot be read: %w", err)
	}
	after, err := v.places(ctx, commit)
	if err != nil {
		return nil, err
	}
	if before != after {
		return nil, &elsewhereError{}
	}
	p, err := v.workspace(ctx, world, commit)
	if err != nil {
		return nil, err
	}
	differences, err := p.Verify(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("the tree cannot be rendered again: %w", err)
	}
	return differences, nil
}

// places are the registries and mirrors of a commit, as a text.
func (v *visit) places(ctx context.Context, commit string) (string, error) {
	tree, err := v.clone.Store().FS(ctx, commit)
	if err != nil {
		return "", err
	}
	data, err := fs.ReadFile(tree, workspace.FileName)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", workspace.FileName, err)
	}
	w, err := workspace.Parse(workspace.FileName, data)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{w.Registries, w.Mirrors})
	return string(text), err
}

// tell brings comment and status of a pull to what they should be, and reports whether anything was written.
func (v *visit) tell(ctx context.Context, p forge.Pull, self, body string, status forge.Status) (bool, error) {
	comments, err := v.forge.Comments(ctx, v.info.Path, p.Number)
	if err != nil {
		return false, err
	}
	var mine forge.Comment
	for _, c := range comments {
		if c.Author == self && strings.HasSuffix(trimmed(c.Body), reviewMark) {
			mine = c
			break
		}
	}
	checks, err := v.forge.Checks(ctx, v.info.Path, p.HeadCommit)
	if err != nil {
		return false, err
	}
	same := trimmed(mine.Body) == trimmed(body)
	set := slices.ContainsFunc(checks, func(c forge.Check) bool { return c.Name == status.Context && c.State == status.State })
	if v.dry || same && set {
		return !same || !set, nil
	}
	if !same {
		mine.Body = body
		if _, err := v.forge.PutComment(ctx, v.info.Path, p.Number, mine); err != nil {
			return false, err
		}
	}
	if !set {
		err = v.forge.SetStatus(ctx, v.info.Path, p.HeadCommit, status)
	}
	return true, err
}

// headline is the first line of a text, as long as a commit status may be.
func headline(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return polite.Cut(line, 140)
}
