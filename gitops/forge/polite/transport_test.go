package polite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge"
)

// clock is a time that only moves by sleeping.
type clock struct {
	now   time.Time
	slept []time.Duration
}

func (c *clock) sleep(_ context.Context, wait time.Duration) error {
	c.slept = append(c.slept, wait)
	c.now = c.now.Add(wait)
	return nil
}

// ask is a client, its clock, and how often the server was asked.
func ask(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) (*http.Client, *url.URL, *clock, *int) {
	t.Helper()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		answer(w, r, asked)
	}))
	t.Cleanup(server.Close)
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	transport := New(Options{
		Name: "test", Origin: origin, Base: server.Client().Transport, Now: func() time.Time { return c.now }, Sleep: c.sleep, Timeout: 300 * time.Millisecond,
		Authorize: func(r *http.Request) error { r.Header.Set("Authorization", "Bearer canary"); return nil },
	})
	return &http.Client{Transport: transport}, origin, c, &asked
}

func TestC20Limits(t *testing.T) {
	date := time.Unix(1_800_000_000, 0).Add(20 * time.Second).UTC().Format(http.TimeFormat)
	cases := []struct {
		name    string
		status  int
		headers map[string]string
		body    string
		slept   string // before the read succeeds
		until   int64  // else: the seconds after which the forge can be asked again
	}{
		{"429 in seconds", 429, map[string]string{"Retry-After": "7"}, "", "[7s]", 0},
		{"429 at a date", 429, map[string]string{"Retry-After": date}, "", "[20s]", 0},
		{"429 and garbage", 429, map[string]string{"Retry-After": "soon"}, "", "[1s]", 0},
		{"429 and nothing", 429, nil, "", "[1s]", 0},
		{"429 for ever", 429, map[string]string{"Retry-After": "1000000000"}, "", "", maxSeconds},
		{"429 with more digits than a number has", 429, map[string]string{"Retry-After": "99999999999999999999999"}, "", "[1s]", 0},
		{"403 primary, soon", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000030"}, "", "[30s]", 0},
		{"403 primary, in an hour", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800003600"}, "", "", 3600},
		{"403 secondary", 403, nil, `{"message": "You have exceeded a secondary rate limit. Please wait."}`, "[1s]", 0},
		{"503 with Retry-After", 503, map[string]string{"Retry-After": "3"}, "", "[3s]", 0},
		{"502", 502, nil, "", "[500ms]", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, origin, clock, asked := ask(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				if n > 1 {
					fmt.Fprint(w, "{}")
					return
				}
				for name, value := range c.headers {
					w.Header().Set(name, value)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			_, err := client.Get(origin.String())
			if c.until == 0 {
				if err != nil || fmt.Sprint(clock.slept) != c.slept || *asked != 2 {
					t.Errorf("slept %v, asked %d times, %v", clock.slept, *asked, err)
				}
				return
			}
			var limited *forge.LimitError
			if !errors.As(err, &limited) || limited.Until.Unix() != 1_800_000_000+c.until || *asked != 1 || len(clock.slept) > 0 {
				t.Errorf("asked %d times, slept %v, %v", *asked, clock.slept, err)
			}
			if _, err := client.Get(origin.String()); !errors.As(err, &limited) || *asked != 1 {
				t.Errorf("while limited it was asked again: %d times, %v", *asked, err)
			}
		})
	}
}

func TestC20TriesAreBounded(t *testing.T) {
	client, origin, clock, asked := ask(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(502) })
	_, err := client.Get(origin.String())
	if Status(err) != 502 || *asked != 4 || len(clock.slept) != 3 {
		t.Errorf("asked %d times, slept %v, %v", *asked, clock.slept, err)
	}
}

func TestWritesAreMadeOnce(t *testing.T) {
	for _, method := range []string{"POST", "PATCH", "PUT", "DELETE"} {
		for _, status := range []int{429, 403, 500, 502, 503} {
			client, origin, clock, asked := ask(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(status)
			})
			request, err := http.NewRequestWithContext(t.Context(), method, origin.String(), strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Do(request); err == nil || *asked != 1 || len(clock.slept) > 0 {
				t.Errorf("%s with %d: asked %d times, %v", method, status, *asked, err)
			}
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	whole := func(w http.ResponseWriter) { fmt.Fprint(w, `{"whole": true}`) }
	cases := map[string]func(w http.ResponseWriter, r *http.Request){
		"reset before the answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"reset in the body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"half`)
			panic(http.ErrAbortHandler)
		},
		"half-open": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"one byte at a time": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		},
	}
	for name, broken := range cases {
		t.Run(name, func(t *testing.T) {
			client, origin, _, asked := ask(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 1 {
					broken(w, r)
					return
				}
				whole(w)
			})
			answer, err := client.Get(origin.String())
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if body, err := io.ReadAll(answer.Body); err != nil || string(body) != `{"whole": true}` || *asked != 2 {
				t.Errorf("read %q after %d tries, %v", body, *asked, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for status, want := range map[int]any{
		401: new(*forge.AuthError), 403: new(*forge.AuthError), 404: new(*forge.NotFoundError), 409: new(*forge.ConflictError), 422: new(*forge.ConflictError),
	} {
		client, origin, _, asked := ask(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, `{"message": "no\u001b[31m, because", "errors": [{"code": "x"}]}`)
		})
		_, err := client.Get(origin.String())
		err = Explain("test", "read it", err)
		if !errors.As(err, want) || *asked != 1 || strings.ContainsRune(err.Error(), 0x1b) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d after %d tries: %v", status, *asked, err)
		}
		if status != 404 && !strings.Contains(err.Error(), `[31m, because [{"code":"x"}]`) {
			t.Errorf("%d: the reason is lost: %v", status, err)
		}
	}
}

func TestPagesAreNoAnswers(t *testing.T) {
	client, origin, _, _ := ask(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html>Sign in")
	})
	if _, err := client.Get(origin.String()); err == nil || !strings.Contains(err.Error(), "<html>Sign in") {
		t.Errorf("got %v", err)
	}
}

func TestCredentialsStayAtTheOrigin(t *testing.T) {
	stolen := 0
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen++ }))
	defer thief.Close()
	client, origin, _, _ := ask(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Header.Get("Authorization") != "Bearer canary" {
			t.Error("the origin got no credentials")
		}
		http.Redirect(w, r, thief.URL+"/x", http.StatusTemporaryRedirect)
	})
	if _, err := client.Get(origin.String()); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
	if _, err := client.Get(thief.URL); err == nil {
		t.Error("another server was asked")
	}
	if stolen > 0 {
		t.Errorf("another server was asked %d times", stolen)
	}
}
