package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
	"gkops.dev/gkops/gitops/remote"
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
	base     string            // the commit that everything is based on
	branches map[string]string // by name
	open     []forge.Pull
	project  *pipeline.Project
	board    Board
	budget   *Budget
}

// fulfil brings one pull to what is wished.
func (v *visit) fulfil(ctx context.Context, w Wish) (Outcome, error) {
	out := Outcome{Branch: w.Branch, Title: w.Title, Brings: w.Targets}
	pull, found, err := v.find(ctx, w, &out)
	if err != nil || out.State != "" {
		return out, err
	}
	tip := v.branches[w.Branch]
	owner, err := whose(ctx, v.clone, w.Branch, tip, v.base)
	if err != nil {
		return out, err
	}
	retake := v.board.Ticks["rebase "+w.Branch]
	if owner == Edited && !retake {
		out.State, out.Why = Left, "the branch has changes that are not gkops's"
		return out, v.markEdited(ctx, pull, found)
	}
	marker, _ := FindMarker(pull.Body)
	if found && owner == Current && marker.Same(w.marker(v.info.Default)) && marker.Base == v.info.Default {
		out.State, out.Risk = Unchanged, marker.Risk
		return out, v.automerge(ctx, w, pull, &out)
	}
	made, err := v.make(ctx, w)
	if err != nil {
		return out, err
	}
	if made == nil {
		out.State, out.Why = Blocked, "the solver moves nothing when only these packages may move"
		return out, nil
	}
	out.Risk = made.marker.Risk
	if !found {
		if out.Why = v.budget.Take(w); out.Why != "" {
			out.State = Held
			return out, nil
		}
	}
	return out, v.publish(ctx, w, made, pull, found, tip, owner == Edited && retake, &out)
}

// find is the open pull of a wish. It sets the outcome where nothing is to be done: a person's pull, one that a person closed or sent
// elsewhere, or one that is not to be opened yet.
func (v *visit) find(ctx context.Context, w Wish, out *Outcome) (forge.Pull, bool, error) {
	for _, p := range v.open {
		if p.Head == w.Branch && p.HeadRepository == v.info.Path {
			return v.judge(p, out)
		}
	}
	before, err := v.forge.Pulls(ctx, v.info.Path, forge.PullQuery{Head: w.Branch})
	if err != nil {
		return forge.Pull{}, false, err
	}
	for _, p := range before {
		marker, ours := FindMarker(p.Body)
		switch {
		case p.HeadRepository != v.info.Path && p.HeadRepository != "":
		case p.State == forge.Open:
			return v.judge(p, out)
		case p.State == forge.Closed && ours && marker.Same(w.marker("")) && !v.board.Ticks["retry "+w.Branch]:
			out.State, out.Number, out.URL, out.Why = Refused, p.Number, p.URL, "a person closed it; a tick on the dashboard proposes it again"
			return forge.Pull{}, false, nil
		}
	}
	if w.Held != "" {
		out.State, out.Why = Held, w.Held
	}
	return forge.Pull{}, false, nil
}

// judge decides whether an open pull is the bot's to change.
func (v *visit) judge(p forge.Pull, out *Outcome) (forge.Pull, bool, error) {
	out.Number, out.URL = p.Number, p.URL
	marker, ours := FindMarker(p.Body)
	switch {
	case !ours:
		out.State, out.Why = Left, "the pull of this branch was not opened by gkops"
	case p.Base != marker.Base && p.Base != v.info.Default:
		out.State, out.Why = Left, "a person sent the pull to branch "+p.Base
	case p.Title != marker.Title:
		out.Title = p.Title
		v.log.Info("title kept", "pull", p.Number, "title", p.Title)
	}
	return p, true, nil
}

// editedLabel marks a pull whose branch a person changed.
const editedLabel = "gkops-edited"

func (v *visit) markEdited(ctx context.Context, p forge.Pull, found bool) error {
	if !found || v.dry || slices.Contains(p.Labels, editedLabel) {
		return nil
	}
	_, err := v.forge.EditPull(ctx, v.info.Path, p.Number, forge.PullEdit{AddLabels: []string{editedLabel}})
	if errors.Is(err, forge.ErrUnsupported) {
		return nil
	}
	return err
}

// made is a commit with the text of its pull.
type made struct {
	commit, body string
	marker       Marker
}

// make plans a wish and makes its commit, which no branch has yet; nil when nothing would change.
func (v *visit) make(ctx context.Context, w Wish) (*made, error) {
	proposal, err := v.project.Propose(ctx, w.Edit)
	if err != nil {
		return nil, err
	}
	files := proposal.Files()
	if len(files) == 0 {
		return nil, nil
	}
	if w.Kind == Promotion {
		if err := v.project.Promoted(proposal, w.Edit.Clusters[0], w.Takes); err != nil {
			return nil, err
		}
	}
	id, err := commit(ctx, v.clone.Store(), v.who, w.Branch, v.base, proposal.Message(w.Title), files)
	if err != nil {
		return nil, err
	}
	report, err := v.review(ctx, v.base, id, w.Branch)
	if err != nil {
		return nil, err
	}
	m := &made{commit: id, marker: w.marker(v.info.Default)}
	m.marker.Risk = report.Summary.Risk.String()
	m.body, err = bodyOf(w, m.marker, proposal, report, v.kind)
	return m, err
}

// review compares two commits of the clone.
func (v *visit) review(ctx context.Context, base, head, branch string) (*review.Report, error) {
	before, err := v.clone.Store().FS(ctx, base)
	if err != nil {
		return nil, err
	}
	after, err := v.clone.Store().FS(ctx, head)
	if err != nil {
		return nil, err
	}
	return pipeline.CompareTrees(ctx, v.world, pipeline.ReviewTrees{Base: before, Head: after, Origin: review.Origin{
		Base: v.info.Default, Head: branch, BaseCommit: base, HeadCommit: head,
		Command: fmt.Sprintf("git fetch origin %s && gkops diff %.10s FETCH_HEAD", branch, base),
	}}, pipeline.ReviewOptions{})
}

// publish pushes a commit, when the branch has another, and opens or changes the pull.
func (v *visit) publish(ctx context.Context, w Wish, m *made, pull forge.Pull, found bool, tip string, retake bool, out *Outcome) error {
	out.State = Opened
	if found {
		out.State = Updated
	}
	if v.dry {
		return nil
	}
	if m.commit != tip {
		if err := v.push(ctx, w, m, tip, retake, out); err != nil || out.State == Later || out.State == Left {
			return err
		}
	}
	if !found {
		return v.openPull(ctx, w, m, out)
	}
	edit, changes := editOf(pull, m, w)
	if !changes {
		if m.commit == tip {
			out.State = Unchanged
		}
		return nil
	}
	_, err := v.forge.EditPull(ctx, v.info.Path, pull.Number, edit)
	return err
}

// push moves the branch of a wish, if it and the base are still as they were seen.
func (v *visit) push(ctx context.Context, w Wish, m *made, tip string, retake bool, out *Outcome) error {
	if tip != "" && !retake {
		whole, err := rendered(ctx, v.world, v.clone.Store(), tip, v.info.CloneURL)
		if err != nil {
			return fmt.Errorf("render branch %s again: %w", w.Branch, err)
		}
		if !whole {
			out.State, out.Why = Left, "the branch does not hold what its lock says"
			return nil
		}
	}
	refs, err := v.clone.Refs(ctx)
	if err != nil {
		return err
	}
	if refs.ByName["refs/heads/"+v.info.Default] != v.base {
		out.State, out.Why = Later, "branch "+v.info.Default+" has moved in the meantime"
		return nil
	}
	err = v.clone.Push(ctx, w.Branch, m.commit, tip)
	var lease *remote.LeaseError
	if errors.As(err, &lease) {
		out.State, out.Why = Later, "somebody else has pushed to the branch in the meantime"
		return nil
	}
	if err == nil {
		v.branches[w.Branch] = m.commit
		v.log.Info("pushed", "branch", w.Branch, "commit", m.commit)
	}
	return err
}

// openPull opens the pull of a wish. Whatever the forge answers, it is looked for before anybody tries again: the pull may be there.
func (v *visit) openPull(ctx context.Context, w Wish, m *made, out *Outcome) error {
	opened, err := v.forge.OpenPull(ctx, v.info.Path, forge.NewPull{
		Title: w.Title, Body: m.body, Head: w.Branch, Base: v.info.Default, Labels: w.Labels, Assignees: w.Assignees, Reviewers: w.Reviewers,
	})
	if err != nil && opened.Number != 0 {
		out.Why = err.Error() // it is open, without some of its people or labels
		err = nil
	}
	if err != nil {
		before, listErr := v.forge.Pulls(ctx, v.info.Path, forge.PullQuery{Head: w.Branch, State: forge.Open})
		if listErr != nil {
			return errors.Join(err, listErr)
		}
		n := slices.IndexFunc(before, func(p forge.Pull) bool {
			marker, ours := FindMarker(p.Body)
			return ours && marker.Same(m.marker) && p.HeadRepository == v.info.Path
		})
		var conflict *forge.ConflictError
		switch {
		case n >= 0:
			opened, out.State = before[n], Unchanged
		case errors.As(err, &conflict):
			out.State, out.Why = Later, conflict.Error()
			return nil
		default:
			return err
		}
	}
	out.Number, out.URL = opened.Number, opened.URL
	v.log.Info("pull open", "number", opened.Number, "branch", w.Branch, "state", string(out.State))
	return nil
}

// editOf is what has to change of a pull. A title that a person gave stays.
func editOf(pull forge.Pull, m *made, w Wish) (forge.PullEdit, bool) {
	var edit forge.PullEdit
	old, _ := FindMarker(pull.Body)
	body := m.body
	if pull.Title == old.Title && pull.Title != w.Title {
		edit.Title = &w.Title
	}
	if trimmed(pull.Body) != trimmed(body) {
		edit.Body = &body
	}
	if pull.Base != m.marker.Base {
		edit.Base = &m.marker.Base
	}
	if slices.Contains(pull.Labels, editedLabel) {
		edit.RemoveLabels = []string{editedLabel}
	}
	return edit, edit.Title != nil || edit.Body != nil || edit.Base != nil || edit.RemoveLabels != nil
}

// trimmed is a body as every forge keeps it.
func trimmed(body string) string {
	return strings.TrimSpace(polite.Plain(body))
}

// automerge merges a pull of low risk whose checks have all passed.
func (v *visit) automerge(ctx context.Context, w Wish, pull forge.Pull, out *Outcome) error {
	if !w.merges(out.Risk) || pull.Draft || pull.AutoMerge {
		return nil
	}
	tip := v.branches[w.Branch]
	checks, err := v.forge.Checks(ctx, v.info.Path, tip)
	if err != nil {
		return err
	}
	if len(checks) == 0 || slices.ContainsFunc(checks, func(c forge.Check) bool { return c.State != forge.Success }) {
		out.Why = "it is merged when all its checks have passed"
		return nil
	}
	if !v.dry {
		err = v.forge.MergePull(ctx, v.info.Path, pull.Number, forge.Merge{Commit: tip, Method: w.Automerge.Method})
		var conflict *forge.ConflictError
		if errors.As(err, &conflict) {
			out.Why = conflict.Error()
			return nil
		}
	}
	if err == nil {
		out.State = Merged
	}
	return err
}

// supersede closes the pulls that nothing wishes any more, and deletes their branches, unless a person changed them.
func (v *visit) supersede(ctx context.Context, wishes []Wish) ([]Outcome, error) {
	var all []Outcome
	for _, p := range v.open {
		marker, ours := FindMarker(p.Body)
		wished := slices.ContainsFunc(wishes, func(w Wish) bool { return w.Branch == p.Head })
		if !ours || wished || marker.Kind == Manual || p.HeadRepository != v.info.Path || !strings.HasPrefix(p.Head, Prefix) {
			continue
		}
		out := Outcome{Branch: p.Head, State: Superseded, Title: p.Title, Number: p.Number, URL: p.URL, Brings: marker.Targets}
		owner, err := whose(ctx, v.clone, p.Head, v.branches[p.Head], v.base)
		if err != nil {
			return all, err
		}
		if owner == Edited {
			out.State, out.Why = Left, "nothing asks for it any more, and the branch has changes that are not gkops's"
		} else if !v.dry {
			if err := v.end(ctx, p, marker); err != nil {
				return all, err
			}
		}
		all = append(all, out)
	}
	return all, nil
}

// end closes a pull, with a note of who did it, and deletes its branch.
func (v *visit) end(ctx context.Context, p forge.Pull, marker Marker) error {
	marker.Ended = true
	body := strings.TrimRight(p.Body, " \r\n\t")
	body = body[:strings.LastIndexByte(body, '\n')+1] + "Nothing asks for this any more.\n\n" + marker.String() + "\n"
	if _, err := v.forge.EditPull(ctx, v.info.Path, p.Number, forge.PullEdit{State: forge.Closed, Body: &body}); err != nil {
		return err
	}
	err := v.clone.Delete(ctx, p.Head, v.branches[p.Head])
	var lease *remote.LeaseError
	if errors.As(err, &lease) {
		return nil
	}
	return err
}

// known reports whether an error is a "no" about one pull: the others go on.
func known(err error) bool {
	var protected *remote.ProtectedError
	var size *remote.SizeError
	var occupied *gitops.OccupiedError
	return errors.As(err, &protected) || errors.As(err, &size) || errors.As(err, &occupied)
}
