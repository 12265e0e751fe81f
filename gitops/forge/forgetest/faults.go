package forgetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Options are the world of a client in tests: no time passes but by waiting, and waiting takes none.
func (f *Fake) Options() polite.Options {
	var seconds atomic.Int64
	return polite.Options{
		Base: f.http.Transport, Timeout: 10 * time.Second,
		Now:   func() time.Time { return time.Unix(1_800_000_000+seconds.Load(), 0) },
		Sleep: func(_ context.Context, wait time.Duration) error { seconds.Add(int64(wait / time.Second)); return nil },
	}
}

// Faults holds a client to what it does when the forge, or the network before it, is at fault. open makes a fake and a client of it.
//
// prefix is what the forge's paths have before "team/fleet".
func Faults(t *testing.T, prefix string, open func(t *testing.T) (*Fake, func(polite.Login) Forge)) {
	parts := []struct {
		name string
		test func(*testing.T, *Fake, func(polite.Login) Forge)
	}{
		{"an answer that is lost after success opens one pull", faultLost},
		{"a list without its second page is no list", faultPage},
		{"limits are waited for, within bounds, and writes are not repeated", faultLimits},
		{"a token that ends is told", faultToken},
		{"what is hidden is not there", faultHidden},
		{"a redirect or a link to another server gets no token", faultElsewhere},
		{"a reset is tried again for reads", faultReset},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			f, client := open(t)
			f.path = prefix + "team/fleet"
			part.test(t, f, client)
		})
	}
}

func silent(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), BotToken) || strings.Contains(err.Error(), "unknown-token")) {
		t.Errorf("the token is in the error: %v", err)
	}
}

// creates tells the requests that open pulls.
func creates(r *http.Request) bool {
	return r.Method == http.MethodPost && (strings.HasSuffix(r.URL.Path, "/pulls") || strings.HasSuffix(r.URL.Path, "/merge_requests") ||
		strings.HasSuffix(strings.ToLower(r.URL.Path), "/pullrequests"))
}

func faultLost(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	posts := 0
	f.After = func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) bool {
		if !creates(r) {
			return false
		}
		posts++
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	c := client(Login(BotToken))
	f.Server.Push(t, "team/fleet", "up", "Up", map[string]string{"a": "a\n"})
	pull, err := c.OpenPull(t.Context(), f.path, forge.NewPull{Title: "Up", Head: "up", Base: "main"})
	silent(t, err)
	if err == nil || pull.Number != 0 || posts != 1 {
		t.Errorf("after %d calls it is %+v, %v", posts, pull, err)
	}
	var conflict *forge.ConflictError
	if errors.As(err, &conflict) {
		t.Errorf("a lost answer is told as a refusal: %v", err)
	}
	list, err := c.Pulls(t.Context(), f.path, forge.PullQuery{Head: "up"})
	if err != nil || len(list) != 1 {
		t.Errorf("the list is %+v, %v", list, err)
	}
}

// second tells the requests for a second page, however a forge says it.
func second(r *http.Request) bool {
	query := r.URL.Query()
	skip := query.Get("$skip")
	return query.Get("page") == "2" || query.Get("after") != "" || skip != "" && skip != "0"
}

func faultPage(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	c := client(Login(BotToken))
	for n := range 25 {
		branch := fmt.Sprintf("up-%d", n)
		f.Server.Push(t, "team/fleet", branch, "Up", map[string]string{branch: "a\n"})
		if _, err := f.Server.As("bot").OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: branch, Head: branch, Base: "main"}); err != nil {
			t.Fatal(err)
		}
	}
	asked := 0
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !second(r) {
			return false
		}
		asked++
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
	list, err := c.Pulls(t.Context(), f.path, forge.PullQuery{State: forge.Open})
	silent(t, err)
	if err == nil || list != nil || asked < 2 {
		t.Errorf("%d pulls after the second page was asked for %d times, %v", len(list), asked, err)
	}
	f.Before = nil
	if list, err = c.Pulls(t.Context(), f.path, forge.PullQuery{State: forge.Open}); err != nil || len(list) != 25 {
		t.Errorf("then %d pulls, %v", len(list), err)
	}
}

func faultLimits(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	for _, limit := range []struct {
		status      int
		name, value string
		lasting     bool
	}{
		{429, "Retry-After", "3", false}, {429, "Retry-After", "garbage", false}, {403, "Retry-After", "3", false}, {429, "Retry-After", "1000000000", true},
	} {
		c := client(Login(BotToken))
		asked, writes := 0, 0
		f.Before = func(w http.ResponseWriter, r *http.Request) bool {
			asked++
			if r.Method != http.MethodGet && r.Method != http.MethodOptions {
				writes++
			} else if asked > 2 {
				return false
			}
			w.Header().Set(limit.name, limit.value)
			w.WriteHeader(limit.status)
			return true
		}
		_, err := c.Repository(t.Context(), f.path)
		silent(t, err)
		var limited *forge.LimitError
		if limit.lasting && (!errors.As(err, &limited) || asked != 1) || !limit.lasting && err != nil {
			t.Errorf("%d %s: asked %d times, %v", limit.status, limit.value, asked, err)
		}
		title := "x"
		if _, err := c.EditPull(t.Context(), f.path, 1, forge.PullEdit{Title: &title}); err == nil || writes > 1 {
			t.Errorf("%d %s: %d writes, %v", limit.status, limit.value, writes, err)
		}
	}
}

func faultToken(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	c := client(Login(BotToken))
	if _, err := c.Repository(t.Context(), f.path); err != nil {
		t.Fatal(err)
	}
	asked := 0
	f.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		asked++
		JSON(w, http.StatusUnauthorized, map[string]any{"message": "Bad credentials"})
		return true
	}
	_, err := c.Pulls(t.Context(), f.path, forge.PullQuery{})
	silent(t, err)
	var denied *forge.AuthError
	if !errors.As(err, &denied) || denied.Status != 401 || asked != 1 {
		t.Errorf("after %d calls: %v", asked, err)
	}
}

func faultHidden(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "fleet") {
			return false
		}
		JSON(w, http.StatusNotFound, map[string]any{"message": "Not Found"})
		return true
	}
	_, err := client(Login(BotToken)).Repository(t.Context(), f.path)
	silent(t, err)
	var missing *forge.NotFoundError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "team/fleet") {
		t.Errorf("got %v", err)
	}
}

func faultElsewhere(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	stolen := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen++ }))
	defer thief.Close()
	c := client(Login(BotToken))
	for n := range 30 {
		branch := fmt.Sprintf("up-%d", n)
		f.Server.Push(t, "team/fleet", branch, "Up", map[string]string{branch: "a\n"})
		if _, err := f.Server.As("bot").OpenPull(t.Context(), "team/fleet", forge.NewPull{Title: branch, Head: branch, Base: "main"}); err != nil {
			t.Fatal(err)
		}
	}
	f.After = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) bool {
		answer.Header().Set("Link", fmt.Sprintf(`<%s%s?page=2>; rel="next"`, thief.URL, r.URL.Path))
		return false
	}
	_, err := c.Repository(t.Context(), f.path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Comments(t.Context(), f.path, 1) // what a lying link does to a list is for the client to say
	silent(t, err)
	for _, status := range []int{301, 302, 307, 308} {
		f.Before = func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, thief.URL+r.URL.Path, status)
			return true
		}
		_, readErr := c.Repository(t.Context(), f.path)
		_, writeErr := c.OpenPull(t.Context(), f.path, forge.NewPull{Title: "x", Head: "up-1", Base: "other"})
		silent(t, readErr)
		silent(t, writeErr)
		if readErr == nil || writeErr == nil {
			t.Errorf("a redirect by %d was taken for an answer: %v, %v", status, readErr, writeErr)
		}
	}
	if stolen > 0 {
		t.Errorf("the other server was asked %d times", stolen)
	}
}

func faultReset(t *testing.T, f *Fake, client func(polite.Login) Forge) {
	c := client(Login(BotToken))
	if _, err := c.Repository(t.Context(), f.path); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		asked := 0
		f.Before = func(http.ResponseWriter, *http.Request) bool {
			if asked++; asked == 1 {
				panic(http.ErrAbortHandler)
			}
			return false
		}
		if _, err := c.Repository(t.Context(), f.path); err != nil || asked < 2 {
			t.Errorf("asked %d times, %v", asked, err)
		}
	}
}
