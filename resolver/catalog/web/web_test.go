package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/web"
)

const canary = "hunter2-canary"

func quick() web.Options {
	return web.Options{Wait: time.Millisecond, MaxWait: 2 * time.Second, Timeout: 20 * time.Second, IdleTimeout: 10 * time.Second}
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func read(t *testing.T, address string) ([]byte, error) {
	t.Helper()
	return web.New(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, quick()).Read(t.Context(), address)
}

func TestRead(t *testing.T) {
	body := bytes.Repeat([]byte("a: b\r\n\x00\xff"), 1000)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a/v1.0.0+1/x.yaml" || r.URL.RawQuery != "q=1" || r.UserAgent() != "gkops" {
			t.Errorf("asked for %s by %s", r.URL, r.UserAgent())
		}
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zip(body))
			return
		}
		_, _ = w.Write(body)
	})
	for _, path := range []string{"/a/v1.0.0+1/x.yaml?q=1", "/a/v1.0.0%2B1/x.yaml?q=1#part"} {
		data, err := read(t, server.URL+path)
		if err != nil || !bytes.Equal(data, body) {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	}
	for _, address := range []string{"file:///etc/passwd", "ftp://example.com", "://", "https://", "https://u:" + canary + "@example.com/"} {
		if _, err := read(t, address); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestStatus(t *testing.T) {
	var tries atomic.Int32
	var answer func(http.ResponseWriter)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tries.Add(1)
		answer(w)
	})
	for status, want := range map[int]int32{404: 1, 410: 1, 401: 1, 403: 1, 400: 1, 204: 1, 206: 1, 304: 1, 408: 3, 429: 3, 500: 3, 502: 3, 503: 3, 504: 3} {
		tries.Store(0)
		answer = func(w http.ResponseWriter) { w.WriteHeader(status) }
		data, err := read(t, server.URL+"/x?token="+canary)
		var unreachable *web.UnreachableError
		var other *web.StatusError
		switch {
		case data != nil || err == nil || strings.Contains(err.Error(), canary) || tries.Load() != want:
			t.Errorf("%d: %q, %v after %d tries", status, data, err, tries.Load())
		case status == 404 || status == 410:
			if !errors.Is(err, catalog.ErrNotFound) {
				t.Errorf("%d: %v", status, err)
			}
		case want == 3:
			if !errors.Is(err, catalog.ErrUnreachable) || !errors.As(err, &unreachable) || unreachable.Status != status || unreachable.Tries != 3 || errors.Is(err, catalog.ErrNotFound) {
				t.Errorf("%d: %v", status, err)
			}
		default:
			if !errors.As(err, &other) || other.Status != status || errors.Is(err, catalog.ErrUnreachable) {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
	// The second try helps.
	tries.Store(0)
	answer = func(w http.ResponseWriter) {
		if tries.Load() == 1 {
			w.WriteHeader(502)
			return
		}
		fmt.Fprint(w, "a: b")
	}
	if data, err := read(t, server.URL); err != nil || string(data) != "a: b" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestRetryAfter(t *testing.T) {
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for after, want := range map[string]struct {
		tries int32
		least time.Duration
	}{
		"1": {2, time.Second}, date.Add(time.Second).Format(http.TimeFormat): {2, time.Second}, date.Add(-time.Hour).Format(http.TimeFormat): {2, 0},
		"garbage": {2, 0}, "-5": {2, 0}, "1000000000": {1, 0}, "99999999999999999999": {2, 0}, date.Add(time.Hour).Format(http.TimeFormat): {1, 0},
	} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if tries.Add(1) == 1 {
					w.Header().Set("Retry-After", after)
					w.Header().Set("Date", date.Format(http.TimeFormat))
					w.WriteHeader(http.StatusTooManyRequests)
				}
			})
			began := time.Now()
			_, err := read(t, server.URL)
			if took := time.Since(began); tries.Load() != want.tries || (err == nil) != (want.tries == 2) || took < want.least || took > want.least+2*time.Second {
				t.Errorf("%v after %d tries and %s", err, tries.Load(), took)
			}
			if err != nil && !errors.Is(err, catalog.ErrUnreachable) {
				t.Error(err)
			}
		})
	}
}

// TestDamagedBody is C28: what comes with status 200 and is not the file.
func TestDamagedBody(t *testing.T) {
	plain := []byte("kind: ConfigMap\n" + strings.Repeat("# 0123456789\n", 500))
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter)
		want   []string
		tries  int32
	}{
		"truncated": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write(plain)
		}, []string{"the body is truncated", `type "text/plain; charset=utf-8"`, fmt.Sprintf("%d bytes", len(plain)), `starts with "kind: ConfigMap\n`}, 3},
		"truncated gzip": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zip(plain)[:60])
		}, []string{"the body is truncated"}, 3},
		"gzip checksum": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			data := zip(plain)
			data[len(data)-6] ^= 1
			_, _ = w.Write(data)
		}, []string{"the body is damaged: gzip: invalid checksum", fmt.Sprintf("%d bytes", len(plain))}, 3},
		"no gzip": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(plain)
		}, []string{"the body is damaged: gzip: invalid header"}, 3},
		"login page": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "\ufeff \n<!DOCTYPE html><title>\x1b[31mSign in \u202e</title>")
		}, []string{"a web page came instead of the file", `type "text/html; charset=utf-8"`, `<!DOCTYPE html><title>\x1b[31mSign in \u202e</title>`}, 1},
		"login page as yaml": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/yaml")
			fmt.Fprint(w, "<HTML><body>Sign in")
		}, []string{"a web page came instead of the file", "19 bytes"}, 1},
		"bucket error": {func(w http.ResponseWriter) {
			fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`)
		}, []string{"a web page came instead of the file"}, 1},
	} {
		var tries atomic.Int32
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { tries.Add(1); test.answer(w) })
		data, err := read(t, server.URL+"/x?token="+canary)
		var body *web.BodyError
		if data != nil || !errors.As(err, &body) || tries.Load() != test.tries || body.Hint() == "" {
			t.Errorf("%s: %q, %v after %d tries", name, data, err, tries.Load())
			continue
		}
		for _, want := range append(test.want, server.URL) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
		if strings.ContainsAny(err.Error(), "\x1b\u202e\n") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %q", name, err)
		}
	}
	// Manifests that look a little like a page are none.
	for _, text := range []string{"# <!DOCTYPE html>\na: b", "a: <html>", "{}", "", "- <head>"} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, text)
		})
		if data, err := read(t, server.URL); err != nil || string(data) != text {
			t.Errorf("%q: %q, %v", text, data, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	announced := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "99999999999") })
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for member := zip(make([]byte, 1<<20)); ; {
			if _, err := w.Write(member); err != nil {
				return
			}
		}
	})
	for _, server := range []*httptest.Server{announced, endless} {
		if data, err := read(t, server.URL); data != nil || err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Run("half open", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "a")
			_ = http.NewResponseController(w).Flush()
			<-release
		})
		defer close(release)
		options := quick()
		options.IdleTimeout = 200 * time.Millisecond
		if _, err := web.New(&http.Client{}, options).Read(t.Context(), server.URL); !errors.Is(err, catalog.ErrUnreachable) || !strings.Contains(err.Error(), "nothing came for too long") {
			t.Errorf("%v", err)
		}
	})
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, "a"); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		})
		options := quick()
		options.Timeout, options.Attempts = 300*time.Millisecond, 1
		_, err := web.New(&http.Client{}, options).Read(t.Context(), server.URL)
		if !errors.Is(err, catalog.ErrUnreachable) || !strings.Contains(err.Error(), "it took too long") {
			t.Errorf("%v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
		if _, err := web.New(&http.Client{}, quick()).Read(ctx, server.URL); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		_, err := read(t, server.URL+"/x?token="+canary)
		if !errors.Is(err, catalog.ErrUnreachable) || errors.Is(err, catalog.ErrNotFound) || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "cannot be reached in 3 tries") {
			t.Errorf("%v", err)
		}
	})
}

// TestRedirects: nothing of a request goes to another scheme, host or port, neither a cookie (which knows no port) nor the
// query in a Referer.
func TestRedirects(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var sent bytes.Buffer
		_ = r.Header.Write(&sent)
		if strings.Contains(sent.String(), canary) || r.Header.Get("Referer") != "" {
			t.Errorf("the other host got\n%s", sent.String())
		}
		fmt.Fprint(w, "a: b")
	})
	var location string
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: canary})
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(first.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(address, []*http.Cookie{{Name: "session", Value: canary}})
	source := web.New(&http.Client{Jar: jar}, quick())
	location = other.URL
	if data, err := source.Read(t.Context(), first.URL+"/x?token="+canary); err != nil || string(data) != "a: b" {
		t.Errorf("%q, %v", data, err)
	}
	for _, location = range []string{
		"http://u:" + canary + "@" + strings.TrimPrefix(other.URL, "http://"), "file:///etc/passwd", "ftp://example.com/" + canary, "", first.URL + "/again", "http://",
	} {
		data, err := source.Read(t.Context(), first.URL+"/x?token="+canary)
		var redirect *web.RedirectError
		if data != nil || !errors.As(err, &redirect) || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %q, %v", location, data, err)
		}
	}
}

func TestNoDowngrade(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("asked without TLS") })
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(secure.Close)
	_, err := web.New(secure.Client(), quick()).Read(t.Context(), secure.URL)
	var redirect *web.RedirectError
	if !errors.As(err, &redirect) || !strings.Contains(err.Error(), "redirects from https to") {
		t.Errorf("%v", err)
	}
}

func TestFetch(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"two"`)
		w.Header().Set("Last-Modified", "Wed, 02 Jan 2030 03:04:05 GMT")
		if r.Header.Get("If-None-Match") == `"two"` || r.Header.Get("If-None-Match") == "" && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, "a: b")
	})
	source := web.New(&http.Client{}, quick())
	want := catalog.Validator{ETag: `"two"`, LastModified: "Wed, 02 Jan 2030 03:04:05 GMT"}
	for _, have := range []catalog.Validator{{}, {ETag: `"one"`}} {
		data, now, err := source.Fetch(t.Context(), server.URL, have)
		if err != nil || string(data) != "a: b" || now != want {
			t.Errorf("%+v: %q, %+v, %v", have, data, now, err)
		}
	}
	for _, have := range []catalog.Validator{want, {LastModified: want.LastModified}} {
		if data, _, err := source.Fetch(t.Context(), server.URL, have); !errors.Is(err, catalog.ErrUnchanged) || data != nil {
			t.Errorf("%+v: %q, %v", have, data, err)
		}
	}
}

// A file that changed in the second of the answer may change in it once more.
func TestFetchOfWhatHasJustChanged(t *testing.T) {
	const then, now = "Wed, 02 Jan 2030 03:04:05 GMT", "Wed, 02 Jan 2030 03:04:06 GMT"
	for date, want := range map[string]string{then: "", now: then} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Last-Modified", then)
			w.Header().Set("Date", date)
			_, _ = io.WriteString(w, "a: b")
		})
		_, got, err := web.New(&http.Client{}, quick()).Fetch(t.Context(), server.URL, catalog.Validator{})
		if err != nil || got.LastModified != want {
			t.Errorf("at %s: %+v, %v, want %q", date, got, err, want)
		}
	}
}

func zip(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Bytes()
}
