package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"gkops.dev/gkops/resolver/catalog"
)

// The media types of a chart.
const (
	chartLayer  = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	chartConfig = "application/vnd.cncf.helm.config.v1+json"
)

// The bounds of an answer.
const (
	maxManifest = 4 << 20
	maxNames    = 100_000 // tags of a repository, repositories of a registry
	timeout     = 3 * time.Minute
)

// Credential is a user's name and password, or a token, for one host and port.
type Credential struct{ Username, Password, Token string }

// Source reads addresses of charts:
//
//	oci://HOST/REPOSITORY:TAG         the archive of a chart
//	oci://HOST/REPOSITORY:TAG?config  its Chart.yaml as JSON
//	oci://HOST/REPOSITORY?tags        the tags, one a line
//	oci://HOST/PREFIX?catalog         all repositories of the registry, one a line
//
// A registry on this machine (localhost, 127.0.0.1, [::1]) is asked over http, every other one over https.
type Source struct {
	client     *http.Client
	credential func(host string) Credential // "registry.example:5000"; empty for none
	cache      auth.Cache
}

// New is a source over the transport of a client. credential may be nil.
func New(client *http.Client, credential func(host string) Credential) *Source {
	if credential == nil {
		credential = func(string) Credential { return Credential{} }
	}
	return &Source{client: client, credential: credential, cache: auth.NewCache()}
}

// address is an address taken apart.
type address struct {
	host, repository, tag, what string
}

func parse(text string) (address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "oci" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return address{}, fmt.Errorf("%s is not the address of an OCI registry", catalog.Redact(text))
	}
	a := address{host: u.Host, repository: strings.Trim(u.Path, "/"), what: u.RawQuery}
	if last := strings.LastIndex(a.repository, ":"); last > strings.LastIndex(a.repository, "/") {
		a.repository, a.tag = a.repository[:last], a.repository[last+1:]
	}
	return a, nil
}

// Read reads an address, see Fetch.
func (s *Source) Read(ctx context.Context, text string) ([]byte, error) {
	data, _, err := s.Fetch(ctx, text, catalog.Validator{})
	return data, err
}

// Fetch reads an address, unless the caller's copy, which have describes, is still good: then the error is catalog.ErrUnchanged. The error
// is catalog.ErrNotFound for what is certainly not there, catalog.ErrUnreachable when the registry could not be asked, else an
// *Error.
func (s *Source) Fetch(ctx context.Context, text string, have catalog.Validator) ([]byte, catalog.Validator, error) {
	a, err := parse(text)
	if err != nil {
		return nil, catalog.Validator{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var data []byte
	var now catalog.Validator
	switch {
	case a.what == "catalog":
		data, err = s.names(ctx, a)
	case a.what == "tags":
		data, err = s.tags(ctx, a)
	case a.tag != "" && (a.what == "" || a.what == "config"):
		data, now, err = s.chart(ctx, a, have)
	default:
		err = errors.New("the address names no chart")
	}
	if err != nil {
		return nil, catalog.Validator{}, wrap(text, err)
	}
	return data, now, nil
}

// bound sends nothing secret to any other host and port than the registry's: not to where it redirects, and not to where it says that
// tokens are.
type bound struct {
	host string
	next http.RoundTripper
}

func (b bound) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host != b.host && request.Header.Get("Authorization") != "" {
		request = request.Clone(request.Context())
		request.Header.Del("Authorization")
	}
	return b.next.RoundTrip(request)
}

// authorized is the client for a host.
func (s *Source) authorized(host string) *auth.Client {
	next := s.client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client := &auth.Client{Client: &http.Client{Transport: bound{host, next}, Timeout: timeout}, Cache: s.cache}
	client.SetUserAgent("gkops")
	client.Credential = func(_ context.Context, hostport string) (auth.Credential, error) {
		if hostport != host {
			return auth.EmptyCredential, nil
		}
		c := s.credential(host)
		return auth.Credential{Username: c.Username, Password: c.Password, AccessToken: c.Token}, nil
	}
	return client
}

// plain reports whether a host is this machine.
func plain(host string) bool {
	name := host
	if bare, _, err := net.SplitHostPort(host); err == nil {
		name = bare
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *Source) repository(a address) (*remote.Repository, error) {
	r, err := remote.NewRepository(a.host + "/" + a.repository)
	if err != nil {
		return nil, err
	}
	r.Client, r.PlainHTTP, r.MaxMetadataBytes = s.authorized(a.host), plain(a.host), maxManifest
	return r, nil
}

func (s *Source) names(ctx context.Context, a address) ([]byte, error) {
	r, err := remote.NewRegistry(a.host)
	if err != nil {
		return nil, err
	}
	r.Client, r.PlainHTTP, r.MaxMetadataBytes = s.authorized(a.host), plain(a.host), maxManifest
	var l lines
	err = r.Repositories(ctx, "", l.add)
	return l.bytes(), err
}

func (s *Source) tags(ctx context.Context, a address) ([]byte, error) {
	r, err := s.repository(a)
	if err != nil {
		return nil, err
	}
	var l lines
	err = r.Tags(ctx, "", l.add)
	return l.bytes(), err
}

// lines are names, one a line.
type lines struct {
	text  strings.Builder
	count int
}

func (l *lines) add(names []string) error {
	if l.count += len(names); l.count > maxNames {
		return fmt.Errorf("the registry lists more than %d names", maxNames)
	}
	for _, name := range names {
		l.text.WriteString(name + "\n")
	}
	return nil
}

func (l *lines) bytes() []byte { return []byte(l.text.String()) }

// chart reads the archive or the description of a chart. Its validator is the digest of the manifest.
func (s *Source) chart(ctx context.Context, a address, have catalog.Validator) ([]byte, catalog.Validator, error) {
	none := catalog.Validator{}
	r, err := s.repository(a)
	if err != nil {
		return nil, none, err
	}
	at, err := r.Resolve(ctx, a.tag)
	if err != nil {
		return nil, none, err
	}
	now := catalog.Validator{ETag: at.Digest.String()}
	if have.ETag == now.ETag {
		return nil, none, catalog.ErrUnchanged
	}
	if at.Size > maxManifest {
		return nil, none, fmt.Errorf("the manifest has more than %d bytes", maxManifest)
	}
	data, err := content.FetchAll(ctx, r, at)
	if err != nil {
		return nil, none, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, none, fmt.Errorf("the manifest is no JSON: %w", err)
	}
	blob, err := blobOf(manifest, a.what)
	if err != nil {
		return nil, none, err
	}
	from, err := r.Fetch(ctx, blob)
	if err != nil {
		return nil, none, err
	}
	defer from.Close()
	data, err = content.ReadAll(from, blob)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the answer is truncated: %w", err)
	}
	return data, now, err
}

// blobOf is what an address asks for of a chart.
func blobOf(manifest ocispec.Manifest, what string) (ocispec.Descriptor, error) {
	if manifest.Config.MediaType != chartConfig {
		return ocispec.Descriptor{}, fmt.Errorf("it is no chart: its config has the type %.100q", manifest.Config.MediaType)
	}
	wanted := manifest.Config
	if what == "" {
		found := false
		for _, layer := range manifest.Layers {
			if layer.MediaType == chartLayer {
				wanted, found = layer, true
			}
		}
		if !found {
			return ocispec.Descriptor{}, errors.New("it is no chart: no layer holds an archive")
		}
	}
	if wanted.Size > catalog.MaxFileSize || wanted.Size < 0 {
		return ocispec.Descriptor{}, fmt.Errorf("it has more than %d MiB", catalog.MaxFileSize>>20)
	}
	return wanted, nil
}
