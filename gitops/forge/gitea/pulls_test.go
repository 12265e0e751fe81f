package gitea

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// moving is a server with one pull, based on a branch that is gone. It moves the pull to main by itself, and has just done so when it is asked to: it
// then says what the real one says, that there is a pull of these branches.
type moving struct {
	base  string
	to    string // where it moves it by itself
	edits []string
}

func (m *moving) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	out.Header().Set("Content-Type", "application/json")
	switch in.Method + " " + in.URL.Path {
	case "GET /api/v1/repos/team/fleet/pulls/2":
	case "PATCH /api/v1/repos/team/fleet/pulls/2":
		var edit struct{ Base string }
		if err := json.NewDecoder(in.Body).Decode(&edit); err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		m.edits = append(m.edits, edit.Base)
		if m.base != edit.Base {
			m.base = m.to
			out.WriteHeader(http.StatusConflict)
			fmt.Fprint(out, `{"message": "pull request already exists for these targets [id: 24]"}`)
			return
		}
	default:
		http.NotFound(out, in)
		return
	}
	fmt.Fprintf(out, `{"number": 2, "title": "Up", "state": "open", "base": {"ref": %q, "label": %q}, "head": {"ref": "up"}}`, m.base, m.base)
}

func (m *moving) edit(t *testing.T, to string) (forge.Pull, error) {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	login := func(context.Context) (string, string, error) { return "", "token", nil }
	c := New(base, login, polite.Options{Base: http.DefaultTransport, Now: time.Now, Sleep: func(context.Context, time.Duration) error { return nil }})
	return c.EditPull(t.Context(), "team/fleet", 2, forge.PullEdit{Base: &to})
}

func TestEditPullThatTheServerMoved(t *testing.T) {
	m := &moving{base: "gone", to: "main"}
	if p, err := m.edit(t, "main"); err != nil || p.Base != "main" || len(m.edits) != 2 {
		t.Errorf("%+v, %v after %q", p, err, m.edits)
	}
}

// Another pull of the same branches is a conflict, and is not asked for twice.
func TestEditPullToBranchesOfAnother(t *testing.T) {
	m := &moving{base: "next", to: "next"}
	_, err := m.edit(t, "main")
	var conflict *forge.ConflictError
	if !errors.As(err, &conflict) || len(m.edits) != 1 {
		t.Errorf("%v after %q", err, m.edits)
	}
}
