package oci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/helm"
	"gkops.dev/gkops/resolver/catalog/oci"
)

// serve is a real registry, behind a handler that may do something else.
func serve(t *testing.T, before func(w http.ResponseWriter, r *http.Request) bool) (host string) {
	t.Helper()
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil && before(w, r) {
			return
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// push puts a chart into a registry.
func push(t *testing.T, host, repository, tag, archive, chartYAML string) {
	t.Helper()
	ctx := context.Background()
	r, err := remote.NewRepository(host + "/" + repository)
	if err != nil {
		t.Fatal(err)
	}
	r.PlainHTTP = true
	put := func(mediaType string, data []byte) ocispec.Descriptor {
		d := content.NewDescriptorFromBytes(mediaType, data)
		if err := r.Push(ctx, d, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	manifest.Config = put("application/vnd.cncf.helm.config.v1+json", []byte(chartYAML))
	manifest.Layers = []ocispec.Descriptor{put("application/vnd.cncf.helm.chart.content.v1.tar+gzip", []byte(archive))}
	data, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Tag(ctx, put(ocispec.MediaTypeImageManifest, data), tag); err != nil {
		t.Fatal(err)
	}
}

// TestRegistry reads charts of an OCI registry as packages: tags are versions, an underscore is a plus.
func TestRegistry(t *testing.T) {
	var requests sync.Map
	host := serve(t, func(_ http.ResponseWriter, r *http.Request) bool {
		requests.Store(r.Method+" "+r.URL.Path, true)
		return false
	})
	push(t, host, "charts/web", "1.0.0", "one", `{"name": "web", "version": "1.0.0", "description": "A web server", "kubeVersion": ">=1.30"}`)
	push(t, host, "charts/web", "1.0.0_2", "two", `{"name": "web", "version": "1.0.0+2"}`)
	push(t, host, "charts/web", "latest", "two", `{"name": "web", "version": "1.0.0+2"}`)
	push(t, host, "elsewhere/other", "1.0.0", "three", `{"name": "other", "version": "1.0.0"}`)
	base := "oci://" + host + "/charts"
	charts := helm.New(base, oci.New(http.DefaultClient, nil), false)
	r := catalog.NewRegistry("charts", base, charts)
	listings, err := r.Listings(t.Context())
	if err != nil || len(listings) != 1 || listings[0].Name != "web" {
		t.Errorf("%+v, %v", listings, err)
	}
	versions, err := r.Versions(t.Context(), "web")
	if err != nil || len(versions) != 2 || versions[1].String() != "1.0.0+2" {
		t.Fatalf("%v, %v", versions, err)
	}
	release, err := r.Release(t.Context(), "web", versions[0])
	if err != nil || release.Manifest.ShortDescription != "A web server" || release.Manifest.Helm.RepositoryURL != base {
		t.Errorf("%+v, %v", release, err)
	}
	if sheet, err := r.VersionFacts(t.Context(), "web", versions[0]); err != nil || sheet == nil {
		t.Errorf("%v, %v", sheet, err)
	}
	file, err := charts.Archive(t.Context(), "web", "1.0.0+2")
	if err != nil || string(file.Data) != "two" || file.Name != base+"/web:1.0.0_2" {
		t.Errorf("%+v, %v", file, err)
	}
	if _, err := charts.Archive(t.Context(), "web", "2.0.0"); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
}

// TestUnlisted: a registry that does not say what it has is asked for a chart by its name.
func TestUnlisted(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/_catalog" {
			http.Error(w, "no", http.StatusForbidden)
			return true
		}
		return false
	})
	push(t, host, "charts/web", "1.0.0", "one", `{"name": "web", "version": "1.0.0"}`)
	base := "oci://" + host + "/charts"
	r := catalog.NewRegistry("charts", base, helm.New(base, oci.New(http.DefaultClient, nil), false))
	if _, err := r.Listings(t.Context()); !errors.Is(err, catalog.ErrNoList) {
		t.Error(err)
	}
	if versions, err := r.Versions(t.Context(), "web"); err != nil || len(versions) != 1 {
		t.Errorf("%v, %v", versions, err)
	}
	if versions, err := r.Versions(t.Context(), "none"); err != nil || len(versions) != 0 {
		t.Errorf("%v, %v", versions, err)
	}
}

// TestUnchanged: who holds the chart of a manifest does not get it again.
func TestUnchanged(t *testing.T) {
	host := serve(t, nil)
	push(t, host, "web", "1.0.0", "one", `{"name": "web", "version": "1.0.0"}`)
	s := oci.New(http.DefaultClient, nil)
	_, now, err := s.Fetch(t.Context(), "oci://"+host+"/web:1.0.0", catalog.Validator{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Fetch(t.Context(), "oci://"+host+"/web:1.0.0", now); !errors.Is(err, catalog.ErrUnchanged) {
		t.Error(err)
	}
	push(t, host, "web", "1.0.0", "other", `{"name": "web", "version": "1.0.0"}`)
	if data, _, err := s.Fetch(t.Context(), "oci://"+host+"/web:1.0.0", now); err != nil || string(data) != "other" {
		t.Errorf("%q, %v", data, err)
	}
}

// TestCredentials: a name and password go to the registry itself, and neither to where it says that tokens are nor to where it redirects.
func TestCredentials(t *testing.T) {
	const secret = "canary-password"
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header.Get("Authorization")+r.URL.RawQuery)
		io.WriteString(w, `{"token": "anonymous"}`) //nolint:errcheck // the test looks at what came
	}))
	t.Cleanup(other.Close)
	own := 0
	host := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		switch {
		case strings.HasPrefix(r.URL.Path, "/v2/away/"):
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+other.URL+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		case strings.HasPrefix(r.URL.Path, "/v2/moved/"):
			if user == "" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			http.Redirect(w, r, other.URL+"/blob", http.StatusTemporaryRedirect)
			return true
		case user == "ada" && password == secret:
			own++
		case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v2/web/tags"):
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	})
	push(t, host, "web", "1.0.0", "one", `{"name": "web", "version": "1.0.0"}`)
	asked := map[string]bool{}
	s := oci.New(http.DefaultClient, func(host string) oci.Credential {
		asked[host] = true
		return oci.Credential{Username: "ada", Password: secret}
	})
	if _, err := s.Read(t.Context(), "oci://"+host+"/web?tags"); err != nil || own == 0 {
		t.Errorf("%v, %d", err, own)
	}
	for _, repository := range []string{"away", "moved"} {
		_, err := s.Read(t.Context(), "oci://"+host+"/"+repository+"?tags")
		if refused := err != nil; refused != (repository == "away") || refused && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", repository, err)
		}
	}
	if len(elsewhere) == 0 || len(asked) != 1 || !asked[host] {
		t.Errorf("elsewhere %q, asked for %v", elsewhere, asked)
	}
	for _, sent := range elsewhere {
		if strings.Contains(sent, "Basic") || strings.Contains(sent, secret) || strings.Contains(sent, "ada") {
			t.Errorf("sent elsewhere: %q", sent)
		}
	}
}

func TestDockerConfig(t *testing.T) {
	credential := oci.Credentials([]byte(`{"auths": {"registry.example.org:5000": {"auth": "YWRhOnNlY3JldA=="}, "ghcr.io": {"identitytoken": "t"},
		"https://docker.example.org/v1/": {"auth": "YWRhOng="}, "bad.example.org": {"auth": "%%"}}, "credsStore": "desktop"}`))
	for host, want := range map[string]oci.Credential{
		"registry.example.org:5000": {Username: "ada", Password: "secret"},
		"docker.example.org":        {Username: "ada", Password: "x"},
		"registry.example.org":      {}, "registry.example.org:443": {}, "bad.example.org": {}, "none.example.org": {},
	} {
		if got := credential(host); got != want {
			t.Errorf("%s: %+v", host, got)
		}
	}
	if got := oci.Credentials([]byte("no JSON"))("ghcr.io"); got != (oci.Credential{}) {
		t.Errorf("%+v", got)
	}
}
