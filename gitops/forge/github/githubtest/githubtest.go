// Package githubtest is GitHub's API in front of a forge in memory, for tests of what speaks to it.
//
// It knows the requests of the client. It refuses to know what they are for, and its repositories are cloned from folders.
package githubtest

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

type object = map[string]any

// New speaks the part of GitHub's REST API that the client uses (docs.github.com/rest), and the one mutation of GraphQL.
func New(t testing.TB) *forgetest.Fake {
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
	return object{"full_name": r.Path, "clone_url": r.CloneURL, "default_branch": r.Default, "archived": r.Archived, "topics": r.Topics}
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
				//lint:ignore ST1005 these are the words of GitHub
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
