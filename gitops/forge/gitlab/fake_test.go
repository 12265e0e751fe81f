package gitlab

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/polite"
)

type object = map[string]any

const api = "/api/v4/projects/{project}"

// fake speaks the part of GitLab's API that the client uses (docs.gitlab.com/api).
func fake(t *testing.T) *forgetest.Fake {
	f := forgetest.NewFake(t, func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") })
	f.Handle("GET /api/v4/user", func(r *http.Request, as *forgetest.Client) (any, error) {
		login, err := as.Self(r.Context())
		return object{"username": login}, err
	})
	f.Handle("GET /api/v4/users", func(r *http.Request, as *forgetest.Client) (any, error) {
		name := r.FormValue("username")
		if name != "alice" && name != "bot" {
			return []any{}, nil
		}
		return []any{object{"id": id(name), "username": name}}, nil
	})
	f.Handle("GET /api/v4/groups/{owner}/projects", func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := as.Repositories(r.Context(), r.PathValue("owner"), r.FormValue("topic"))
		return forgetest.List("per_page", list, project), err
	})
	f.Handle("GET "+api, func(r *http.Request, as *forgetest.Client) (any, error) {
		found, err := as.Repository(r.Context(), r.PathValue("project"))
		return project(found), err
	})
	fakePulls(f)
	fakeStatuses(f)
	fakeNotes(f)
	fakeIssues(f)
	return f
}

// id is the number of a user or a project.
func id(name string) int64 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	return int64(hash.Sum32())
}

func names(ids []int64) []string {
	var found []string
	for _, name := range []string{"alice", "bot"} {
		if slices.Contains(ids, id(name)) {
			found = append(found, name)
		}
	}
	return found
}

func project(r forge.Repository) any {
	return object{
		"id": id(r.Path), "path_with_namespace": r.Path, "http_url_to_repo": "https://gitlab.test/" + r.Path + ".git", "default_branch": r.Default,
		"archived": r.Archived, "topics": r.Topics,
	}
}

func users(names []string) []any {
	list := []any{}
	for _, name := range names {
		list = append(list, object{"id": id(name), "username": name})
	}
	return list
}

func request(p forge.Pull) any {
	o := object{
		"iid": p.Number, "web_url": p.URL, "title": p.Title, "description": p.Body, "source_branch": p.Head, "target_branch": p.Base, "sha": p.HeadCommit,
		"state": map[forge.State]string{forge.Open: "opened", forge.Closed: "closed", forge.Merged: "merged"}[p.State], "draft": p.Draft,
		"labels": p.Labels, "assignees": users(p.Assignees), "reviewers": users(p.Reviewers), "author": object{"username": p.Author},
		"source_project_id": id(p.HeadRepository), "target_project_id": id("team/fleet"), "created_at": p.Created.Format(time.RFC3339),
		"merge_when_pipeline_succeeds": p.AutoMerge,
	}
	if p.Draft {
		o["title"] = "Draft: " + p.Title
	}
	switch p.State {
	case forge.Closed:
		o["closed_at"] = p.Closed.Format(time.RFC3339)
	case forge.Merged:
		o["merged_at"] = p.Closed.Format(time.RFC3339)
	}
	return o
}

// change is what GitLab takes to open or change a merge request.
type change struct {
	Title, Description *string
	SourceBranch       string  `json:"source_branch"`
	TargetBranch       *string `json:"target_branch"`
	Labels             string
	AddLabels          string  `json:"add_labels"`
	RemoveLabels       string  `json:"remove_labels"`
	StateEvent         string  `json:"state_event"`
	ReviewerIDs        []int64 `json:"reviewer_ids"`
	AssigneeIDs        []int64 `json:"assignee_ids"`
}

func commas(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

func fakePulls(f *forgetest.Fake) {
	f.Handle("GET "+api+"/merge_requests", func(r *http.Request, as *forgetest.Client) (any, error) {
		query := forge.PullQuery{Head: r.FormValue("source_branch")}
		query.State = map[string]forge.State{"opened": forge.Open, "closed": forge.Closed, "merged": forge.Merged}[r.FormValue("state")]
		list, err := as.Pulls(r.Context(), r.PathValue("project"), query)
		return forgetest.List("per_page", list, request), err
	})
	f.Handle("GET "+api+"/merge_requests/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.Find(r.Context(), r.PathValue("project"), forgetest.Number(r, "number"))
		return request(p), err
	})
	f.Handle("POST "+api+"/merge_requests", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[change](r)
		if err != nil {
			return nil, err
		}
		title, isDraft := strings.CutPrefix(*c.Title, "Draft: ")
		p, err := as.OpenPull(r.Context(), r.PathValue("project"), forge.NewPull{
			Title: title, Draft: isDraft, Body: *c.Description, Head: c.SourceBranch, Base: *c.TargetBranch, Labels: commas(c.Labels),
			Reviewers: names(c.ReviewerIDs), Assignees: names(c.AssigneeIDs),
		})
		return request(p), err
	})
	f.Handle("PUT "+api+"/merge_requests/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[change](r)
		if err != nil {
			return nil, err
		}
		edit := forge.PullEdit{Title: c.Title, Body: c.Description, Base: c.TargetBranch, AddLabels: commas(c.AddLabels), RemoveLabels: commas(c.RemoveLabels)}
		edit.State = map[string]forge.State{"close": forge.Closed, "reopen": forge.Open}[c.StateEvent]
		p, err := as.EditPull(r.Context(), r.PathValue("project"), forgetest.Number(r, "number"), edit)
		return request(p), err
	})
	f.Handle("PUT "+api+"/merge_requests/{number}/merge", func(r *http.Request, as *forgetest.Client) (any, error) {
		m, err := forgetest.Read[struct {
			SHA       string `json:"sha"`
			AutoMerge bool   `json:"auto_merge"`
		}](r)
		if err != nil {
			return nil, err
		}
		path, number := r.PathValue("project"), forgetest.Number(r, "number")
		if err := as.MergePull(r.Context(), path, number, forge.Merge{Commit: m.SHA, Queue: m.AutoMerge}); err != nil {
			return nil, err
		}
		p, err := as.Find(r.Context(), path, number)
		return request(p), err
	})
}

func fakeStatuses(f *forgetest.Fake) {
	states := map[forge.CheckState]string{forge.Pending: "pending", forge.Success: "success", forge.Failure: "failed"}
	f.Handle("GET "+api+"/repository/commits/{commit}/statuses", func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := as.Checks(r.Context(), r.PathValue("project"), r.PathValue("commit"))
		n := 0
		return forgetest.List("per_page", list, func(c forge.Check) any {
			n++
			return object{"id": n, "name": c.Name, "status": states[c.State], "target_url": c.URL}
		}), err
	})
	f.Mux.HandleFunc("POST /api/v4/projects/{project}/statuses/{commit}", func(w http.ResponseWriter, r *http.Request) {
		as := f.Client(r)
		s, err := forgetest.Read[struct {
			State, Name string
			URL         string `json:"target_url"`
		}](r)
		if err == nil {
			list, listErr := as.Checks(r.Context(), r.PathValue("project"), r.PathValue("commit"))
			err = listErr
			for _, known := range list {
				if known.Name == s.Name && states[known.State] == s.State {
					forgetest.JSON(w, http.StatusBadRequest, object{"message": fmt.Sprintf("Cannot transition status via :enqueue from :%s", s.State)})
					return
				}
			}
		}
		for state, word := range states {
			if err == nil && word == s.State {
				err = as.SetStatus(r.Context(), r.PathValue("project"), r.PathValue("commit"), forge.Status{Context: s.Name, State: state, URL: s.URL})
			}
		}
		if err != nil {
			forgetest.Refuse(w, err)
			return
		}
		forgetest.JSON(w, http.StatusCreated, object{})
	})
}

func note(c forge.Comment) any {
	n := 0
	for _, digit := range c.ID {
		n = n*10 + int(digit-'0')
	}
	return object{"id": n, "body": c.Body, "author": object{"username": c.Author}}
}

func fakeNotes(f *forgetest.Fake) {
	notes := api + "/merge_requests/{number}/notes"
	f.Handle("GET "+notes, func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := as.Comments(r.Context(), r.PathValue("project"), forgetest.Number(r, "number"))
		page := forgetest.List("per_page", list, note)
		page.Items = append([]any{object{"id": 9999, "body": "added 1 commit", "system": true, "author": object{"username": "bot"}}}, page.Items...)
		return page, err
	})
	f.Handle("POST "+notes, func(r *http.Request, as *forgetest.Client) (any, error) {
		n, err := forgetest.Read[struct{ Body string }](r)
		if err != nil {
			return nil, err
		}
		c, err := as.PutComment(r.Context(), r.PathValue("project"), forgetest.Number(r, "number"), forge.Comment{Body: n.Body})
		return note(c), err
	})
	f.Handle("PUT "+notes+"/{note}", func(r *http.Request, as *forgetest.Client) (any, error) {
		n, err := forgetest.Read[struct{ Body string }](r)
		if err != nil {
			return nil, err
		}
		c, err := as.PutComment(r.Context(), r.PathValue("project"), forgetest.Number(r, "number"), forge.Comment{ID: r.PathValue("note"), Body: n.Body})
		return note(c), err
	})
}

func issue(i forge.Issue) any {
	state := "closed"
	if i.Open {
		state = "opened"
	}
	return object{
		"iid": i.Number, "web_url": i.URL, "title": i.Title, "description": i.Body, "state": state, "labels": i.Labels, "author": object{"username": i.Author},
	}
}

func fakeIssues(f *forgetest.Fake) {
	f.Handle("GET "+api+"/issues", func(r *http.Request, as *forgetest.Client) (any, error) {
		list, err := f.Server.As(r.FormValue("author_username")).Issues(r.Context(), r.PathValue("project"))
		return forgetest.List("per_page", list, issue), err
	})
	f.Handle("POST "+api+"/issues", func(r *http.Request, as *forgetest.Client) (any, error) {
		i, err := forgetest.Read[struct{ Title, Description, Labels string }](r)
		if err != nil {
			return nil, err
		}
		put, err := as.PutIssue(r.Context(), r.PathValue("project"), forge.Issue{Title: i.Title, Body: i.Description, Labels: commas(i.Labels)})
		return issue(put), err
	})
	f.Handle("PUT "+api+"/issues/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		i, err := forgetest.Read[struct {
			Title, Description string
			StateEvent         string `json:"state_event"`
		}](r)
		if err != nil {
			return nil, err
		}
		put, err := as.PutIssue(r.Context(), r.PathValue("project"), forge.Issue{
			Number: forgetest.Number(r, "number"), Title: i.Title, Body: i.Description, Open: i.StateEvent == "reopen",
		})
		return issue(put), err
	})
}

func client(t *testing.T, f *forgetest.Fake, login polite.Login) *Client {
	t.Helper()
	c, err := New(f.Base(), login, f.Options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContract(t *testing.T) {
	forgetest.Contract(t, func(t *testing.T) *forgetest.Subject {
		f := fake(t)
		return f.Subject(func(login polite.Login) forgetest.Forge { return client(t, f, login) })
	})
}

func TestFaults(t *testing.T) {
	forgetest.Faults(t, "", func(t *testing.T) (*forgetest.Fake, func(polite.Login) forgetest.Forge) {
		f := fake(t)
		return f, func(login polite.Login) forgetest.Forge { return client(t, f, login) }
	})
}

func TestStatusThatIsSetAlready(t *testing.T) {
	f := fake(t)
	c := client(t, f, forgetest.Login(forgetest.BotToken))
	commit := f.Server.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	for range 2 {
		if err := c.SetStatus(t.Context(), "team/fleet", commit, forge.Status{Context: "gkops", State: forge.Pending}); err != nil {
			t.Error(err)
		}
	}
}
