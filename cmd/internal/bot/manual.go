package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/workspace"
)

// Bench is a repository at its default branch, where a command opens pulls: the first is based on that branch, each later one on the
// one before.
type Bench struct {
	visit *visit
	on    ground
}

// Begin looks at a repository. It returns a *NotOpenedError for one that pulls cannot be opened in, and the errors of forges and remotes.
func (r *Run) Begin(ctx context.Context, path string) (*Bench, error) {
	v, err := r.arrive(ctx, path, r.Log)
	var none *pipeline.NoWorkspaceError
	switch {
	case errors.As(err, &none):
		return nil, &NotOpenedError{Why: "branch " + v.info.Default + " of origin has no " + workspace.FileName, Advice: "a pull starts there: push the one that is here first"}
	case err != nil:
		return nil, err
	case v == nil:
		return nil, &NotOpenedError{Why: "repository " + path + " is archived, or has no commit", Advice: "a pull needs a branch to go to: push one first"}
	}
	v.board = ParseBoard("")
	return &Bench{visit: v, on: v.base}, nil
}

// Project is the workspace that the next pull changes.
func (b *Bench) Project() *pipeline.Project { return b.on.project }

// Branch is the branch that the next pull goes to, and its commit.
func (b *Bench) Branch() (name, commit string) { return b.on.branch, b.on.commit }

// NotOpenedError says why a pull was not opened. Nothing that anybody did is lost.
type NotOpenedError struct{ Why, Advice string }

// Error is the reason.
func (e *NotOpenedError) Error() string { return e.Why }

// Hint says what to do.
func (e *NotOpenedError) Hint() string { return e.Advice }

// Open opens the pull of a proposal that changes something, or brings the one of the same name to it. The name is part of its branch: the
// same name is the same pull. The title is that of the commit too. It returns a *NotOpenedError when somebody else's work is in the way.
func (b *Bench) Open(ctx context.Context, name, title string, proposal *pipeline.Proposal) (Outcome, error) {
	v := b.visit
	if b.on.project.Workspace().Policy.Commits == workspace.Conventional {
		title = "chore(deps): " + strings.ToLower(title[:1]) + title[1:]
	}
	w := Wish{Branch: Prefix + "pull/" + slug(name), Kind: Manual, Title: title, Targets: targets(proposal), proposal: proposal}
	out, err := v.fulfil(ctx, w, b.on)
	if err != nil {
		return out, err
	}
	if out.State != Opened && out.State != Updated && out.State != Unchanged {
		return out, &NotOpenedError{Why: fmt.Sprintf("branch %s: %s", w.Branch, out.Why), Advice: "merge or close what is there and delete the branch, or give the change another name with --message"}
	}
	b.on, err = v.standOn(ctx, w.Branch)
	return out, err
}

// longestSlug is how much of a name stands in a branch.
const longestSlug = 50

// targets are the versions that a proposal brings, as markers have them.
func targets(p *pipeline.Proposal) []string {
	var all []string
	for _, c := range p.Clusters {
		for _, s := range c.Steps {
			all = append(all, strings.TrimSuffix(c.Name+"/"+s.Instance+"@"+s.To, "@"))
		}
	}
	slices.Sort(all)
	return all
}

// slug is a text as a part of a branch's name; a long one is cut, and ends in its digest.
func slug(text string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.' && out.Len() > 0:
			out.WriteRune(r)
		case out.Len() > 0 && !strings.HasSuffix(out.String(), "-"):
			out.WriteByte('-')
		}
	}
	name := strings.ReplaceAll(out.String(), "..", ".")
	if len(name) > longestSlug {
		sum := sha256.Sum256([]byte(name))
		name = name[:longestSlug] + "-" + hex.EncodeToString(sum[:4])
	}
	return strings.TrimSuffix(strings.Trim(name, "-."), ".lock")
}

// tend brings the pull that a command opened onto what it is based on: the default branch, or in a stack the pull before.
func (v *visit) tend(ctx context.Context, p forge.Pull) (Outcome, error) {
	marker, _ := FindMarker(p.Body)
	out := Outcome{Branch: p.Head, Kind: Manual, Title: p.Title, Number: p.Number, URL: p.URL, Brings: marker.Targets, Risk: marker.Risk}
	err := v.rebase(ctx, p, marker, &out)
	var cannot *pipeline.RedoError
	if errors.As(err, &cannot) {
		out.State, out.Why, err = Blocked, cannot.Error()+": "+cannot.Hint(), nil
	}
	return out, err
}

// stacked are the open pulls of commands, each after the one that it is based on.
func (v *visit) stacked() []forge.Pull {
	var all, rest []forge.Pull
	for _, p := range slices.Backward(v.open) { // the oldest first
		if marker, ours := FindMarker(p.Body); ours && marker.Kind == Manual && p.HeadRepository == v.info.Path && strings.HasPrefix(p.Head, Prefix) {
			rest = append(rest, p)
		}
	}
	for len(rest) > 0 {
		n := slices.IndexFunc(rest, func(p forge.Pull) bool {
			return !slices.ContainsFunc(rest, func(other forge.Pull) bool { return other.Head == p.Base })
		})
		n = max(n, 0) // they are based on one another: any is as good
		all, rest = append(all, rest[n]), slices.Delete(rest, n, n+1)
	}
	return all
}

// rebase makes the pull of a command anew where what it is based on has moved.
func (v *visit) rebase(ctx context.Context, p forge.Pull, marker Marker, out *Outcome) error {
	if p.Base != marker.Base && p.Base != v.info.Default {
		out.State, out.Why = Left, "a person sent the pull to branch "+p.Base
		return nil
	}
	base, err := v.under(ctx, p.Base)
	if err != nil {
		return err
	}
	if base == "" {
		out.State, out.Why = Left, "what it comes after, branch "+p.Base+", is not merged and has no open pull"
		return nil
	}
	owner, err := whose(ctx, v.clone, p.Head, v.branches[p.Head], v.branches[base])
	switch {
	case err != nil:
		return err
	case owner == Nobodys:
		out.State, out.Why = Later, "its branch is gone"
		return nil
	case owner == Edited:
		out.State, out.Why = Left, "the branch has changes that are not gkops's"
		return v.markEdited(ctx, p, true)
	case owner == Current && p.Base == base:
		out.State = Unchanged
		return nil
	}
	on, err := v.standOn(ctx, base)
	if err != nil {
		return err
	}
	made, err := v.again(ctx, p, marker, on)
	if err != nil {
		return err
	}
	if made == nil {
		out.State, out.Why = Superseded, "branch "+base+" holds all of it"
		if v.dry {
			return nil
		}
		return v.end(ctx, p, marker)
	}
	out.Risk = made.marker.Risk
	return v.publish(ctx, made, p, true, false, out)
}

// again makes what a pull brings on another ground; nil when nothing is left of it. Nothing is read from places that the pull alone names.
func (v *visit) again(ctx context.Context, p forge.Pull, marker Marker, on ground) (*made, error) {
	tip, err := v.clone.Store().CommitOf(v.branches[p.Head])
	if err != nil {
		return nil, err
	}
	before, err := v.clone.Store().FS(ctx, tip.Parents[0])
	if err != nil {
		return nil, err
	}
	after, err := v.clone.Store().FS(ctx, tip.ID)
	if err != nil {
		return nil, err
	}
	there, err := v.places(ctx, tip.ID)
	if err != nil {
		return nil, err
	}
	here, err := v.places(ctx, on.commit)
	if err != nil {
		return nil, err
	}
	if here != there {
		return nil, &pipeline.RedoError{Why: "its registries or mirrors are not those of branch " + on.branch}
	}
	edit, err := on.project.Redo(before, after)
	if err != nil {
		return nil, err
	}
	author := &Identity{Name: tip.Author.Name, Email: tip.Author.Email}
	return v.make(ctx, Wish{Branch: p.Head, Kind: Manual, Title: marker.Title, Targets: marker.Targets, Edit: edit, author: author}, on)
}

// under is the branch that a pull to a branch is based on: that one while its own pull is open, what that one was merged into
// afterwards, and empty when it was closed.
func (v *visit) under(ctx context.Context, branch string) (string, error) {
	for range deepest {
		if branch == v.info.Default {
			return branch, nil
		}
		if slices.ContainsFunc(v.open, func(p forge.Pull) bool { return p.Head == branch && p.HeadRepository == v.info.Path }) {
			return branch, nil
		}
		before, err := v.forge.Pulls(ctx, v.info.Path, forge.PullQuery{Head: branch})
		if err != nil {
			return "", err
		}
		n := slices.IndexFunc(before, func(p forge.Pull) bool { return p.State == forge.Merged })
		if n < 0 {
			return "", nil
		}
		branch = before[n].Base
	}
	return "", nil
}
