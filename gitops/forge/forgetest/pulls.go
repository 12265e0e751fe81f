package forgetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
)

func refuse(what, reason string) error {
	return &forge.ConflictError{Forge: name, What: what, Reason: reason}
}

// settle brings the open pulls of a repository to what happened to its branches: a pull whose branch is gone is closed, one whose
// commits are in the base is merged, and an automatic merge happens when every check has passed.
func (s *Server) settle(ctx context.Context, r *repository) error {
	g := glance{seen: map[*repository]gitops.Refs{}, reached: map[string]map[string]bool{}}
	for _, p := range r.pulls {
		if p.State != forge.Open {
			continue
		}
		head, err := g.tip(p.head, p.Head)
		if err != nil {
			return err
		}
		if head == "" {
			p.State, p.Closed = forge.Closed, s.now()
			continue
		}
		p.HeadCommit = head
		arrived, err := g.arrived(r, p)
		if err != nil {
			return err
		}
		if arrived {
			p.State, p.Closed = forge.Merged, s.now()
			continue
		}
		if p.AutoMerge && p.merge.Commit == head && passed(p.head.statuses[head], r.statuses[head]) {
			if err := s.mergeNow(ctx, r, p, p.merge); err != nil && !isConflict(err) {
				return err
			}
			delete(g.seen, r)
		}
	}
	return nil
}

// glance looks at branches once.
type glance struct {
	seen    map[*repository]gitops.Refs
	reached map[string]map[string]bool // by the commit of a base: all that is in it
}

func (g *glance) tip(r *repository, branch string) (string, error) {
	refs, known := g.seen[r]
	if !known {
		var err error
		if _, refs, err = r.reopened(); err != nil {
			return "", err
		}
		g.seen[r] = refs
	}
	return refs.ByName["refs/heads/"+branch], nil
}

// arrived finds a pull whose commits came into the base another way.
func (g *glance) arrived(r *repository, p *pull) (bool, error) {
	base, err := g.tip(r, p.Base)
	if err != nil || base == "" {
		return false, err
	}
	if g.reached[base] == nil {
		store, _, err := r.reopened()
		if err != nil {
			return false, err
		}
		if g.reached[base], err = ancestors(store, base); err != nil {
			return false, err
		}
	}
	return g.reached[base][p.HeadCommit], nil
}

func isConflict(err error) bool {
	var conflict *forge.ConflictError
	return errors.As(err, &conflict)
}

func passed(sets ...[]forge.Check) bool {
	all := slices.Concat(sets...)
	return len(all) > 0 && !slices.ContainsFunc(all, func(c forge.Check) bool { return c.State != forge.Success })
}

// Pulls lists all pulls that match, newest first.
func (c *Client) Pulls(ctx context.Context, path string, query forge.PullQuery) ([]forge.Pull, error) {
	return pages(ctx, c, Call{Method: "Pulls", Path: path}, func() ([]forge.Pull, error) {
		r, err := c.server.find(path)
		if err != nil {
			return nil, err
		}
		if err := c.server.settle(ctx, r); err != nil {
			return nil, err
		}
		now := c.server.now()
		var found []forge.Pull
		for _, p := range slices.Backward(r.pulls) {
			switch {
			case query.State != "" && p.State != query.State:
			case query.Head != "" && (p.Head != query.Head || p.HeadRepository != path):
			case now.Sub(p.Created) < c.server.unlisted:
			default:
				found = append(found, p.copied())
			}
		}
		return found, nil
	})
}

func (p *pull) copied() forge.Pull {
	copied := p.Pull
	copied.Labels, copied.Assignees, copied.Reviewers = slices.Clone(p.Labels), slices.Clone(p.Assignees), slices.Clone(p.Reviewers)
	return copied
}

// OpenPull opens a pull.
func (c *Client) OpenPull(ctx context.Context, path string, wanted forge.NewPull) (forge.Pull, error) {
	return c.OpenFrom(ctx, path, path, wanted)
}

// OpenFrom opens a pull whose branch is in another repository, as people do from their forks.
func (c *Client) OpenFrom(ctx context.Context, path, from string, wanted forge.NewPull) (forge.Pull, error) {
	var opened forge.Pull
	var unknown []string
	err := c.do(ctx, Call{Method: "OpenPull", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		head, err := c.server.find(from)
		if err != nil {
			return err
		}
		p, err := c.server.open(ctx, r, head, wanted)
		if err != nil {
			return err
		}
		p.Author = c.user
		p.Assignees, unknown = c.server.known(wanted.Assignees, unknown)
		p.Reviewers, unknown = c.server.known(wanted.Reviewers, unknown)
		r.pulls = append(r.pulls, p)
		opened = p.copied()
		return nil
	})
	if err == nil && len(unknown) > 0 {
		err = &forge.PeopleError{Forge: name, Names: sorted(unknown)}
	}
	return opened, err
}

func (s *Server) known(names, unknown []string) ([]string, []string) {
	var found []string
	for _, name := range names {
		if s.users[name] {
			found = append(found, name)
		} else {
			unknown = append(unknown, name)
		}
	}
	return sorted(found), unknown
}

// open makes a pull, if there is something to pull and no other does it.
func (s *Server) open(ctx context.Context, r, head *repository, wanted forge.NewPull) (*pull, error) {
	what := fmt.Sprintf("open a pull from %s to %s", wanted.Head, wanted.Base)
	if err := s.settle(ctx, r); err != nil {
		return nil, err
	}
	if r.Archived {
		return nil, &forge.AuthError{Forge: name, What: what, Status: 403, Reason: "the repository is archived"}
	}
	for _, p := range r.pulls {
		if p.State == forge.Open && p.head == head && p.Head == wanted.Head && p.Base == wanted.Base {
			return nil, refuse(what, fmt.Sprintf("pull %d is open for it", p.Number))
		}
	}
	tip, err := head.tip(wanted.Head)
	if err != nil {
		return nil, err
	}
	base, err := r.tip(wanted.Base)
	switch {
	case err != nil:
		return nil, err
	case tip == "" || base == "":
		return nil, refuse(what, "there is no such branch")
	case tip == base:
		return nil, refuse(what, "there are no commits between them")
	}
	p := &pull{head: head, Pull: forge.Pull{
		Number: r.next(), Title: wanted.Title, Body: wanted.Body, Head: wanted.Head, HeadRepository: head.Path, HeadCommit: tip, Base: wanted.Base,
		State: forge.Open, Draft: wanted.Draft, Labels: sorted(wanted.Labels), Created: s.now(),
	}}
	p.URL = fmt.Sprintf("https://forge.test/%s/pulls/%d", r.Path, p.Number)
	return p, nil
}

// EditPull changes a pull.
func (c *Client) EditPull(ctx context.Context, path string, number int64, edit forge.PullEdit) (forge.Pull, error) {
	var edited forge.Pull
	err := c.do(ctx, Call{Method: "EditPull", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		if err := c.server.settle(ctx, r); err != nil {
			return err
		}
		p, err := r.pull(number)
		if err != nil {
			return err
		}
		if err := p.edit(r, edit, c.server.now); err != nil {
			return err
		}
		edited = p.copied()
		return nil
	})
	return edited, err
}

func (p *pull) edit(r *repository, edit forge.PullEdit, now func() time.Time) error {
	what := fmt.Sprintf("edit pull %d", p.Number)
	if edit.Base != nil && *edit.Base != p.Base {
		tip, err := r.tip(*edit.Base)
		if err != nil {
			return err
		}
		if tip == "" {
			return refuse(what, "there is no branch "+*edit.Base)
		}
		p.Base = *edit.Base
	}
	if edit.State != "" && edit.State != p.State {
		if p.State == forge.Merged {
			return refuse(what, "it is merged")
		}
		if edit.State == forge.Open {
			tip, err := p.head.tip(p.Head)
			if err != nil {
				return err
			}
			if tip == "" {
				return refuse(what, "its branch is gone")
			}
		}
		p.State, p.Closed = edit.State, time.Time{}
		if edit.State == forge.Closed {
			p.Closed = now()
		}
	}
	if edit.Title != nil {
		p.Title = *edit.Title
	}
	if edit.Body != nil {
		p.Body = *edit.Body
	}
	p.Labels = sorted(append(slices.DeleteFunc(p.Labels, func(l string) bool { return slices.Contains(edit.RemoveLabels, l) }), edit.AddLabels...))
	return nil
}

// MergePull merges a pull, or queues it.
func (c *Client) MergePull(ctx context.Context, path string, number int64, merge forge.Merge) error {
	return c.do(ctx, Call{Method: "MergePull", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		if err := c.server.settle(ctx, r); err != nil {
			return err
		}
		p, err := r.pull(number)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("merge pull %d", number)
		switch {
		case p.State != forge.Open:
			return refuse(what, "it is "+string(p.State))
		case p.HeadCommit != merge.Commit:
			return refuse(what, "its branch is at "+p.HeadCommit)
		case p.Draft:
			return refuse(what, "it is a draft")
		}
		if checks := r.statuses[p.HeadCommit]; merge.Queue && len(checks) > 0 && !passed(checks) {
			p.AutoMerge, p.merge = true, merge
			return nil
		}
		return c.server.mergeNow(ctx, r, p, merge)
	})
}

// mergeNow merges a pull, unless its files conflict with the base.
func (s *Server) mergeNow(ctx context.Context, r *repository, p *pull, merge forge.Merge) error {
	what := fmt.Sprintf("merge pull %d", p.Number)
	store, refs, err := r.reopened()
	if err != nil {
		return err
	}
	if p.head != r {
		from, _, err := p.head.reopened()
		if err != nil {
			return err
		}
		if err := from.CopyTo(ctx, store, []string{p.HeadCommit}, 0); err != nil {
			return err
		}
	}
	base := refs.ByName["refs/heads/"+p.Base]
	if base == "" {
		return refuse(what, "there is no branch "+p.Base)
	}
	message := fmt.Sprintf("Merge pull %d: %s", p.Number, p.Title)
	person := gitops.Person{Name: "forge", Email: "forge@example.org", When: s.now()}
	id, err := merged(ctx, store, base, p.HeadCommit, merge.Method, gitops.NewCommit{Message: message, Author: person, Committer: person})
	if errors.Is(err, errConflict) {
		return refuse(what, "it conflicts with "+p.Base)
	}
	if err == nil {
		err = store.Point(ctx, "refs/heads/"+p.Base, base, id)
	}
	if err == nil {
		p.State, p.Closed, p.AutoMerge = forge.Merged, s.now(), false
	}
	return err
}
