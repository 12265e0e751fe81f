package githubtest

import (
	"net/http"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

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
