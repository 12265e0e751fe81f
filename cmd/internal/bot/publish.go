package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
	"gkops.dev/gkops/gitops/remote"
	"gkops.dev/gkops/gitops/review"
)

// made is a commit with the text of its pull, on its ground.
type made struct {
	wish         Wish
	on           ground
	commit, body string
	marker       Marker
}

// make plans a wish on a ground and makes its commit, which no branch has yet; nil when nothing would change. A commit of the branch that
// does the same is taken as it is.
func (v *visit) make(ctx context.Context, w Wish, on ground) (*made, error) {
	proposal, err := w.proposal, error(nil)
	if proposal == nil {
		proposal, err = on.project.Propose(ctx, w.Edit)
	}
	if err != nil {
		return nil, err
	}
	files := proposal.Files()
	if len(files) == 0 {
		return nil, nil
	}
	if w.Kind == Promotion {
		if err := on.project.Promoted(proposal, w.Edit.Clusters[0], w.Takes); err != nil {
			return nil, err
		}
	}
	id, err := v.commit(ctx, w, on.commit, proposal.Message(w.Title), files)
	if err != nil {
		return nil, err
	}
	report, err := v.review(ctx, on, id, w.Branch)
	if err != nil {
		return nil, err
	}
	m := &made{wish: w, on: on, commit: id, marker: w.marker(on.branch)}
	m.marker.Risk = report.Summary.Risk.String()
	m.body, err = bodyOf(w, m.marker, v.info.Default, proposal, report, v.kind)
	return m, err
}

// commit makes the commit of a wish on top of a base, unless the branch is there with one that says and holds the same: signatures may
// differ every time.
func (v *visit) commit(ctx context.Context, w Wish, base, message string, files map[string][]byte) (string, error) {
	c, err := newCommit(v.clone.Store(), w.Branch, base, message, files)
	if err != nil {
		return "", err
	}
	c.Committer.Name, c.Committer.Email, c.Sign = v.who.Name, v.who.Email, v.sign
	c.Author = c.Committer
	if w.author != nil {
		c.Author.Name, c.Author.Email = w.author.Name, w.author.Email
	}
	id, err := v.clone.Store().Commit(ctx, c)
	tip := v.branches[w.Branch]
	if err != nil || id == tip || !v.clone.Store().Has(tip) {
		return id, err
	}
	was, err := v.clone.Store().CommitOf(tip)
	if err != nil {
		return "", err
	}
	now, err := v.clone.Store().CommitOf(id)
	if err == nil && was.Tree == now.Tree && slices.Equal(was.Parents, now.Parents) && was.Message == now.Message && (was.Signature == "") == (now.Signature == "") {
		id = tip
	}
	return id, err
}

// review compares a commit of the clone with its ground.
func (v *visit) review(ctx context.Context, on ground, head, branch string) (*review.Report, error) {
	before, err := v.clone.Store().FS(ctx, on.commit)
	if err != nil {
		return nil, err
	}
	after, err := v.clone.Store().FS(ctx, head)
	if err != nil {
		return nil, err
	}
	return pipeline.CompareTrees(ctx, v.world, pipeline.ReviewTrees{Base: before, Head: after, Origin: review.Origin{
		Base: on.branch, Head: branch, BaseCommit: on.commit, HeadCommit: head,
		Command: fmt.Sprintf("git fetch origin %s && gkops diff %.10s FETCH_HEAD", branch, on.commit),
	}}, pipeline.ReviewOptions{})
}

// publish pushes a commit, when the branch has another, and opens or changes the pull. retake says that a person asked for a branch back
// that others have changed.
func (v *visit) publish(ctx context.Context, m *made, pull forge.Pull, found, retake bool, out *Outcome) error {
	out.State = Opened
	if found {
		out.State = Updated
	}
	tip := v.branches[m.wish.Branch]
	if m.commit != tip {
		if err := v.push(ctx, m, tip, retake, out); err != nil || out.State == Later || out.State == Left {
			return err
		}
	}
	if !found {
		return v.openPull(ctx, m, out)
	}
	edit, changes := editOf(pull, m)
	if !changes {
		if m.commit == tip {
			out.State = Unchanged
		}
		return nil
	}
	if v.dry {
		return nil
	}
	_, err := v.forge.EditPull(ctx, v.info.Path, pull.Number, edit)
	return err
}

// push moves the branch of a wish, if it and its ground are still as they were seen.
func (v *visit) push(ctx context.Context, m *made, tip string, retake bool, out *Outcome) error {
	if v.dry {
		v.branches[m.wish.Branch] = m.commit // what is based on it is told too
		return nil
	}
	if tip != "" && !retake {
		differences, err := v.prove(ctx, v.world, m.on.commit, tip)
		var elsewhere *elsewhereError
		if errors.As(err, &elsewhere) || len(differences) > 0 {
			out.State, out.Why = Left, "the branch does not hold what its lock says"
			return nil
		}
		if err != nil {
			return fmt.Errorf("render branch %s again: %w", m.wish.Branch, err)
		}
	}
	refs, err := v.clone.Refs(ctx)
	if err != nil {
		return err
	}
	if refs.ByName["refs/heads/"+m.on.branch] != m.on.commit {
		out.State, out.Why = Later, "branch "+m.on.branch+" has moved in the meantime"
		return nil
	}
	err = v.clone.Push(ctx, m.wish.Branch, m.commit, tip)
	var lease *remote.LeaseError
	if errors.As(err, &lease) {
		out.State, out.Why = Later, "somebody else has pushed to the branch in the meantime"
		return nil
	}
	if err == nil {
		v.branches[m.wish.Branch] = m.commit
		v.log.Info("pushed", "branch", m.wish.Branch, "commit", m.commit)
	}
	return err
}

// openPull opens the pull of a wish. Whatever the forge answers, it is looked for before anybody tries again: the pull may be there.
func (v *visit) openPull(ctx context.Context, m *made, out *Outcome) error {
	if v.dry {
		return nil
	}
	w := m.wish
	opened, err := v.forge.OpenPull(ctx, v.info.Path, forge.NewPull{
		Title: w.Title, Body: m.body, Head: w.Branch, Base: m.on.branch, Labels: w.Labels, Assignees: w.Assignees, Reviewers: w.Reviewers,
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
func editOf(pull forge.Pull, m *made) (forge.PullEdit, bool) {
	var edit forge.PullEdit
	old, _ := FindMarker(pull.Body)
	body := m.body
	if pull.Title == old.Title && pull.Title != m.wish.Title {
		edit.Title = &m.wish.Title
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
