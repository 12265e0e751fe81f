// Package web reads files over http and https for a registry.
//
// It knows which answers of a server are a file and which only look like one (a login page, a truncated or damaged body), what
// is worth a second try, and that no credential may follow a redirect. It refuses to know what the files mean, and sends nothing
// about the machine, and nothing about the user but the name and password that they have for the very server.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gkops.dev/gkops/resolver/catalog"
)

// Options bound a Source. The zero value of a field means the default in brackets.
type Options struct {
	Attempts    int           // tries of one file [3]
	Wait        time.Duration // before the second try, doubled for each further one [500ms]
	MaxWait     time.Duration // the longest Retry-After that is waited for [20s]
	Timeout     time.Duration // of one try, with its redirects and its whole body [3m]
	IdleTimeout time.Duration // without a single byte [30s]

	// Credential is what a user has for the scheme, host and port of a URL, empty for nothing; nil for none. It is sent with the first request
	// alone, and never where that redirects to.
	Credential func(u *url.URL) (user, password string)
}

func (o Options) withDefaults() Options {
	set := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	if o.Attempts <= 0 {
		o.Attempts = 3
	}
	set(&o.Wait, 500*time.Millisecond)
	set(&o.MaxWait, 20*time.Second)
	set(&o.Timeout, 3*time.Minute)
	set(&o.IdleTimeout, 30*time.Second)
	return o
}

// maxRedirects is how many redirects of one request are followed.
const maxRedirects = 5

// Source reads http and https URLs, see catalog.Source and Fetch.
type Source struct {
	client  http.Client
	options Options
}

// New is a source over the transport of the client. The client's cookies are not used: they would cross ports and hosts.
func New(client *http.Client, options Options) *Source {
	return &Source{
		client: http.Client{
			Transport:     client.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		options: options.withDefaults(),
	}
}

// Read reads a file, see Fetch.
func (s *Source) Read(ctx context.Context, address string) ([]byte, error) {
	data, _, err := s.Fetch(ctx, address, catalog.Validator{})
	return data, err
}

// Fetch reads a file unless the caller's copy, which have describes, is still good: then the error is catalog.ErrUnchanged.
// It returns what the server says of this version of the file. The error is catalog.ErrNotFound for 404 and 410, it is
// catalog.ErrUnreachable when the server could not be asked in the allowed tries, a *StatusError for any other status and a
// *BodyError for a body that is not the file.
func (s *Source) Fetch(ctx context.Context, address string, have catalog.Validator) ([]byte, catalog.Validator, error) {
	u, err := parse(address)
	if err != nil {
		return nil, catalog.Validator{}, err
	}
	wait := s.options.Wait
	for attempt := 1; ; attempt++ {
		data, now, err := s.try(ctx, u, have)
		if err == nil || ctx.Err() != nil {
			return data, now, err
		}
		pause, again := retryable(err)
		if !again || attempt >= s.options.Attempts || pause > s.options.MaxWait {
			return nil, now, final(err, attempt)
		}
		if err := sleep(ctx, max(pause, wait)); err != nil {
			return nil, now, err
		}
		wait *= 2
	}
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("a malformed URL")
	case u.User != nil:
		return nil, fmt.Errorf("%s: a URL with a user name or password is refused", catalog.Redact(address))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%s is no http or https URL", catalog.Redact(address))
	}
	u.Fragment = ""
	return u, nil
}

// try is one request with its redirects.
func (s *Source) try(ctx context.Context, u *url.URL, have catalog.Validator) ([]byte, catalog.Validator, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, errSlow)
	defer cancel()
	w := newWatchdog(ctx, s.options.IdleTimeout)
	defer w.stop()
	response, err := s.follow(w.ctx, u, have)
	if err != nil {
		return nil, catalog.Validator{}, networkError(w.ctx, u, err)
	}
	defer response.Body.Close()
	w.alive()
	if response.StatusCode != http.StatusOK {
		return nil, catalog.Validator{}, statusError(u, response, have)
	}
	data, err := readBody(response, w)
	if err != nil {
		return nil, catalog.Validator{}, bodyError(w.ctx, u, response, data, err)
	}
	if page := looksLikePage(data); page != "" {
		return nil, catalog.Validator{}, &BodyError{
			URL: u.String(), ContentType: response.Header.Get("Content-Type"), Size: len(data), Start: start(data), Reason: page,
		}
	}
	return data, validator(response.Header), nil
}

// validator is what a server says of a file. A time of change counts in seconds: when it is that of the answer, the file may have changed again
// in the same second, and the time would not tell (RFC 9110, section 8.8.2.2).
func validator(header http.Header) catalog.Validator {
	v := catalog.Validator{ETag: header.Get("ETag"), LastModified: header.Get("Last-Modified")}
	if v.LastModified != "" && v.LastModified == header.Get("Date") {
		v.LastModified = ""
	}
	return v
}

// follow sends the request and follows redirects with new requests that carry nothing of the one before: no header, no cookie,
// no Referer, whose query may hold a token.
func (s *Source) follow(ctx context.Context, u *url.URL, have catalog.Validator) (*http.Response, error) {
	for hops := 0; ; hops++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("User-Agent", "gkops")
		request.Header.Set("Accept", "*/*")
		if have.ETag != "" {
			request.Header.Set("If-None-Match", have.ETag)
		}
		if have.LastModified != "" {
			request.Header.Set("If-Modified-Since", have.LastModified)
		}
		if s.options.Credential != nil && hops == 0 {
			if user, password := s.options.Credential(u); user != "" || password != "" {
				request.SetBasicAuth(user, password)
			}
		}
		response, err := s.client.Do(request)
		if err != nil || !isRedirect(response.StatusCode) {
			return response, err
		}
		response.Body.Close()
		if hops == maxRedirects {
			return nil, &RedirectError{Reason: fmt.Sprintf("redirects more than %d times", maxRedirects)}
		}
		if u, err = redirected(u, response.Header.Get("Location")); err != nil {
			return nil, err
		}
	}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func redirected(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	switch {
	case err != nil || location == "":
		return nil, &RedirectError{Reason: "redirects to a malformed URL"}
	case to.User != nil:
		return nil, &RedirectError{Reason: "redirects to a URL with a user name or password"}
	case to.Scheme != "https" && (to.Scheme != "http" || from.Scheme == "https") || to.Host == "":
		return nil, &RedirectError{Reason: fmt.Sprintf("redirects from %s to %.16q, which is refused", from.Scheme, to.Scheme)}
	}
	to.Fragment = ""
	return to, nil
}

// readBody reads the whole body. What was read comes also with an error.
func readBody(response *http.Response, w *watchdog) ([]byte, error) {
	if response.ContentLength > catalog.MaxFileSize {
		return nil, errTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(watched{response.Body, w}, catalog.MaxFileSize+1))
	if err == nil && len(data) > catalog.MaxFileSize {
		return nil, errTooLarge
	}
	return data, err
}

// retryAfter is how long a server asks to wait: seconds, or a date compared with the server's own clock. 0 when it does not say.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(24*time.Hour/time.Second))) * time.Second
	}
	then, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(then.Sub(now), 0)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
