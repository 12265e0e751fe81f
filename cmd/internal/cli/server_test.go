package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// server is a real web server with the files of a folder. It writes down what it is asked for.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

type serverKey struct{}

func (s *server) count(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path)
		s.mu.Unlock()
		files.ServeHTTP(w, r)
	})
}

// protected answers who has the name and password of "user:password", or anybody where that is empty.
func protected(login string, files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if login != "" && user+":"+password != login {
			w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, r)
	})
}

// serverCommands are what scripts have for registries on the web: serve FOLDER [USER:PASSWORD] sets SERVER to its address and HOST to that
// without the scheme, stop ends it, and requests prints what it was asked for since 'requests clear': all (list), or what
// more than once (twice).
func serverCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"serve": func(ts *testscript.TestScript, _ bool, args []string) {
			s := ts.Value(serverKey{}).(*server)
			login := strings.Join(args[1:], "")
			s.Server = httptest.NewServer(s.count(protected(login, http.FileServer(http.Dir(ts.MkAbs(args[0]))))))
			ts.Defer(s.Close)
			ts.Setenv("SERVER", s.URL)
			ts.Setenv("HOST", strings.TrimPrefix(s.URL, "http://"))
		},
		"stop": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Value(serverKey{}).(*server).Close() },
		"requests": func(ts *testscript.TestScript, _ bool, args []string) {
			s := ts.Value(serverKey{}).(*server)
			s.mu.Lock()
			defer s.mu.Unlock()
			asked := slices.Sorted(slices.Values(s.asked))
			switch args[0] {
			case "clear":
				s.asked = nil
				return
			case "twice":
				asked = slices.DeleteFunc(slices.Compact(slices.Clone(asked)), func(name string) bool {
					first, _ := slices.BinarySearch(asked, name)
					return first+1 == len(asked) || asked[first+1] != name
				})
			}
			text := strings.Join(asked, "\n")
			if text != "" {
				text += "\n"
			}
			fmt.Fprint(ts.Stdout(), text)
		},
	}
}
