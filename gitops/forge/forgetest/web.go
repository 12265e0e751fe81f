package forgetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Fake is a forge's API over http on top of a forge in memory, for the tests of that forge's client.
type Fake struct {
	Server *Server
	Mux    *http.ServeMux
	// Token finds the token in a request as that forge wants it.
	Token func(r *http.Request) string
	// Before stands before every request; when it returns true it has answered itself.
	Before func(w http.ResponseWriter, r *http.Request) bool
	// After stands after every request that was answered, with what would be sent; when it returns true it has sent something else.
	After func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) bool

	path string // of the first repository, as the client names it
	base *url.URL
	http *http.Client
}

// Tokens of the users that a fake knows.
const (
	BotToken   = "token-of-bot-7c21"
	AliceToken = "token-of-alice-98d3"
)

// NewFake starts a server with the repositories that Contract wants: team/fleet with the topic gitops, and team/other.
func NewFake(t testing.TB, token func(*http.Request) string) *Fake {
	t.Helper()
	f := &Fake{Server: New(t), Mux: http.NewServeMux(), Token: token}
	f.Server.Add(t, "team/fleet", map[string]string{"README": "hello\n"}, "gitops")
	f.Server.Add(t, "team/other", map[string]string{"README": "hello\n"})
	f.Server.AddUser("alice")
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.http = server.Client()
	var err error
	if f.base, err = url.Parse(server.URL); err != nil {
		t.Fatal(err)
	}
	return f
}

// ServeHTTP lets nobody in without a token that it knows.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.Before != nil && f.Before(w, r) {
		return
	}
	recorder := httptest.NewRecorder()
	if f.user(r) == "" {
		JSON(recorder, http.StatusUnauthorized, map[string]any{"message": "Bad credentials"})
	} else {
		f.Mux.ServeHTTP(recorder, r)
	}
	if f.After != nil && f.After(w, r, recorder) {
		return
	}
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

func (f *Fake) user(r *http.Request) string {
	return map[string]string{BotToken: "bot", AliceToken: "alice"}[f.Token(r)]
}

// Client is the forge in memory as who asks sees it.
func (f *Fake) Client(r *http.Request) *Client { return f.Server.As(f.user(r)) }

// Base is the address of the server.
func (f *Fake) Base() *url.URL { return f.base }

// Login is the bot's.
func Login(token string) polite.Login {
	return func(context.Context) (string, string, error) { return "bot", token, nil }
}

// Subject is what Contract needs, with a client for the bot's token and one for a token that is unknown.
func (f *Fake) Subject(open func(login polite.Login) Forge, lacks ...Lack) *Subject {
	return &Subject{
		Forge: open(Login(BotToken)), Denied: open(Login("unknown")), Path: "team/fleet", Owner: "team", Topic: "gitops", Another: "team/other",
		Person: "alice", Lacks: lacks, Many: 25,
		Push: func(t *testing.T, branch, file, text string) string {
			return f.Server.Push(t, "team/fleet", branch, "Change "+file, map[string]string{file: text})
		},
		Issue: func(t *testing.T, title string) {
			if _, err := f.Server.As("alice").PutIssue(t.Context(), "team/fleet", forge.Issue{Title: title, Open: true}); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// Handle answers a pattern of http.ServeMux with a value, or with the error's status.
func (f *Fake) Handle(pattern string, answer func(r *http.Request, as *Client) (any, error)) {
	f.Mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		value, err := answer(r, f.Client(r))
		switch page, paged := value.(Page); {
		case err != nil:
			Refuse(w, err)
		case paged:
			page.send(w, r)
		case r.Method == http.MethodPost:
			JSON(w, http.StatusCreated, value)
		default:
			JSON(w, http.StatusOK, value)
		}
	})
}

// Page is a list that is sent in pages, with a Link to the next one (RFC 8288).
type Page struct {
	Items []any
	Size  string            // the parameter that says how many: "per_page", "limit"
	Wrap  func([]any) any   // puts a page into an object; nil sends the list itself
	More  map[string]string // headers
}

// List makes a Page of a list.
func List[T any](size string, items []T, convert func(T) any) Page {
	p := Page{Size: size, Items: []any{}}
	for _, item := range items {
		p.Items = append(p.Items, convert(item))
	}
	return p
}

func (p Page) send(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	number, size := 1, 20
	if n, err := strconv.Atoi(query.Get("page")); err == nil {
		number = n
	}
	if n, err := strconv.Atoi(query.Get(p.Size)); err == nil && n > 0 {
		size = min(n, 20) // servers give less than they are asked for
	}
	start := min((number-1)*size, len(p.Items))
	end := min(start+size, len(p.Items))
	if end < len(p.Items) {
		query.Set("page", strconv.Itoa(number+1))
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, query.Encode()))
		w.Header().Set("X-Next-Page", strconv.Itoa(number+1))
	}
	var value any = p.Items[start:end]
	if p.Wrap != nil {
		value = p.Wrap(p.Items[start:end])
	}
	JSON(w, http.StatusOK, value)
}

// JSON sends a value.
func JSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// Refuse sends the status that forges have for an error.
func Refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var missing *forge.NotFoundError
	var conflict *forge.ConflictError
	var denied *forge.AuthError
	switch {
	case errors.As(err, &missing):
		status = http.StatusNotFound
	case errors.As(err, &conflict):
		status = http.StatusUnprocessableEntity
		if strings.HasPrefix(conflict.What, "merge ") {
			status = http.StatusMethodNotAllowed
		}
	case errors.As(err, &denied):
		status = denied.Status
	}
	JSON(w, status, map[string]any{"message": err.Error()})
}

// Read reads the body of a request.
func Read[T any](r *http.Request) (T, error) {
	var value T
	err := json.NewDecoder(r.Body).Decode(&value)
	return value, err
}

// Number is a number in a path.
func Number(r *http.Request, name string) int64 {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Find is one pull of a repository.
func (c *Client) Find(ctx context.Context, path string, number int64) (forge.Pull, error) {
	list, err := c.Pulls(ctx, path, forge.PullQuery{})
	if err != nil {
		return forge.Pull{}, err
	}
	n := slices.IndexFunc(list, func(p forge.Pull) bool { return p.Number == number })
	if n < 0 {
		return forge.Pull{}, &forge.NotFoundError{Forge: name, What: fmt.Sprintf("pull %d of %s", number, path)}
	}
	return list[n], nil
}

// Ask asks people for a review of a pull, or assigns it to them. It returns the pull, and a *forge.PeopleError for who is unknown.
func (c *Client) Ask(ctx context.Context, path string, number int64, reviewers, assignees []string) (forge.Pull, error) {
	var unknown []string
	err := c.do(ctx, Call{Method: "Ask", Path: path, Write: true}, func() error {
		r, err := c.server.find(path)
		if err != nil {
			return err
		}
		p, err := r.pull(number)
		if err != nil {
			return err
		}
		var known []string
		known, unknown = c.server.known(reviewers, unknown)
		p.Reviewers = sorted(append(p.Reviewers, known...))
		known, unknown = c.server.known(assignees, unknown)
		p.Assignees = sorted(append(p.Assignees, known...))
		return nil
	})
	if err != nil {
		return forge.Pull{}, err
	}
	found, err := c.Find(ctx, path, number)
	if err == nil && len(unknown) > 0 {
		err = &forge.PeopleError{Forge: name, Names: sorted(unknown)}
	}
	return found, err
}
