package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gkops.dev/gkops/gitops"
)

// silent fails when a token is in an error.
func silent(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), token) {
		t.Errorf("the token is in the error: %v", err)
	}
}

func TestC24DeadAndSlowServers(t *testing.T) {
	servers := map[string]func(c net.Conn){
		"silent": func(c net.Conn) { time.Sleep(5 * time.Second); c.Close() },
		"one byte at a time": func(c net.Conn) {
			defer c.Close()
			if _, err := c.Read(make([]byte, 1)); err != nil { // no server answers before it is asked
				return
			}
			head := "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nContent-Length: 100000\r\n\r\n"
			for _, b := range []byte(head + strings.Repeat("1", 1000)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				if head = head[min(1, len(head)):]; head == "" {
					time.Sleep(20 * time.Millisecond)
				}
			}
		},
	}
	for name, behave := range servers {
		for _, scheme := range []string{"http", "ssh"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer listener.Close()
				go func() {
					for {
						c, err := listener.Accept()
						if err != nil {
							return
						}
						go behave(c)
					}
				}()
				s := serve(t)
				s.options.Slow = 150 * time.Millisecond
				s.urls["dead"] = scheme + "://" + listener.Addr().String() + "/a/b.git"
				begin := time.Now()
				_, err = s.open(t, "dead").Refs(t.Context())
				var slow *TimeoutError
				if !errors.As(err, &slow) && !(scheme == "ssh" && name != "silent") || err == nil || time.Since(begin) > 4*time.Second {
					t.Errorf("after %s: %v", time.Since(begin), err)
				}
				silent(t, err)
			})
		}
	}
}

func TestOneConversationIsBounded(t *testing.T) {
	s := serve(t)
	s.answer = func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		for r.Context().Err() == nil {
			fmt.Fprint(w, strings.Repeat("0004", 1000)) // fast enough, and without end
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	}
	s.options.Limit = 200 * time.Millisecond
	_, err := s.open(t, "http").Refs(t.Context())
	if err == nil {
		t.Error("an answer without end was read")
	}
}

// A push whose answer is lost has arrived; one that did not arrive changed nothing, and is made again by who wants it.
func TestC24PushThatIsCutOff(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		s := serve(t)
		r := s.open(t, "http")
		id := commit(t, r, fetched(t, r, 1, "main"), "b: 2\n")
		s.answer = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
			if request.Method != http.MethodPost {
				next.ServeHTTP(w, request)
				return
			}
			if arrives {
				next.ServeHTTP(httptest.NewRecorder(), request)
			}
			panic(http.ErrAbortHandler)
		}
		err := r.Push(t.Context(), "gkops/up", id, "")
		silent(t, err)
		if arrives != (err == nil) || arrives != (s.tip(t, "gkops/up") == id) {
			t.Errorf("arrives %t: %v, the branch is at %q", arrives, err, s.tip(t, "gkops/up"))
		}
		s.answer = nil
		if err := r.Push(t.Context(), "gkops/up", id, ""); err != nil || s.tip(t, "gkops/up") != id {
			t.Errorf("again: %v", err)
		}
	}
}

func TestFetchThatIsCutOff(t *testing.T) {
	s := serve(t)
	r := s.open(t, "http")
	id := refs(t, r).ByName["refs/heads/main"]
	s.answer = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		if request.Method != http.MethodPost {
			next.ServeHTTP(w, request)
			return
		}
		whole := httptest.NewRecorder()
		next.ServeHTTP(whole, request)
		w.Header().Set("Content-Type", whole.Header().Get("Content-Type"))
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
		panic(http.ErrAbortHandler)
	}
	if err := r.Fetch(t.Context(), 1, id); err == nil {
		t.Error("half a pack was taken")
	}
	if r.Store().Has(id) {
		t.Error("a commit of half a pack is there")
	}
	s.answer = nil
	if err := r.Fetch(t.Context(), 1, id); err != nil {
		t.Fatal(err)
	}
	git(t, r.Store().Dir(), "fsck", "--strict", id)
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		name   string
		status int
		want   any
	}{
		{"401", 401, new(*AuthError)}, {"403", 403, new(*AuthError)}, {"404", 404, new(*NotFoundError)}, {"502", 502, new(*StatusError)}, {"429", 429, new(*StatusError)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t)
			s.answer = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(c.status)
				fmt.Fprint(w, "because\x1b[31m of it")
			}
			_, err := s.open(t, "http").Refs(t.Context())
			silent(t, err)
			if !errors.As(err, c.want) || !strings.Contains(err.Error(), "because[31m of it") {
				t.Errorf("got %v", err)
			}
		})
	}
	s := serve(t)
	s.answer = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { fmt.Fprint(w, "<html>Sign in") }
	if _, err := s.open(t, "http").Refs(t.Context()); !errors.As(err, new(*StatusError)) || !strings.Contains(err.Error(), "text/html") {
		t.Errorf("a page: %v", err)
	}
}

func TestPushesThatAreRefused(t *testing.T) {
	for _, way := range []string{"http", "ssh"} {
		for _, c := range []struct {
			name, hook string
			want       any
		}{
			{"rule", "echo 'GH006: Protected branch update failed' >&2; exit 1", new(*ProtectedError)},
			{"size", "echo 'error: the pack exceeds the maximum allowed size' >&2; exit 1", new(*SizeError)},
		} {
			t.Run(way+" "+c.name, func(t *testing.T) {
				s := serve(t)
				r := s.open(t, way)
				id := commit(t, r, fetched(t, r, 1, "main"), "b: 2\n")
				write(t, s.dir, map[string]string{"hooks/pre-receive": "#!/bin/sh\n" + c.hook + "\n"})
				if err := os.Chmod(filepath.Join(s.dir, "hooks", "pre-receive"), 0o755); err != nil {
					t.Fatal(err)
				}
				err := r.Push(t.Context(), "gkops/up", id, "")
				if !errors.As(err, c.want) || !strings.Contains(err.Error(), strings.Split(c.hook, "'")[1]) {
					t.Errorf("got %v", err)
				}
				var protected *ProtectedError
				if err := s.open(t, "folder").Push(t.Context(), "gkops/up", id, ""); err == nil {
					t.Error("a commit that is not in the store was pushed")
				}
				local := s.open(t, "folder")
				other := commit(t, local, fetched(t, local, 1, "main"), "b: 3\n")
				if err := local.Push(t.Context(), "gkops/up", other, ""); !errors.As(err, &protected) || s.tip(t, "gkops/up") != "" {
					t.Errorf("past the hook of a folder: %v", err)
				}
			})
		}
	}
	s := serve(t)
	r := s.open(t, "http")
	id := commit(t, r, fetched(t, r, 1, "main"), "b: 2\n")
	s.answer = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		if request.Method == http.MethodPost {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		next.ServeHTTP(w, request)
	}
	var size *SizeError
	if err := r.Push(t.Context(), "gkops/up", id, ""); !errors.As(err, &size) || size.Bytes == 0 {
		t.Errorf("413: %v", err)
	}
}

func TestCredentialsStayAtTheirServer(t *testing.T) {
	stolen := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen++ }))
	defer thief.Close()
	for _, status := range []int{301, 302, 307, 308} {
		s := serve(t)
		s.answer = func(w http.ResponseWriter, request *http.Request, _ http.Handler) {
			http.Redirect(w, request, thief.URL+request.URL.RequestURI(), status)
		}
		_, err := s.open(t, "http").Refs(t.Context())
		silent(t, err)
		if err == nil || !strings.Contains(err.Error(), "moved to another server") {
			t.Errorf("%d: %v", status, err)
		}
		s.answer = nil
		r := s.open(t, "http")
		id := commit(t, r, fetched(t, r, 1, "main"), "b: 2\n")
		s.answer = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
			if request.Method == http.MethodPost {
				http.Redirect(w, request, thief.URL+request.URL.RequestURI(), status)
				return
			}
			next.ServeHTTP(w, request)
		}
		err = r.Push(t.Context(), "gkops/up", id, "")
		silent(t, err)
		if err == nil {
			t.Errorf("%d: a redirected push was taken for one", status)
		}
	}
	if stolen > 0 {
		t.Errorf("another server was asked %d times", stolen)
	}
}

func TestRenamedRepositories(t *testing.T) {
	s := serve(t)
	s.answer = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		if rest, old := strings.CutPrefix(request.URL.Path, "/old/name.git"); old {
			request.URL.Path = "/team/fleet.git" + rest
			http.Redirect(w, request, request.URL.RequestURI(), http.StatusMovedPermanently)
			return
		}
		next.ServeHTTP(w, request)
	}
	s.urls["http"] = strings.Replace(s.urls["http"], "/team/fleet.git", "/old/name.git", 1)
	r := s.open(t, "http")
	id := commit(t, r, fetched(t, r, 1, "main"), "b: 2\n")
	if err := r.Push(t.Context(), "gkops/up", id, ""); err != nil || s.tip(t, "gkops/up") != id {
		t.Errorf("push: %v", err)
	}
}

func TestSSHServersAreKnown(t *testing.T) {
	s := serve(t)
	none := s.options
	none.SSH.KnownHosts = []string{"/none"}
	stranger := s.options
	stranger.SSH.KnownHosts = []string{filepath.Join(t.TempDir(), "empty")}
	if err := os.WriteFile(stranger.SSH.KnownHosts[0], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other := serve(t)
	data, err := os.ReadFile(other.options.SSH.KnownHosts[1])
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(strings.SplitAfterN(s.urls["ssh"], "/", 4)[2], "git@")
	otherHost := strings.TrimPrefix(strings.SplitAfterN(other.urls["ssh"], "/", 4)[2], "git@")
	changed := s.options
	changed.SSH.KnownHosts = []string{filepath.Join(t.TempDir(), "changed")}
	port, otherPort := host[strings.Index(host, ":")+1:len(host)-1], otherHost[strings.Index(otherHost, ":")+1:len(otherHost)-1]
	if err := os.WriteFile(changed.SSH.KnownHosts[0], []byte(strings.Replace(string(data), otherPort, port, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, wrong := sshKey(t)
	key := s.options
	key.SSH.Key = wrong
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"no file": {none, "no known_hosts file"}, "unknown": {stranger, "ssh-keyscan"}, "another key": {changed, "another key"}, "a wrong key": {key, "none of the keys"},
	} {
		s.options = c.options
		_, err := s.open(t, "ssh").Refs(t.Context())
		var denied *AuthError
		if !errors.As(err, &denied) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://git.example.org/a/b.git/": "https://git.example.org/a/b.git", "git@git.example.org:a/b.git": "git@git.example.org:a/b.git",
		"ssh://git@git.example.org:22/a": "ssh://git@git.example.org:22/a", "file:///srv/a.git": "/srv/a.git", "/srv/a.git": "/srv/a.git",
	} {
		if got, err := parse(address); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v", address, got, err)
		}
	}
	for _, address := range []string{
		"https://me:" + token + "@git.example.org/a", "https://" + token + "@git.example.org/a", "ftp://git.example.org/a", "git://git.example.org/a", "a/b", "https://git.example.org",
		"-oProxyCommand=x:a", "https://git.example.org/a\nb", "ext::sh -c x", "",
	} {
		_, err := parse(address)
		if err == nil {
			t.Errorf("%q was taken", address)
		}
		silent(t, err)
	}
}

// Of many who push at once from the same commit, one gets through.
func TestPushesAtOnce(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			s := serve(t)
			const many = 4
			var all sync.WaitGroup
			errs, ids, remotes := make([]error, many), make([]string, many), make([]*Remote, many)
			base := ""
			for n := range many {
				remotes[n] = s.open(t, way)
				base = fetched(t, remotes[n], 1, "main")
				ids[n] = commit(t, remotes[n], base, fmt.Sprintf("b: %d\n", n+10))
			}
			for n := range many {
				all.Go(func() { errs[n] = remotes[n].Push(context.WithoutCancel(t.Context()), "main", ids[n], base) })
			}
			all.Wait()
			won := 0
			for n, err := range errs {
				var lease *LeaseError
				switch {
				case err == nil:
					won++
					if s.tip(t, "main") != ids[n] {
						t.Error("who got through is not where the branch is")
					}
				case !errors.As(err, &lease):
					t.Errorf("a loser got %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d got through", won)
			}
		})
	}
}

func TestCacheIsUsedAgainAndBegunAnew(t *testing.T) {
	s := serve(t)
	cache := filepath.Join(t.TempDir(), "cache")
	open := func() *Remote {
		r, err := Open(s.urls["http"], cache, s.options)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	id := fetched(t, open(), 1, "main")
	posts := 0
	s.answer = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		if request.Method == http.MethodPost {
			posts++
		}
		next.ServeHTTP(w, request)
	}
	if err := open().Fetch(t.Context(), 1, id); err != nil || posts != 0 {
		t.Errorf("what is there was asked for %d times, %v", posts, err)
	}
	for n := range maxPacks {
		write(t, cache, map[string]string{fmt.Sprintf("objects/pack/pack-%040d.pack", n): ""})
	}
	r := open()
	if r.Store().Has(id) {
		t.Error("the cache grows without end")
	}
	if err := r.Fetch(t.Context(), 1, id); err != nil {
		t.Error(err)
	}
}

func TestFoldersWithAWorkTree(t *testing.T) {
	s := serve(t)
	dir := t.TempDir()
	if _, err := gitops.Init(dir); err != nil {
		t.Fatal(err)
	}
	s.urls["folder"] = dir
	var unsupported *gitops.UnsupportedError
	if _, err := s.open(t, "folder").Refs(t.Context()); !errors.As(err, &unsupported) {
		t.Errorf("got %v", err)
	}
}
