package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gkops.dev/gkops/resolver/catalog/web"
)

// TestNetrc: a password is for one scheme, host and port.
func TestNetrc(t *testing.T) {
	find := web.Netrc([]byte("# machine commented login x password y\nmachine Charts.example.org login ada password one\n" +
		"machine charts.example.org:8443\n  login ada account z password two\nmachine 127.0.0.1:8080 login bob password three\n" +
		"macdef init\nmachine evil.example.org login mallory password four\n\ndefault login anyone password five\nmachine last.example.org login eve password"))
	for address, want := range map[string]string{
		"https://charts.example.org/index.yaml":        "ada one",
		"https://charts.example.org:443/x":             "ada one",
		"https://charts.example.org:8443/x":            "ada two",
		"https://charts.example.org:9443/x":            " ",
		"http://charts.example.org/x":                  " ",
		"http://charts.example.org:8443/x":             " ",
		"http://127.0.0.1:8080/x":                      "bob three",
		"https://127.0.0.1:8080/x":                     "bob three",
		"http://127.0.0.1/x":                           " ",
		"https://charts.example.org.evil.example.org/": " ",
		"https://evil.example.org/":                    " ",
		"https://other.example.org/":                   " ",
		"https://last.example.org/":                    "eve ",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if user, password := find(u); user+" "+password != want {
			t.Errorf("%s: %q %q, want %q", address, user, password, want)
		}
	}
}

// TestCredentials: a server that demands a password gets it, and no other one does, by redirect or by name.
func TestCredentials(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("another server was sent a password")
		}
		w.Write([]byte("elsewhere")) //nolint:errcheck // the client says so
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "ada" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, other.URL+"/x", http.StatusFound)
			return
		}
		w.Write([]byte("here")) //nolint:errcheck // the client says so
	}))
	defer server.Close()
	netrc := "machine " + strings.TrimPrefix(server.URL, "http://") + " login ada password secret\n"
	source := web.New(http.DefaultClient, web.Options{Credential: web.Netrc([]byte(netrc))})
	for path, want := range map[string]string{"/x": "here", "/moved": "elsewhere"} {
		if data, err := source.Read(t.Context(), server.URL+path); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", path, data, err)
		}
	}
	if _, err := source.Read(t.Context(), other.URL+"/y"); err != nil {
		t.Error(err)
	}
	if _, err := web.New(http.DefaultClient, web.Options{}).Read(t.Context(), server.URL+"/x"); err == nil {
		t.Error("no password is needed")
	}
}

// TestPasswordHint: who asks for a password gets a hint that names the machine as .netrc does, and none that would send it in clear.
func TestPasswordHint(t *testing.T) {
	for address, want := range map[string]string{
		"https://Example.org:443/index.yaml":  "machine example.org login",
		"https://example.org:8443/index.yaml": "machine example.org:8443 login",
		"http://127.0.0.1:8080/index.yaml":    "machine 127.0.0.1:8080 login",
		"http://example.org/index.yaml":       "use the address with https",
	} {
		if hint := (&web.StatusError{URL: address, Status: http.StatusUnauthorized}).Hint(); !strings.Contains(hint, want) {
			t.Errorf("%s: %s", address, hint)
		}
	}
	if hint := (&web.StatusError{URL: "https://example.org", Status: http.StatusForbidden}).Hint(); hint != "" {
		t.Error(hint)
	}
}
