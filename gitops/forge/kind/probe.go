package kind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Probe asks a server which forge it is, with no credentials: Gitea and Forgejo tell their version, GitLab and GitHub Enterprise
// Server answer in their own ways even to who is nobody. It returns an *UnknownError when no answer tells, and what went wrong when
// there was none. Redirects are not followed.
func Probe(ctx context.Context, client *http.Client, text string) (Place, error) {
	r, err := split(text)
	if err != nil {
		return Place{}, err
	}
	asking := *client
	asking.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var faults []error
	for _, probe := range []struct {
		kind Kind
		path string
		is   func(answer *http.Response, body map[string]any) bool
	}{
		{Gitea, "/api/v1/version", func(a *http.Response, body map[string]any) bool { return a.StatusCode == 200 && body["version"] != nil }},
		{GitLab, "/api/v4/version", func(a *http.Response, body map[string]any) bool {
			return a.Header.Get("X-Gitlab-Meta") != "" || a.StatusCode == 200 && body["revision"] != nil
		}},
		{GitHub, "/api/v3/meta", func(a *http.Response, body map[string]any) bool {
			return a.Header.Get("X-GitHub-Request-Id") != "" || a.Header.Get("X-GitHub-Enterprise-Version") != "" || body["installed_version"] != nil
		}},
	} {
		place, err := r.place(probe.kind)
		if err != nil {
			continue
		}
		address := *place.API
		if probe.kind == GitHub {
			address.Path = ""
		}
		answer, body, err := ask(ctx, &asking, address.String()+probe.path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if probe.is(answer, body) {
			return place, nil
		}
	}
	const probes = 3
	if len(faults) == probes {
		return Place{}, fmt.Errorf("ask %s which forge it is: %w", r.host, errors.Join(faults[0]))
	}
	return Place{}, &UnknownError{Host: r.host}
}

// ask reads an answer, half a minute at most.
func ask(ctx context.Context, client *http.Client, address string) (*http.Response, map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&body); err != nil {
		body = nil // pages and lists tell nothing
	}
	return answer, body, nil
}
