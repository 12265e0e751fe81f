package remote

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"gkops.dev/gkops/gitops"
)

// gitEnv is an environment in which Git knows nothing of this machine.
func gitEnv() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "TZ=UTC",
		"GIT_AUTHOR_NAME=A U Thor", "GIT_AUTHOR_EMAIL=author@example.org", "GIT_COMMITTER_NAME=C O Mitter", "GIT_COMMITTER_EMAIL=committer@example.org",
		"GIT_AUTHOR_DATE=1700000000 +0100", "GIT_COMMITTER_DATE=1700000001 -0330",
	}
}

// git runs the real program and gives what it prints.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "gc.auto=0", "-c", "core.fsync=none"}, args...)...)
	cmd.Dir, cmd.Env = dir, gitEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// served is a repository with three commits on main, one on feature, and the ways to reach it.
type served struct {
	dir string // bare
	// url and options by way: folder, http, ssh
	urls    map[string]string
	options Options
	// answer stands before the http server; nil lets everything through.
	answer func(http.ResponseWriter, *http.Request, http.Handler)
}

func serve(t testing.TB) *served {
	t.Helper()
	root := t.TempDir()
	s := &served{dir: filepath.Join(root, "team", "fleet.git")}
	s.fill(t)
	s.urls = map[string]string{"folder": "file://" + s.dir, "http": s.web(t, root), "ssh": s.shell(t, root)}
	return s
}

// fill makes the history, and lets git serve pushes over http.
func (s *served) fill(t testing.TB) {
	t.Helper()
	store, err := gitops.OpenStore(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	tip := ""
	for n, text := range []string{"one\n", "two\n", "three\n"} {
		c := gitops.NewCommit{Message: fmt.Sprintf("commit %d", n+1), Author: bot(), Committer: bot(), Files: []gitops.FileChange{
			{Path: "README", Data: []byte(text)}, {Path: "gkops/prod/a.yaml", Data: []byte("a: 1\n")}, {Path: "gkops/prod/deep/b.yaml", Data: []byte("b: 1\n")},
		}}
		if tip != "" {
			c.Parents = []string{tip}
		}
		if tip, err = store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, branch := range []string{"main", "feature"} {
		if err := store.Point(t.Context(), "refs/heads/"+branch, "", tip); err != nil {
			t.Fatal(err)
		}
	}
	settings := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[http]\n\treceivepack = true\n"
	if err := os.WriteFile(filepath.Join(s.dir, "config"), []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
}

// backendProgram is Git's server for http.
var backendProgram = sync.OnceValue(func() string {
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return "git-http-backend"
	}
	return filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
})

const token = "canary-token-4f1"

// web serves the folder with Git's own program, for who knows the token.
func (s *served) web(t testing.TB, root string) string {
	backend := &cgi.Handler{
		Path: backendProgram(), Dir: root,
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"},
		Stderr: io.Discard,
	}
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != token {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.answer != nil {
			s.answer(w, r, guarded)
			return
		}
		guarded.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.options.HTTP = server.Client()
	s.options.Login = func(context.Context) (string, string, error) { return "bot", token, nil }
	return server.URL + "/team/fleet.git"
}

// shell serves the folder over ssh, for who has the key.
func (s *served) shell(t testing.TB, root string) string {
	host, _ := sshKey(t)
	user, private := sshKey(t)
	s.options.SSH.Key = private
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), user.PublicKey().Marshal()) {
			return nil, io.EOF
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(root, "known_hosts")
	line := knownhosts.Line([]string{listener.Addr().String()}, host.PublicKey()) + "\n"
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	s.options.SSH.KnownHosts = []string{filepath.Join(root, "none"), known}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serveSSH(connection, config)
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return "ssh://git@" + listener.Addr().String() + s.dir
}

func sshKey(t testing.TB) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

// serveSSH runs the one program that a session asks for.
func (s *served) serveSSH(connection net.Conn, config *ssh.ServerConfig) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		for request := range asked {
			if request.Type != "exec" {
				_ = request.Reply(false, nil)
				continue
			}
			_ = request.Reply(true, nil)
			var command struct{ Line string }
			_ = ssh.Unmarshal(request.Payload, &command)
			cmd := exec.Command("sh", "-c", command.Line)
			cmd.Env, cmd.Stdout, cmd.Stderr = gitEnv(), channel, channel.Stderr()
			in, _ := cmd.StdinPipe()
			go func() { _, _ = io.Copy(in, channel); in.Close() }()
			code := uint32(0)
			if err := cmd.Run(); err != nil {
				code = 1
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
			channel.Close()
			break
		}
	}
}

// ways are the protocols that every promise is kept over.
var ways = [...]string{"folder", "http", "ssh"}

func (s *served) open(t testing.TB, way string) *Remote {
	t.Helper()
	r, err := Open(s.urls[way], filepath.Join(t.TempDir(), "cache"), s.options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tip is where a branch of the served repository is; empty when it is not there.
func (s *served) tip(t testing.TB, branch string) string {
	t.Helper()
	store, err := gitops.OpenStore(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	found, err := store.Refs()
	if err != nil {
		t.Fatal(err)
	}
	return found.ByName["refs/heads/"+branch]
}

func bot() gitops.Person {
	return gitops.Person{Name: "gkops", Email: "bot@example.org", When: time.Unix(1700000100, 0).UTC()}
}

// commit makes a commit on main that changes one file.
func commit(t testing.TB, r *Remote, parent, text string) string {
	t.Helper()
	id, err := r.Store().Commit(t.Context(), gitops.NewCommit{
		Parents: []string{parent}, Message: "Change a file", Author: bot(), Committer: bot(),
		Files: []gitops.FileChange{{Path: "gkops/prod/deep/b.yaml", Data: []byte(text)}, {Path: "gkops/prod/new/c.yaml", Data: []byte(text)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// write puts files into a folder.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
