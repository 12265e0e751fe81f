package gitea

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

// moving has one pull, based on a branch that is gone. It moves the pull by itself, and has just done so when it is asked to: it then says what the
// real server says, that there is a pull of these branches.
type moving struct {
	base  string
	to    string // where it moves the pull by itself
	edits []string
}

func (m *moving) get(out http.ResponseWriter, _ *http.Request) {
	forgetest.JSON(out, http.StatusOK, map[string]any{
		"number": 2, "title": "Up", "state": "open", "base": map[string]any{"ref": m.base, "label": m.base}, "head": map[string]any{"ref": "up"},
	})
}

func (m *moving) patch(out http.ResponseWriter, in *http.Request) {
	var edit struct{ Base string }
	if err := json.NewDecoder(in.Body).Decode(&edit); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	m.edits = append(m.edits, edit.Base)
	if m.base != edit.Base {
		m.base = m.to
		forgetest.JSON(out, http.StatusConflict, map[string]any{"message": "pull request already exists for these targets [id: 24]"})
		return
	}
	m.get(out, in)
}

// edit asks for another base.
func (m *moving) edit(t *testing.T, base string) (forge.Pull, error) {
	t.Helper()
	f := forgetest.NewFake(t, func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "token ") })
	f.Mux.HandleFunc("GET /api/v1/repos/team/fleet/pulls/2", m.get)
	f.Mux.HandleFunc("PATCH /api/v1/repos/team/fleet/pulls/2", m.patch)
	return New(f.Base(), forgetest.Login(forgetest.BotToken), f.Options()).EditPull(t.Context(), "team/fleet", 2, forge.PullEdit{Base: &base})
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
