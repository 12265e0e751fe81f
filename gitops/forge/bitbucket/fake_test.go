package bitbucket

import (
	"errors"
	"fmt"
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

const at = "/2.0/repositories/{owner}/{repo}"

// fake speaks the part of Bitbucket Cloud's API that the client uses (developer.atlassian.com/cloud/bitbucket/rest).
func fake(t *testing.T) *forgetest.Fake {
	f := forgetest.NewFake(t, func(r *http.Request) string { _, token, _ := r.BasicAuth(); return token })
	f.Handle("GET /2.0/user", func(r *http.Request, as *forgetest.Client) (any, error) {
		name, err := as.Self(r.Context())
		return user(name), err
	})
	f.Handle("GET /2.0/workspaces/{owner}/members", func(r *http.Request, as *forgetest.Client) (any, error) {
		return object{"values": []any{object{"user": user("bot")}, object{"user": user("alice")}}}, nil
	})
	f.Handle("GET /2.0/repositories/{owner}", func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Repositories(r.Context(), r.PathValue("owner"), "")
		return values(r, all, repositoryObject), err
	})
	f.Handle("GET "+at, func(r *http.Request, as *forgetest.Client) (any, error) {
		found, err := as.Repository(r.Context(), path(r))
		return repositoryObject(found), err
	})
	f.Handle("GET "+at+"/commit/{commit}", func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Pulls(r.Context(), path(r), forge.PullQuery{})
		for _, p := range all {
			if strings.HasPrefix(p.HeadCommit, r.PathValue("commit")) {
				return object{"hash": p.HeadCommit}, err
			}
		}
		return nil, &forge.NotFoundError{What: "commit"}
	})
	fakePulls(f)
	fakeStatuses(f)
	fakeComments(f)
	return f
}

func path(r *http.Request) string { return r.PathValue("owner") + "/" + r.PathValue("repo") }

func user(name string) any {
	return object{"nickname": name, "uuid": "{" + name + "}", "account_id": "557058:" + name}
}

// values is a page of a list as the API sends it, with the whole URL of the next.
func values[T any](r *http.Request, all []T, convert func(T) any) any {
	const size = 20
	page, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		page = 1
	}
	items := []any{}
	for _, item := range all[min((page-1)*size, len(all)):min(page*size, len(all))] {
		items = append(items, convert(item))
	}
	answer := object{"values": items, "page": page}
	if page*size < len(all) {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(page+1))
		answer["next"] = "http://" + r.Host + r.URL.Path + "?" + query.Encode()
	}
	return answer
}

func repositoryObject(r forge.Repository) any {
	return object{
		"full_name": r.Path, "mainbranch": object{"name": r.Default}, "links": object{
			"html":  object{"href": "https://bitbucket.test/" + r.Path},
			"clone": []any{object{"name": "https", "href": "https://bot@bitbucket.test/" + r.Path + ".git"}, object{"name": "ssh", "href": "git@bitbucket.test:x"}},
		},
	}
}

func pullObject(p forge.Pull) any {
	reviewers := []any{}
	for _, name := range p.Reviewers {
		reviewers = append(reviewers, user(name))
	}
	updated := p.Created
	if !p.Closed.IsZero() {
		updated = p.Closed
	}
	return object{
		"id": p.Number, "title": p.Title, "description": p.Body, "draft": p.Draft, "author": user(p.Author), "reviewers": reviewers,
		"state":       map[forge.State]string{forge.Open: "OPEN", forge.Closed: "DECLINED", forge.Merged: "MERGED"}[p.State],
		"source":      object{"branch": object{"name": p.Head}, "commit": object{"hash": fmt.Sprintf("%.12s", p.HeadCommit)}, "repository": object{"full_name": p.HeadRepository}},
		"destination": object{"branch": object{"name": p.Base}}, "links": object{"html": object{"href": p.URL}},
		"created_on": p.Created.Format(time.RFC3339), "updated_on": updated.Format(time.RFC3339),
	}
}

// nonsense is the answer of the API to what cannot be.
func nonsense(err error) error {
	var conflict *forge.ConflictError
	if errors.As(err, &conflict) {
		return &forge.AuthError{Status: http.StatusBadRequest, Reason: conflict.Reason}
	}
	return err
}

func names(accounts []account) []string {
	var found []string
	for _, a := range accounts {
		found = append(found, strings.Trim(a.UUID, "{}"))
	}
	return found
}

func fakePulls(f *forgetest.Fake) {
	f.Handle("GET "+at+"/pullrequests", func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Pulls(r.Context(), path(r), forge.PullQuery{})
		var some []forge.Pull
		states := " " + strings.Join(r.URL.Query()["state"], " ") + " "
		for _, p := range all {
			if strings.Contains(states, " "+pullObject(p).(object)["state"].(string)+" ") {
				some = append(some, p)
			}
		}
		return values(r, some, pullObject), err
	})
	f.Handle("GET "+at+"/pullrequests/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.Find(r.Context(), path(r), forgetest.Number(r, "number"))
		return pullObject(p), err
	})
	f.Handle("POST "+at+"/pullrequests", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[change](r)
		if err != nil {
			return nil, err
		}
		p, err := as.OpenPull(r.Context(), path(r), forge.NewPull{
			Title: c.Title, Body: c.Description, Draft: *c.Draft, Head: c.Source.Branch.Name, Base: c.Destination.Branch.Name, Reviewers: names(c.Reviewers),
		})
		return pullObject(p), nonsense(err)
	})
	f.Handle("PUT "+at+"/pullrequests/{number}", func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[change](r)
		if err != nil {
			return nil, err
		}
		edit := forge.PullEdit{Title: &c.Title, Body: &c.Description}
		if c.Destination != nil {
			edit.Base = &c.Destination.Branch.Name
		}
		p, err := as.EditPull(r.Context(), path(r), forgetest.Number(r, "number"), edit)
		return pullObject(p), nonsense(err)
	})
	f.Handle("POST "+at+"/pullrequests/{number}/decline", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.EditPull(r.Context(), path(r), forgetest.Number(r, "number"), forge.PullEdit{State: forge.Closed})
		return pullObject(p), err
	})
	f.Handle("POST "+at+"/pullrequests/{number}/merge", func(r *http.Request, as *forgetest.Client) (any, error) {
		p, err := as.Find(r.Context(), path(r), forgetest.Number(r, "number"))
		if err == nil {
			err = as.MergePull(r.Context(), path(r), p.Number, forge.Merge{Commit: p.HeadCommit})
		}
		return object{}, nonsense(err)
	})
}

func fakeStatuses(f *forgetest.Fake) {
	states := map[forge.CheckState]string{forge.Pending: "INPROGRESS", forge.Success: "SUCCESSFUL", forge.Failure: "FAILED"}
	f.Handle("GET "+at+"/commit/{commit}/statuses", func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Checks(r.Context(), path(r), r.PathValue("commit"))
		return values(r, all, func(c forge.Check) any {
			return object{"key": c.Name, "name": c.Name, "state": states[c.State], "url": c.URL}
		}), err
	})
	f.Handle("POST "+at+"/commit/{commit}/statuses/build", func(r *http.Request, as *forgetest.Client) (any, error) {
		b, err := forgetest.Read[build](r)
		if err == nil && (b.URL == "" || len(b.Key) > 40) {
			err = &forge.AuthError{Status: http.StatusBadRequest, Reason: "url is required"}
		}
		for state, word := range states {
			if err == nil && word == b.State {
				err = as.SetStatus(r.Context(), path(r), r.PathValue("commit"), forge.Status{Context: b.Name, State: state, URL: b.URL})
			}
		}
		return object{}, err
	})
}

func commentObject(c forge.Comment) any {
	id, err := strconv.Atoi(c.ID)
	if err != nil {
		id = 0
	}
	return object{"id": id, "content": object{"raw": c.Body}, "user": user(c.Author), "deleted": false}
}

func fakeComments(f *forgetest.Fake) {
	comments := at + "/pullrequests/{number}/comments"
	f.Handle("GET "+comments, func(r *http.Request, as *forgetest.Client) (any, error) {
		all, err := as.Comments(r.Context(), path(r), forgetest.Number(r, "number"))
		return values(r, all, commentObject), err
	})
	put := func(r *http.Request, as *forgetest.Client) (any, error) {
		c, err := forgetest.Read[struct{ Content text }](r)
		if err != nil {
			return nil, err
		}
		written, err := as.PutComment(r.Context(), path(r), forgetest.Number(r, "number"), forge.Comment{ID: r.PathValue("id"), Body: c.Content.Raw})
		return commentObject(written), err
	}
	f.Handle("POST "+comments, put)
	f.Handle("PUT "+comments+"/{id}", put)
}

func client(f *forgetest.Fake, login polite.Login) *Client {
	return New(f.Base().ResolveReference(&url.URL{Path: "/2.0"}), login, f.Options())
}

func lacks() []forgetest.Lack {
	return []forgetest.Lack{forgetest.Labels, forgetest.Issues, forgetest.Assignees, forgetest.Topics, forgetest.Reopening}
}

func TestContract(t *testing.T) {
	forgetest.Contract(t, func(t *testing.T) *forgetest.Subject {
		f := fake(t)
		return f.Subject(func(login polite.Login) forgetest.Forge { return client(f, login) }, lacks()...)
	})
}

func TestFaults(t *testing.T) {
	forgetest.Faults(t, "", func(t *testing.T) (*forgetest.Fake, func(polite.Login) forgetest.Forge) {
		f := fake(t)
		return f, func(login polite.Login) forgetest.Forge { return client(f, login) }
	})
}

func TestQueuedMergeIsUnsupported(t *testing.T) {
	f := fake(t)
	err := client(f, forgetest.Login(forgetest.BotToken)).MergePull(t.Context(), "team/fleet", 1, forge.Merge{Queue: true})
	if !errors.Is(err, forge.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestNextPageElsewhereIsRefused(t *testing.T) {
	f := fake(t)
	f.Mux.HandleFunc("GET /2.0/repositories/lying", func(w http.ResponseWriter, r *http.Request) {
		forgetest.JSON(w, http.StatusOK, object{"values": []any{object{"full_name": "lying/x"}}, "next": "http://127.0.0.1:1/2.0/x"})
	})
	_, err := client(f, forgetest.Login(forgetest.BotToken)).Repositories(t.Context(), "lying", "")
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1, which is not asked") {
		t.Errorf("got %v", err)
	}
}
