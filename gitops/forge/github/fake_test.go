package github

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/polite"
)

type object = map[string]any

// fake speaks the part of GitHub's REST API that the client uses (docs.github.com/rest), and the one mutation of GraphQL.
func fake(t *testing.T) *forgetest.Fake {
	f := forgetest.NewFake(t, func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") })
	f.Handle("GET /user", func(r *http.Request, as *forgetest.Client) (any, error) {
		login, err := as.Self(r.Context())
		return object{"login": login}, err
	})
	fakeRepositories(f)
	fakePulls(f)
	fakePeople(f)
	fakeChecks(f)
	fakeIssues(f)
	return f
}

func repositoryOf(r forge.Repository) any {
	return object{"full_name": r.Path, "clone_url": "https://github.test/" + r.Path + ".git", "default_branch": r.Default, "archived": r.Archived, "topics": r.Topics}
}

func fakeRepositories(f *forgetest.Fake) {
	f.Handle("GET /repos/{owner}/{repo}", func(r *http.Request, as *forgetest.Client) (any, error) {
		found, err := as.Repository(r.Context(), path(r))
		return repositoryOf(found), err
	})
	f.Handle("GET /orgs/{owner}/repos", func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := as.Repositories(r.Context(), r.PathValue("owner"), "")
		return forgetest.List("per_page", list, repositoryOf), err
	})
}

func path(r *http.Request) string { return r.PathValue("owner") + "/" + r.PathValue("repo") }

func users(names []string) []any {
	list := []any{}
	for _, name := range names {
		list = append(list, object{"login": name})
	}
	return list
}

func labels(names []string) []any {
	list := []any{}
	for _, name := range names {
		list = append(list, object{"name": name})
	}
	return list
}

func pullObject(p forge.Pull) any {
	o := object{
		"number": p.Number, "node_id": p.HeadCommit, "html_url": p.URL, "title": p.Title, "body": p.Body, "draft": p.Draft, "state": "open",
		"head": object{"ref": p.Head, "sha": p.HeadCommit, "repo": object{"full_name": p.HeadRepository}}, "base": object{"ref": p.Base},
		"labels": labels(p.Labels), "assignees": users(p.Assignees), "requested_reviewers": users(p.Reviewers),
		"user": object{"login": p.Author}, "created_at": p.Created.Format(time.RFC3339),
	}
	if p.HeadRepository == "" {
		o["head"].(object)["repo"] = nil
	}
	if p.State != forge.Open {
		o["state"], o["closed_at"] = "closed", p.Closed.Format(time.RFC3339)
	}
	if p.State == forge.Merged {
		o["merged_at"] = p.Closed.Format(time.RFC3339)
	}
	if p.AutoMerge {
		o["auto_merge"] = object{"merge_method": "merge"}
	}
	return o
}

func fakePulls(f *forgetest.Fake) {
	f.Handle("GET /repos/{owner}/{repo}/pulls", func(r *http.Request, as *forgetest.Client) (any, error) {
		query := forge.PullQuery{}
		if _, branch, found := strings.Cut(r.FormValue("head"), ":"); found {
			query.Head = branch
		}
		all, err := as.Pulls(r.Context(), path(r), query)
		var list []forge.Pull
		for _, p := range all {
			if state := r.FormValue("state"); state == "all" || (state == "open") == (p.State == forge.Open) {
				list = append(list, p)
			}
		}
		return forgetest.List("per_page", list, pullObject), err
	})
	f.Handle("GET /repos/{owner}/{repo}/pulls/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.Find(r.Context(), path(r), forgetest.Number(r, "number"))
		return pullObject(p), err
	})
	f.Handle("POST /repos/{owner}/{repo}/pulls", func(r *http.Request, as *forgetest.Client) (any, error) {
		wanted, err := forgetest.Read[forge.NewPull](r)
		if err != nil {
			return nil, err
		}
		p, err := as.OpenPull(r.Context(), path(r), wanted)
		return pullObject(p), err
	})
	f.Handle("PATCH /repos/{owner}/{repo}/pulls/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		edit, err := forgetest.Read[struct {
			Title, Body, Base *string
			State             forge.State
		}](r)
		if err != nil {
			return nil, err
		}
		p, err := as.EditPull(r.Context(), path(r), forgetest.Number(r, "number"), forge.PullEdit{Title: edit.Title, Body: edit.Body, Base: edit.Base, State: edit.State})
		return pullObject(p), err
	})
	f.Handle("PUT /repos/{owner}/{repo}/pulls/{number}/merge", func(r *http.Request, as *forgetest.Client) (any, error) {
		merge, err := forgetest.Read[struct {
			SHA    string `json:"sha"`
			Method string `json:"merge_method"`
		}](r)
		if err == nil {
			err = as.MergePull(r.Context(), path(r), forgetest.Number(r, "number"), forge.Merge{Commit: merge.SHA, Method: merge.Method})
		}
		return object{"merged": true}, err
	})
	f.Mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		asked, err := forgetest.Read[struct {
			Variables struct{ Pull, Method, Commit string }
		}](r)
		if err != nil || asked.Variables.Method != "MERGE" {
			forgetest.JSON(w, 200, object{"errors": []any{object{"message": "bad variables"}}})
			return
		}
		as := f.Client(r)
		list, err := as.Pulls(r.Context(), "team/fleet", forge.PullQuery{State: forge.Open})
		for _, p := range list {
			if p.HeadCommit != asked.Variables.Pull {
				continue
			}
			checks, checkErr := as.Checks(r.Context(), "team/fleet", p.HeadCommit)
			if len(checks) == 0 || checks[0].State == forge.Success {
				err = errors.New("Pull request Pull request is in clean status")
				break
			}
			err = errors.Join(checkErr, as.MergePull(r.Context(), "team/fleet", p.Number, forge.Merge{Commit: asked.Variables.Commit, Queue: true}))
		}
		if err != nil {
			forgetest.JSON(w, 200, object{"errors": []any{object{"message": err.Error()}}})
			return
		}
		forgetest.JSON(w, 200, object{"data": object{}})
	})
}

func fakePeople(f *forgetest.Fake) {
	f.Handle("POST /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", func(r *http.Request, as *forgetest.Client) (any, error) {
		asked, err := forgetest.Read[struct{ Reviewers []string }](r)
		if err != nil {
			return nil, err
		}
		p, err := as.Ask(r.Context(), path(r), forgetest.Number(r, "number"), asked.Reviewers, nil)
		var unknown *forge.PeopleError
		if errors.As(err, &unknown) {
			err = &forge.ConflictError{Forge: "github", What: "ask", Reason: "Reviews may only be requested from collaborators."}
		}
		return pullObject(p), err
	})
	f.Handle("POST /repos/{owner}/{repo}/issues/{number}/assignees", func(r *http.Request, as *forgetest.Client) (any, error) {
		asked, err := forgetest.Read[struct{ Assignees []string }](r)
		if err != nil {
			return nil, err
		}
		p, err := as.Ask(r.Context(), path(r), forgetest.Number(r, "number"), nil, asked.Assignees)
		var unknown *forge.PeopleError
		if errors.As(err, &unknown) {
			err = nil
		}
		return pullObject(p), err
	})
	f.Handle("POST /repos/{owner}/{repo}/issues/{number}/labels", func(r *http.Request, as *forgetest.Client) (any, error) {
		names, err := forgetest.Read[[]string](r)
		if err != nil {
			return nil, err
		}
		p, err := as.EditPull(r.Context(), path(r), forgetest.Number(r, "number"), forge.PullEdit{AddLabels: names})
		return labels(p.Labels), err
	})
	f.Handle("DELETE /repos/{owner}/{repo}/issues/{number}/labels/{label}", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.Find(r.Context(), path(r), forgetest.Number(r, "number"))
		if err == nil && !strings.Contains(" "+strings.Join(p.Labels, " ")+" ", " "+r.PathValue("label")+" ") {
			err = &forge.NotFoundError{Forge: "github", What: "label"}
		}
		if err == nil {
			p, err = as.EditPull(r.Context(), path(r), p.Number, forge.PullEdit{RemoveLabels: []string{r.PathValue("label")}})
		}
		return labels(p.Labels), err
	})
}

func fakeChecks(f *forgetest.Fake) {
	f.Handle("GET /repos/{owner}/{repo}/commits/{commit}/check-runs", func(r *http.Request, as *forgetest.Client) (any, error) {
		page := forgetest.List("per_page", []forge.Check{}, func(forge.Check) any { return nil })
		page.Wrap = func(items []any) any { return object{"total_count": len(items), "check_runs": items} }
		return page, nil
	})
	f.Handle("GET /repos/{owner}/{repo}/commits/{commit}/status", func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := as.Checks(r.Context(), path(r), r.PathValue("commit"))
		page := forgetest.List("per_page", list, func(c forge.Check) any {
			return object{"context": c.Name, "state": string(c.State), "target_url": c.URL}
		})
		page.Wrap = func(items []any) any { return object{"state": "pending", "statuses": items} }
		return page, err
	})
	f.Handle("POST /repos/{owner}/{repo}/statuses/{commit}", func(r *http.Request, as *forgetest.Client) (any, error) {
		set, err := forgetest.Read[struct {
			State, Context, Description string
			URL                         string `json:"target_url"`
		}](r)
		if err == nil && len([]rune(set.Description)) > 140 {
			err = &forge.ConflictError{What: "status", Reason: "description is too long (maximum is 140 characters)"}
		}
		if err == nil {
			err = as.SetStatus(r.Context(), path(r), r.PathValue("commit"), forge.Status{Context: set.Context, State: forge.CheckState(set.State), URL: set.URL})
		}
		return object{}, err
	})
}

func commentObject(c forge.Comment) any {
	id := 0
	for _, digit := range c.ID {
		id = id*10 + int(digit-'0')
	}
	return object{"id": id, "body": c.Body, "user": object{"login": c.Author}}
}

func issueObject(i forge.Issue) any {
	state := "closed"
	if i.Open {
		state = "open"
	}
	return object{"number": i.Number, "html_url": i.URL, "title": i.Title, "body": i.Body, "state": state, "labels": labels(i.Labels), "user": object{"login": i.Author}}
}

func fakeIssues(f *forgetest.Fake) {
	f.Handle("GET /repos/{owner}/{repo}/issues/{number}/comments", func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := as.Comments(r.Context(), path(r), forgetest.Number(r, "number"))
		return forgetest.List("per_page", list, commentObject), err
	})
	f.Handle("POST /repos/{owner}/{repo}/issues/{number}/comments", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[struct{ Body string }](r)
		if err != nil {
			return nil, err
		}
		put, err := as.PutComment(r.Context(), path(r), forgetest.Number(r, "number"), forge.Comment{Body: c.Body})
		return commentObject(put), err
	})
	f.Handle("PATCH /repos/{owner}/{repo}/issues/comments/{id}", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[struct{ Body string }](r)
		if err != nil {
			return nil, err
		}
		put, err := as.PutComment(r.Context(), path(r), 2, forge.Comment{ID: r.PathValue("id"), Body: c.Body})
		if err != nil {
			put, err = as.PutComment(r.Context(), path(r), 1, forge.Comment{ID: r.PathValue("id"), Body: c.Body})
		}
		return commentObject(put), err
	})
	f.Handle("GET /repos/{owner}/{repo}/issues", func(r *http.Request, as *forgetest.Client) (any, error) {
		var items []any
		for _, user := range []string{"alice", "bot"} {
			list, err := f.Server.As(user).Issues(r.Context(), path(r))
			if err != nil {
				return nil, err
			}
			for _, i := range list {
				items = append(items, issueObject(i))
			}
		}
		pulls, err := as.Pulls(r.Context(), path(r), forge.PullQuery{State: forge.Open})
		for _, p := range pulls {
			o := pullObject(p).(object)
			o["pull_request"] = object{"url": p.URL}
			items = append(items, o)
		}
		return forgetest.List("per_page", items, func(i any) any { return i }), err
	})
	f.Handle("POST /repos/{owner}/{repo}/issues", func(r *http.Request, as *forgetest.Client) (any, error) {
		i, err := forgetest.Read[forge.Issue](r)
		if err != nil {
			return nil, err
		}
		put, err := as.PutIssue(r.Context(), path(r), i)
		return issueObject(put), err
	})
	f.Handle("PATCH /repos/{owner}/{repo}/issues/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		i, err := forgetest.Read[struct{ Title, Body, State string }](r)
		if err != nil {
			return nil, err
		}
		put, err := as.PutIssue(r.Context(), path(r), forge.Issue{Number: forgetest.Number(r, "number"), Title: i.Title, Body: i.Body, Open: i.State == "open"})
		return issueObject(put), err
	})
}

func client(t *testing.T, f *forgetest.Fake, base *url.URL, login polite.Login) *Client {
	t.Helper()
	c, err := New(base, login, f.Options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContract(t *testing.T) {
	forgetest.Contract(t, func(t *testing.T) *forgetest.Subject {
		f := fake(t)
		return f.Subject(func(login polite.Login) forgetest.Forge { return client(t, f, f.Base(), login) })
	})
}

func TestFaults(t *testing.T) {
	forgetest.Faults(t, "", func(t *testing.T) (*forgetest.Fake, func(polite.Login) forgetest.Forge) {
		f := fake(t)
		return f, func(login polite.Login) forgetest.Forge { return client(t, f, f.Base(), login) }
	})
}

func TestQueuedMerge(t *testing.T) {
	f := fake(t)
	c := client(t, f, f.Base(), forgetest.Login(forgetest.BotToken))
	for _, pending := range []bool{true, false} {
		branch := "up-later"
		if !pending {
			branch = "up-now"
		}
		commit := f.Server.Push(t, "team/fleet", branch, "Up", map[string]string{branch: "a\n"})
		p, err := c.OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: "Up", Head: branch, Base: "main"})
		if err != nil {
			t.Fatal(err)
		}
		if pending {
			if err := c.SetStatus(t.Context(), "team/fleet", commit, forge.Status{Context: "ci", State: forge.Pending}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.MergePull(t.Context(), "team/fleet", p.Number, forge.Merge{Commit: commit, Queue: true}); err != nil {
			t.Fatal(err)
		}
		list, err := c.Pulls(t.Context(), "team/fleet", forge.PullQuery{Head: branch})
		if err != nil || len(list) != 1 || list[0].AutoMerge != pending || (list[0].State == forge.Open) != pending {
			t.Errorf("pending %t: %+v, %v", pending, list, err)
		}
	}
}
