package azure

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/polite"
)

type object = map[string]any

const at = "/acme/{project}/_apis/git/repositories/{repo}"

// fake speaks the part of Azure DevOps' API, version 7.1, that the client uses (learn.microsoft.com/rest/api/azure/devops).
func fake(t *testing.T) *forgetest.Fake {
	f := forgetest.NewFake(t, func(r *http.Request) string { _, token, _ := r.BasicAuth(); return token })
	f.Handle("GET /acme/_apis/connectionData", func(r *http.Request, as *forgetest.Client) (any, error) {
		name, err := as.Self(r.Context())
		return object{"authenticatedUser": object{"id": "id-" + name, "properties": object{"Account": object{"$type": "System.String", "$value": name}}}}, err
	})
	f.Handle("GET /acme/{project}/_apis/git/repositories", func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Repositories(r.Context(), r.PathValue("project"), "")
		items := []any{}
		for _, found := range all {
			items = append(items, repositoryObject(found))
		}
		return object{"value": items, "count": len(items)}, err
	})
	f.Handle("GET "+at, func(r *http.Request, as *forgetest.Client) (any, error) {
		found, err := as.Repository(r.Context(), path(r))
		return repositoryObject(found), err
	})
	f.Handle("GET /acme/_apis/projects/team/teams", func(r *http.Request, as *forgetest.Client) (any, error) {
		return object{"value": []any{object{"id": "t1", "name": "team"}}}, nil
	})
	f.Handle("GET /acme/_apis/projects/team/teams/t1/members", func(r *http.Request, as *forgetest.Client) (any, error) {
		return object{"value": []any{object{"identity": user("bot")}, object{"identity": user("alice")}}}, nil
	})
	fakePulls(f)
	fakeMerges(f)
	fakeStatuses(f)
	fakeThreads(f)
	return f
}

func path(r *http.Request) string { return r.PathValue("project") + "/" + r.PathValue("repo") }

func user(name string) any {
	return object{"id": "id-" + name, "uniqueName": name, "displayName": "The " + name}
}

func repositoryObject(r forge.Repository) any {
	project, name, _ := strings.Cut(r.Path, "/")
	return object{
		"name": name, "defaultBranch": "refs/heads/" + r.Default, "project": object{"name": project}, "webUrl": "https://azure.test/acme/" + project + "/_git/" + name,
		"remoteUrl": "https://acme@azure.test/acme/" + project + "/_git/" + name, "isDisabled": r.Archived,
	}
}

func pullObject(p forge.Pull) any {
	reviewers, labels := []any{}, []any{}
	for _, name := range p.Reviewers {
		reviewers = append(reviewers, user(name))
	}
	for _, name := range p.Labels {
		labels = append(labels, object{"id": "l-" + name, "name": name, "active": true})
	}
	o := object{
		"pullRequestId": p.Number, "title": p.Title, "description": p.Body, "isDraft": p.Draft, "createdBy": user(p.Author), "reviewers": reviewers,
		"labels": labels, "status": map[forge.State]string{forge.Open: "active", forge.Closed: "abandoned", forge.Merged: "completed"}[p.State],
		"sourceRefName": "refs/heads/" + p.Head, "targetRefName": "refs/heads/" + p.Base, "creationDate": p.Created.Format(time.RFC3339),
		"repository": object{"webUrl": "https://azure.test/acme/team/_git/fleet"}, "lastMergeSourceCommit": object{"commitId": p.HeadCommit}, "mergeStatus": "succeeded",
	}
	if !p.Closed.IsZero() {
		o["closedDate"] = p.Closed.Format(time.RFC3339)
	}
	if p.AutoMerge {
		o["autoCompleteSetBy"] = user("bot")
	}
	return o
}

// maxDescription is how long a description may be, in characters.
const maxDescription = 4000

func checked(title, description *string) error {
	if description != nil && len([]rune(*description)) > maxDescription {
		return &forge.AuthError{Status: http.StatusBadRequest, Reason: "Invalid argument value. Parameter name: A description can have 4000 characters."}
	}
	if title != nil && *title == "" {
		return &forge.AuthError{Status: http.StatusBadRequest, Reason: "A title is required."}
	}
	return nil
}

// refuse is the answer to what cannot be: 409 for what exists, 400 for others.
func refuse(err error) error {
	var conflict *forge.ConflictError
	if errors.As(err, &conflict) {
		status := http.StatusBadRequest
		if strings.Contains(conflict.Reason, "is open for it") {
			status = http.StatusConflict
		}
		return &forge.AuthError{Status: status, Reason: conflict.Reason}
	}
	return err
}

func fakePulls(f *forgetest.Fake) {
	f.Handle("GET "+at+"/pullrequests", func(r *http.Request, as *forgetest.Client) (any, error) {
		query := forge.PullQuery{Head: strings.TrimPrefix(r.FormValue("searchCriteria.sourceRefName"), "refs/heads/")}
		query.State = map[string]forge.State{"active": forge.Open, "abandoned": forge.Closed, "completed": forge.Merged}[r.FormValue("searchCriteria.status")]
		all, err := as.Pulls(r.Context(), path(r), query)
		skip, skipErr := strconv.Atoi(r.FormValue("$skip"))
		items := []any{}
		for n, p := range all {
			if n < skip || n >= skip+20 {
				continue
			}
			if body := []rune(p.Body); len(body) > 400 {
				p.Body = string(body[:400])
			}
			items = append(items, pullObject(p))
		}
		return object{"value": items, "count": len(items)}, errors.Join(err, skipErr)
	})
	f.Handle("GET "+at+"/pullrequests/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.Find(r.Context(), path(r), forgetest.Number(r, "number"))
		return pullObject(p), err
	})
	f.Handle("POST "+at+"/pullrequests", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[struct {
			SourceRefName, TargetRefName, Title, Description string
			IsDraft                                          bool
			Labels                                           []label
			Reviewers                                        []identity
		}](r)
		if err == nil {
			err = checked(&c.Title, &c.Description)
		}
		if err != nil {
			return nil, err
		}
		wanted := forge.NewPull{
			Title: c.Title, Body: c.Description, Draft: c.IsDraft,
			Head: strings.TrimPrefix(c.SourceRefName, "refs/heads/"), Base: strings.TrimPrefix(c.TargetRefName, "refs/heads/"),
		}
		for _, l := range c.Labels {
			wanted.Labels = append(wanted.Labels, l.Name)
		}
		for _, reviewer := range c.Reviewers {
			wanted.Reviewers = append(wanted.Reviewers, strings.TrimPrefix(reviewer.ID, "id-"))
		}
		p, err := as.OpenPull(r.Context(), path(r), wanted)
		p.Labels = nil // the answer has none
		return pullObject(p), refuse(err)
	})
	f.Handle("POST "+at+"/pullrequests/{number}/labels", func(r *http.Request, as *forgetest.Client) (any, error) {
		l, err := forgetest.Read[label](r)
		if err == nil {
			_, err = as.EditPull(r.Context(), path(r), forgetest.Number(r, "number"), forge.PullEdit{AddLabels: []string{l.Name}})
		}
		return object{"name": l.Name}, err
	})
	f.Handle("DELETE "+at+"/pullrequests/{number}/labels/{label}", func(r *http.Request, as *forgetest.Client) (any, error) {
		_, err := as.EditPull(r.Context(), path(r), forgetest.Number(r, "number"), forge.PullEdit{RemoveLabels: []string{r.PathValue("label")}})
		return object{}, err
	})
}

func fakeMerges(f *forgetest.Fake) {
	f.Handle("PATCH "+at+"/pullrequests/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[struct {
			Title, Description    *string
			TargetRefName         *string
			Status                string
			LastMergeSourceCommit *commit
			AutoCompleteSetBy     *identity
		}](r)
		if err == nil {
			err = checked(c.Title, c.Description)
		}
		if err != nil {
			return nil, err
		}
		number := forgetest.Number(r, "number")
		p, err := as.Find(r.Context(), path(r), number)
		switch {
		case err != nil:
			return nil, err
		case c.AutoCompleteSetBy != nil && c.AutoCompleteSetBy.ID == "id-bot":
			err = as.MergePull(r.Context(), path(r), number, forge.Merge{Commit: p.HeadCommit, Queue: true})
		case c.Status == "completed":
			err = as.MergePull(r.Context(), path(r), number, forge.Merge{Commit: c.LastMergeSourceCommit.CommitID})
		default:
			edit := forge.PullEdit{Title: c.Title, Body: c.Description, State: map[string]forge.State{"active": forge.Open, "abandoned": forge.Closed}[c.Status]}
			if c.TargetRefName != nil {
				base := strings.TrimPrefix(*c.TargetRefName, "refs/heads/")
				edit.Base = &base
			}
			p, err = as.EditPull(r.Context(), path(r), number, edit)
		}
		return pullObject(p), refuse(err)
	})
}

func fakeStatuses(f *forgetest.Fake) {
	states := map[forge.CheckState]string{forge.Pending: "pending", forge.Success: "succeeded", forge.Failure: "failed"}
	f.Handle("GET "+at+"/commits/{commit}/statuses", func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Checks(r.Context(), path(r), r.PathValue("commit"))
		items := []any{}
		for _, c := range all {
			genre, name, _ := strings.Cut(c.Name, "/")
			items = append(items, object{"state": states[c.State], "targetUrl": c.URL, "context": object{"genre": genre, "name": name}})
		}
		return object{"value": items}, err
	})
	f.Handle("POST "+at+"/commits/{commit}/statuses", func(r *http.Request, as *forgetest.Client) (any, error) {
		s, err := forgetest.Read[gitStatus](r)
		for state, word := range states {
			if err == nil && word == s.State {
				set := forge.Status{Context: s.Context.Genre + "/" + s.Context.Name, State: state, URL: s.TargetURL}
				err = as.SetStatus(r.Context(), path(r), r.PathValue("commit"), set)
			}
		}
		return object{}, err
	})
}

func threadObject(c forge.Comment) any {
	id, err := strconv.Atoi(c.ID)
	if err != nil {
		id = 0
	}
	return object{"id": id, "comments": []any{object{"id": 1, "content": c.Body, "commentType": "text", "author": user(c.Author)}}}
}

func fakeThreads(f *forgetest.Fake) {
	threads := at + "/pullRequests/{number}/threads"
	f.Handle("GET "+threads, func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Comments(r.Context(), path(r), forgetest.Number(r, "number"))
		items := []any{object{"id": 999, "comments": []any{object{"id": 1, "content": "bot updated the pull", "commentType": "system"}}}}
		for _, c := range all {
			items = append(items, threadObject(c))
		}
		return object{"value": items}, err
	})
	f.Handle("POST "+threads, func(r *http.Request, as *forgetest.Client) (any, error) {
		t, err := forgetest.Read[thread](r)
		if err != nil {
			return nil, err
		}
		written, err := as.PutComment(r.Context(), path(r), forgetest.Number(r, "number"), forge.Comment{Body: t.Comments[0].Content})
		return threadObject(written), err
	})
	f.Handle("PATCH "+threads+"/{thread}/comments/1", func(r *http.Request, as *forgetest.Client) (any, error) {
		n, err := forgetest.Read[comment](r)
		if err != nil {
			return nil, err
		}
		written, err := as.PutComment(r.Context(), path(r), forgetest.Number(r, "number"), forge.Comment{ID: r.PathValue("thread"), Body: n.Content})
		return object{"id": 1, "content": written.Body, "author": user(written.Author)}, err
	})
}

func client(f *forgetest.Fake, login polite.Login) *Client {
	return New(f.Base().ResolveReference(&url.URL{Path: "/acme"}), login, f.Options())
}

func TestContract(t *testing.T) {
	forgetest.Contract(t, func(t *testing.T) *forgetest.Subject {
		f := fake(t)
		s := f.Subject(func(login polite.Login) forgetest.Forge { return client(f, login) }, forgetest.Issues, forgetest.Assignees, forgetest.Topics)
		s.Path, s.Another, s.Owner, s.MaxBody = "acme/team/fleet", "acme/team/other", "acme/team", maxDescription
		return s
	})
}

func TestFaults(t *testing.T) {
	forgetest.Faults(t, "acme/", func(t *testing.T) (*forgetest.Fake, func(polite.Login) forgetest.Forge) {
		f := fake(t)
		return f, func(login polite.Login) forgetest.Forge { return client(f, login) }
	})
}

func TestQueuedMerge(t *testing.T) {
	f := fake(t)
	c := client(f, forgetest.Login(forgetest.BotToken))
	commit := f.Server.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	p, err := c.OpenPull(t.Context(), "acme/team/fleet", forge.NewPull{Title: "Up", Head: "up", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetStatus(t.Context(), "acme/team/fleet", commit, forge.Status{Context: "ci/build", State: forge.Pending}); err != nil {
		t.Fatal(err)
	}
	if err := c.MergePull(t.Context(), "acme/team/fleet", p.Number, forge.Merge{Commit: commit, Queue: true}); err != nil {
		t.Fatal(err)
	}
	list, err := c.Pulls(t.Context(), "acme/team/fleet", forge.PullQuery{})
	if err != nil || len(list) != 1 || !list[0].AutoMerge || list[0].State != forge.Open {
		t.Errorf("it is %+v, %v", list, err)
	}
}

func TestSignInPagesAreAboutTheToken(t *testing.T) {
	f := fake(t)
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNonAuthoritativeInfo)
		_, _ = w.Write([]byte("<html>Sign in"))
		return true
	}
	_, err := client(f, forgetest.Login(forgetest.BotToken)).Self(t.Context())
	var denied *forge.AuthError
	if !errors.As(err, &denied) || denied.Status != 401 {
		t.Errorf("got %v", err)
	}
}
