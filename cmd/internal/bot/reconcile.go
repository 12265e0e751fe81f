package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/remote"
)

// fulfil brings one pull to what is wished, on a ground.
func (v *visit) fulfil(ctx context.Context, w Wish, on ground) (Outcome, error) {
	out := Outcome{Branch: w.Branch, Kind: w.Kind, Title: w.Title, Brings: w.Targets}
	pull, found, err := v.find(ctx, w, &out)
	if err != nil || out.State != "" {
		return out, err
	}
	owner, err := whose(ctx, v.clone, w.Branch, v.branches[w.Branch], on.commit)
	if err != nil {
		return out, err
	}
	retake := v.board.Ticks["rebase "+w.Branch]
	if owner == Edited && !retake {
		out.State, out.Why = Left, "the branch has changes that are not gkops's"
		return out, v.markEdited(ctx, pull, found)
	}
	marker, _ := FindMarker(pull.Body)
	if found && owner == Current && w.Kind != Manual && marker.Same(w.marker(on.branch)) && marker.Base == on.branch {
		out.State, out.Risk = Unchanged, marker.Risk
		return out, v.automerge(ctx, w, pull, &out)
	}
	made, err := v.make(ctx, w, on)
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
	return out, v.publish(ctx, made, pull, found, owner == Edited, &out)
}

// find is the open pull of a wish. It sets the outcome where nothing is to be done: a person's pull, one that a person closed or sent
// elsewhere, or one that is not to be opened yet.
func (v *visit) find(ctx context.Context, w Wish, out *Outcome) (forge.Pull, bool, error) {
	for _, p := range v.open {
		if p.Head == w.Branch && p.HeadRepository == v.info.Path {
			v.judge(p, out)
			return p, true, nil
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
			v.judge(p, out)
			return p, true, nil
		case p.State == forge.Closed && ours && w.Kind != Manual && marker.Same(w.marker("")) && !v.board.Ticks["retry "+w.Branch]:
			out.State, out.Number, out.URL, out.Why = Refused, p.Number, p.URL, "a person closed it; a tick on the dashboard proposes it again"
			return forge.Pull{}, false, nil
		}
	}
	if why := cmp.Or(w.Held, v.brought(w)); why != "" {
		out.State, out.Why = Held, why
	}
	return forge.Pull{}, false, nil
}

// brought says which open pull of a command brings all that is wished; empty when none does.
func (v *visit) brought(w Wish) string {
	for _, p := range v.stacked() {
		marker, _ := FindMarker(p.Body)
		if w.Kind != Manual && !slices.ContainsFunc(w.Targets, func(target string) bool { return !slices.Contains(marker.Targets, target) }) {
			return fmt.Sprintf("pull %d, which a command opened, brings it", p.Number)
		}
	}
	return ""
}

// judge says of an open pull when it is not the bot's to change.
func (v *visit) judge(p forge.Pull, out *Outcome) {
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
		out := Outcome{Branch: p.Head, Kind: marker.Kind, State: Superseded, Title: p.Title, Number: p.Number, URL: p.URL, Brings: marker.Targets}
		owner, err := whose(ctx, v.clone, p.Head, v.branches[p.Head], v.base.commit)
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
