package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/mirror"
	"gkops.dev/gkops/resolver/catalog/web"
)

// network is a Source that has the files of a map, and notes what it is asked for.
type network struct {
	files map[string]string
	asked []string
}

func (n *network) Read(_ context.Context, url string) ([]byte, error) {
	n.asked = append(n.asked, url)
	if text, found := n.files[url]; found {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("%s: %w", url, catalog.ErrNotFound)
}

func TestPath(t *testing.T) {
	for address, want := range map[string]string{
		"https://raw.githubusercontent.com/a/b/v1/x.yaml":                                "raw.githubusercontent.com/a/b/v1/x.yaml",
		"https://glasskube.github.io/packages/packages/keptn/v2.0.0-rc.1+1/keptn.yaml":   "glasskube.github.io/packages/packages/keptn/v2.0.0-rc.1+1/keptn.yaml",
		"https://glasskube.github.io/packages/packages/keptn/v2.0.0-rc.1%2B1/keptn.yaml": "glasskube.github.io/packages/packages/keptn/v2.0.0-rc.1+1/keptn.yaml",
		"HTTPS://Example.COM:443/a%20b/c%25.yaml":                                        "example.com/a b/c%.yaml",
		"http://example.com:8080/x":                                                      "example.com:8080/x",
		"http://example.com:80/x":                                                        "example.com/x",
		"https://example.com:80/x":                                                       "example.com:80/x",
		"http://[::1]:8080/x":                                                            "[::1]:8080/x",
		"https://example.com/x.yaml?ref=a/b&c=%2e":                                       "example.com/x.yaml?ref=a%2Fb&c=%2e",
		"https://example.com/x.yaml#fragment":                                            "example.com/x.yaml",
		"https://example.com/a/":                                                         "",
		"https://example.com":                                                            "",
		"https://example.com//x":                                                         "",
	} {
		if got, err := mirror.Path(address); err != nil || got != want {
			t.Errorf("%s is at %q, %v", address, got, err)
		}
	}
	for _, address := range []string{
		"https://example.com/../x", "https://example.com/a/%2e%2E/x", "https://example.com/a/./x", "https://example.com/a%2Fb", "https://example.com/..%2f..%2fx",
		`https://example.com/a%5Cb`, "https://example.com/a%00b", "https://example.com/a%0Ab", "file:///etc/passwd", "https://", "example.com/x", "https://../x", "https://./x",
	} {
		if got, err := mirror.Path(address); err == nil {
			t.Errorf("%s is at %q, want an error", address, got)
		}
	}
}

func TestRead(t *testing.T) {
	base := t.TempDir()
	write(t, filepath.Join(base, "one", "example.com", "v1+1", "a.yaml"), "a of one")
	write(t, filepath.Join(base, "two", "example.com", "v1+1", "a.yaml"), "a of two")
	write(t, filepath.Join(base, "two", "example.com", "b.yaml"), "b of two")
	write(t, filepath.Join(base, "two", "example.com", "q.yaml?ref=a%2Fb"), "query")
	write(t, filepath.Join(base, "secret"), "hunter2")
	served := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(base, "two"))))
	defer served.Close()
	const a, b, c, q = "https://example.com/v1%2B1/a.yaml", "https://example.com/b.yaml", "https://example.com/c.yaml", "https://example.com/q.yaml?ref=a/b"
	for _, test := range []struct{ list, address, want string }{
		{"", c, "c of the network"},
		{"direct", c, "c of the network"},
		{"one,two", a, "a of one"},
		{"two,one", a, "a of two"},
		{" one , two ", b, "b of two"},
		{"one,two", q, "query"},
		{"one,two", c, "c of the network"},
		{"one,two,direct", c, "c of the network"},
		{"one,two,off", b, "b of two"},
		{filepath.Join(base, "two") + ",off", b, "b of two"},
		{"file://" + filepath.Join(base, "two") + ",off", b, "b of two"},
		{"one," + served.URL + ",off", a, "a of one"},
		{"one," + served.URL + ",off", b, "b of two"},
		{served.URL + "/,off", a, "a of two"},
		{served.URL + "/,off", q, "query"},
		{served.URL, c, "c of the network"},
		{"two", "https://example.com/folder/", "folder of the network"},
	} {
		remote := &network{files: map[string]string{c: "c of the network", "https://example.com/folder/": "folder of the network"}}
		source, err := mirror.New(test.list, base, mixed{web.New(&http.Client{}, web.Options{Attempts: 1}), remote})
		if err != nil {
			t.Errorf("%s: %v", test.list, err)
			continue
		}
		data, err := source.Read(t.Context(), test.address)
		if err != nil || string(data) != test.want || strings.HasSuffix(test.want, "network") != (len(remote.asked) == 1) {
			t.Errorf("%s: %s is %q, %v; the network was asked for %q", test.list, test.address, data, err, remote.asked)
		}
	}
}

// mixed asks the test server for real and knows the rest.
type mixed struct {
	real  catalog.Source
	known catalog.Source
}

func (m mixed) Read(ctx context.Context, url string) ([]byte, error) {
	if strings.HasPrefix(url, "http://127.0.0.1") {
		return m.real.Read(ctx, url)
	}
	return m.known.Read(ctx, url)
}

func TestOff(t *testing.T) {
	base := t.TempDir()
	write(t, filepath.Join(base, "one", "example.com", "a.yaml"), "a")
	for list, want := range map[string]string{
		"off":         "https://example.com/x/b.yaml: the network is off, and there are no mirrors",
		"one,two,off": "https://example.com/x/b.yaml?...: the network is off, and no mirror has a copy (looked at one, two)",
	} {
		write(t, filepath.Join(base, "two", "keep"), "")
		remote := &network{}
		source, err := mirror.New(list, base, remote)
		if err != nil {
			t.Fatal(err)
		}
		address := "https://example.com/x/b.yaml"
		if strings.Contains(want, "?") {
			address += "?token=hunter2"
		}
		_, err = source.Read(t.Context(), address)
		var offline *mirror.OfflineError
		if !errors.As(err, &offline) || err.Error() != want || errors.Is(err, catalog.ErrNotFound) || !errors.Is(err, catalog.ErrUnreachable) || len(remote.asked) != 0 {
			t.Errorf("%s: %v", list, err)
		}
		if strings.Contains(offline.Hint(), "hunter2") || list != "off" && !strings.Contains(offline.Hint(), "example.com/x/b.yaml") {
			t.Error(offline.Hint())
		}
	}
}

func TestNoWayOut(t *testing.T) {
	base := t.TempDir()
	write(t, filepath.Join(base, "secret"), "hunter2")
	write(t, filepath.Join(base, "one", "example.com", "a.yaml"), "a")
	if err := os.Symlink(filepath.Join(base, "secret"), filepath.Join(base, "one", "example.com", "link")); err != nil {
		t.Fatal(err)
	}
	source, err := mirror.New("one", base, &network{})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"https://example.com/../../secret", "https://example.com/%2e%2e/%2e%2e/secret", "https://../secret", "https://example.com/link"} {
		if data, err := source.Read(t.Context(), address); err == nil || data != nil || errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: %q, %v", address, data, err)
		}
	}
}

func TestBrokenMirror(t *testing.T) {
	base := t.TempDir()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for list, want := range map[string]string{
		"missing":  "mirror missing: there is no folder " + filepath.Join(base, "missing"),
		server.URL: "mirror " + server.URL + ": ",
	} {
		source, err := mirror.New(list, base, web.New(&http.Client{}, web.Options{Attempts: 1}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := source.Read(t.Context(), "https://example.com/a"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", list, err)
		}
	}
	for _, list := range []string{"off,one", "direct,off", "oci://example.com", "https://u:hunter2@example.com", "https://example.com?token=hunter2", "https://"} {
		if _, err := mirror.New(list, base, &network{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", list, err)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"https://example.com/a+b/../c%2e?x=/..", "http://[::1]:80//", "https://../..", "https://a/%2e%2e%2f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		name, err := mirror.Path(address)
		if err != nil || name == "" {
			return
		}
		if !filepath.IsLocal(name) || strings.ContainsAny(name, "\x00\\\n") {
			t.Errorf("%q is at %q", address, name)
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
