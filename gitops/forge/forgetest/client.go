package forgetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"gkops.dev/gkops/gitops/forge"
)

// Call is one call of a client, or one page of a list.
type Call struct {
	Method string // of Forge
	Path   string // of the repository; the owner for Repositories
	Write  bool
	Page   int // of a list, from 1; zero for others
	Number int // of the calls of this client so far, from 1
}

// Around stands around every call of a client: it decides when the call proceeds, whether it does, and what its answer is. What it
// returns is the answer when it is no nil; a call that proceeded has changed the forge all the same.
type Around func(ctx context.Context, call Call, proceed func() error) error

// Fail lets the calls that match fail before they reach the forge.
func Fail(err error, match func(Call) bool) Around {
	return func(_ context.Context, call Call, proceed func() error) error {
		if match(call) {
			return err
		}
		return proceed()
	}
}

// LoseAnswer lets the calls that match reach the forge, and their answers not come back.
func LoseAnswer(err error, match func(Call) bool) Around {
	return func(_ context.Context, call Call, proceed func() error) error {
		if match(call) {
			_ = proceed() // its answer is the one that is lost
			return err
		}
		return proceed()
	}
}

// Client is the forge as the owner of one token sees it.
type Client struct {
	server   *Server
	user     string
	pageSize int

	mu     sync.Mutex
	around Around
	calls  int
}

// As is a client for a user, whom the forge knows from then on. Lists come in pages of 30.
func (s *Server) As(user string) *Client {
	s.AddUser(user)
	return &Client{server: s, user: user, pageSize: 30}
}

// SetAround puts something around the calls from now on.
func (c *Client) SetAround(around Around) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.around = around
}

// do makes one call. The forge is held while it proceeds, not while the hook waits.
func (c *Client) do(ctx context.Context, call Call, proceed func() error) error {
	c.mu.Lock()
	c.calls++
	call.Number = c.calls
	around := c.around
	c.mu.Unlock()
	held := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.server.mu.Lock()
		defer c.server.mu.Unlock()
		err := proceed()
		if call.Write && err == nil {
			c.server.writes[call.Method]++
		}
		return err
	}
	if around == nil {
		return held()
	}
	return around(ctx, call, held)
}

// Name is "memory".
func (c *Client) Name() string { return name }

// Self is the user of the client.
func (c *Client) Self(ctx context.Context) (string, error) {
	self := ""
	err := c.do(ctx, Call{Method: "Self"}, func() error { self = c.user; return nil })
	return self, err
}

// Repository describes one repository.
func (c *Client) Repository(ctx context.Context, path string) (forge.Repository, error) {
	var found forge.Repository
	err := c.do(ctx, Call{Method: "Repository", Path: path}, func() error {
		r, err := c.server.find(path)
		if err == nil {
			found, err = r.described()
		}
		return err
	})
	return found, err
}

// described is the repository as the forge tells it.
func (r *repository) described() (forge.Repository, error) {
	tip, err := r.tip(r.Default)
	described := r.Repository
	described.Topics = slices.Clone(r.Topics)
	if tip == "" {
		described.Default = ""
	}
	return described, err
}

// Repositories lists those of an owner that carry a topic.
func (c *Client) Repositories(ctx context.Context, owner, topic string) ([]forge.Repository, error) {
	return pages(ctx, c, Call{Method: "Repositories", Path: owner}, func() ([]forge.Repository, error) {
		var all []forge.Repository
		for path, r := range c.server.repositories {
			if !strings.HasPrefix(path, owner+"/") || topic != "" && !slices.Contains(r.Topics, topic) {
				continue
			}
			described, err := r.described()
			if err != nil {
				return nil, err
			}
			all = append(all, described)
		}
		if len(all) == 0 && !c.server.users[owner] {
			return nil, &forge.NotFoundError{Forge: name, What: owner}
		}
		slices.SortFunc(all, func(a, b forge.Repository) int { return strings.Compare(a.Path, b.Path) })
		return all, nil
	})
}

// pages reads a list page by page.
func pages[T any](ctx context.Context, c *Client, call Call, list func() ([]T, error)) ([]T, error) {
	var read []T
	for call.Page = 1; ; call.Page++ {
		more := false
		err := c.do(ctx, call, func() error {
			all, err := list()
			if err != nil {
				return err
			}
			start := min((call.Page-1)*c.pageSize, len(all))
			end := min(start+c.pageSize, len(all))
			read = append(read, all[start:end]...)
			more = end < len(all)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if !more {
			return read, nil
		}
	}
}

// Checks lists the statuses of a commit.
func (c *Client) Checks(ctx context.Context, path, commit string) ([]forge.Check, error) {
	return pages(ctx, c, Call{Method: "Checks", Path: path}, func() ([]forge.Check, error) {
		r, err := c.server.find(path)
		if err != nil {
			return nil, err
		}
		return slices.Clone(r.statuses[commit]), nil
	})
}

// SetStatus sets a commit status.
func (c *Client) SetStatus(ctx context.Context, path, commit string, status forge.Status) error {
	return c.do(ctx, Call{Method: "SetStatus", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		store, _, err := r.reopened()
		if err != nil {
			return err
		}
		if !store.Has(commit) {
			return &forge.NotFoundError{Forge: name, What: "commit " + commit}
		}
		set := slices.DeleteFunc(slices.Clone(r.statuses[commit]), func(k forge.Check) bool { return k.Name == status.Context })
		set = append(set, forge.Check{Name: status.Context, State: status.State, URL: status.URL})
		slices.SortFunc(set, func(a, b forge.Check) int { return strings.Compare(a.Name, b.Name) })
		r.statuses[commit] = set
		return c.server.settle(ctx, r)
	})
}

// Comments lists the comments of a pull, oldest first.
func (c *Client) Comments(ctx context.Context, path string, number int64) ([]forge.Comment, error) {
	return pages(ctx, c, Call{Method: "Comments", Path: path}, func() ([]forge.Comment, error) {
		r, err := c.server.find(path)
		if err != nil {
			return nil, err
		}
		p, err := r.pull(number)
		if err != nil {
			return nil, err
		}
		return slices.Clone(p.comments), nil
	})
}

// PutComment adds a comment, or replaces one.
func (c *Client) PutComment(ctx context.Context, path string, number int64, comment forge.Comment) (forge.Comment, error) {
	err := c.do(ctx, Call{Method: "PutComment", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		p, err := r.pull(number)
		if err != nil {
			return err
		}
		if comment.ID == "" {
			r.comments++
			comment.ID, comment.Author = fmt.Sprint(r.comments), c.user
			p.comments = append(p.comments, comment)
			return nil
		}
		n := slices.IndexFunc(p.comments, func(k forge.Comment) bool { return k.ID == comment.ID })
		if n < 0 {
			return &forge.NotFoundError{Forge: name, What: "comment " + comment.ID}
		}
		comment.Author = p.comments[n].Author
		p.comments[n].Body = comment.Body
		return nil
	})
	return comment, err
}

// Issues lists the open issues of the user, oldest first.
func (c *Client) Issues(ctx context.Context, path string) ([]forge.Issue, error) {
	return pages(ctx, c, Call{Method: "Issues", Path: path}, func() ([]forge.Issue, error) {
		r, err := c.server.find(path)
		if err != nil {
			return nil, err
		}
		var found []forge.Issue
		for _, i := range r.issues {
			if i.Open && i.Author == c.user {
				found = append(found, i.Issue)
			}
		}
		return found, nil
	})
}

// PutIssue opens an issue, or changes one.
func (c *Client) PutIssue(ctx context.Context, path string, put forge.Issue) (forge.Issue, error) {
	err := c.do(ctx, Call{Method: "PutIssue", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		if put.Number == 0 {
			put.Number, put.Author, put.Open = r.next(), c.user, true
			put.URL = fmt.Sprintf("https://forge.test/%s/issues/%d", path, put.Number)
			put.Labels = sorted(put.Labels)
			r.issues = append(r.issues, &issue{put})
			return nil
		}
		for _, i := range r.issues {
			if i.Number == put.Number {
				i.Title, i.Body, i.Open = put.Title, put.Body, put.Open
				put = i.Issue
				return nil
			}
		}
		return &forge.NotFoundError{Forge: name, What: fmt.Sprintf("issue %d of %s", put.Number, path)}
	})
	return put, err
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
