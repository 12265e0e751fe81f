package web

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
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

// UnreachableError says that a server could not be asked: errors.Is(err, catalog.ErrUnreachable).
type UnreachableError struct {
	URL    string
	Tries  int
	Status int // of the last answer, 0 when there was none
	Err    error

	retryAfter time.Duration
}

// Error says what the server said last, and how often it was asked.
func (e *UnreachableError) Error() string {
	what := fmt.Sprintf("%s cannot be reached", catalog.Redact(e.URL))
	if e.Status != 0 {
		what = fmt.Sprintf("%s: the server says %d %s", catalog.Redact(e.URL), e.Status, http.StatusText(e.Status))
	}
	if e.Tries > 1 {
		what += fmt.Sprintf(" in %d tries", e.Tries)
	}
	if e.Err != nil {
		what += ": " + e.Err.Error()
	}
	return what
}

// Unwrap is the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Is makes the error a catalog.ErrUnreachable.
func (e *UnreachableError) Is(target error) bool { return target == catalog.ErrUnreachable }

// Hint says what to do about it.
func (e *UnreachableError) Hint() string {
	if e.retryAfter > 0 {
		return fmt.Sprintf("the server asks to wait %s", e.retryAfter)
	}
	return "try again, or set GKOPS_MIRROR to a folder or URL that holds a copy"
}

// StatusError is an answer that is neither the file nor a reason to ask again.
type StatusError struct {
	URL    string
	Status int
}

// Error is the address and the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: the server says %d %s", catalog.Redact(e.URL), e.Status, http.StatusText(e.Status))
}

// Is makes an answer 403 a catalog.ErrRefused.
func (e *StatusError) Is(target error) bool {
	return target == catalog.ErrRefused && e.Status == http.StatusForbidden
}

// Hint says where a password comes from, when the server asks for one.
func (e *StatusError) Hint() string {
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || e.Status != http.StatusUnauthorized:
		return ""
	case !mayHavePassword(u):
		return "no password is sent over http: use the address with https"
	}
	return fmt.Sprintf("give name and password in .netrc (the file that NETRC names, else the one in HOME): machine %s login NAME password PASSWORD", netrcMachine(u))
}

// RedirectError is a redirect that is not followed.
type RedirectError struct{ URL, Reason string }

// Error is the address and the reason.
func (e *RedirectError) Error() string { return catalog.Redact(e.URL) + " " + e.Reason }

// BodyError is an answer with status 200 whose body is not the file.
type BodyError struct {
	URL         string
	ContentType string
	Size        int    // bytes that came
	Start       string // the first of them, escaped
	Reason      string
	Err         error // may be nil
}

// Error is the address, the reason and how the body begins.
func (e *BodyError) Error() string {
	return fmt.Sprintf("%s: %s (type %.80q, %d bytes, starts with %s)", catalog.Redact(e.URL), e.Reason, e.ContentType, e.Size, e.Start)
}

// Unwrap is the cause.
func (e *BodyError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *BodyError) Hint() string {
	return "open the address in a browser: a proxy or a login page may stand in front of the registry"
}

var errTooLarge = fmt.Errorf("the file has more than %d MiB", catalog.MaxFileSize>>20)

// start is the first bytes of a body, escaped so that they do nothing to a terminal.
func start(data []byte) string {
	const most = 60
	return strconv.QuoteToASCII(string(data[:min(most, len(data))]))
}

// looksLikePage says why a body is a web page: no YAML document and no JSON begins like one. It is empty for anything else.
func looksLikePage(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ToLower(bytes.TrimLeft(data[:min(len(data), 512)], " \t\r\n"))
	for _, prefix := range []string{"<!", "<html", "<head", "<body", "<?xml"} {
		if bytes.HasPrefix(data, []byte(prefix)) {
			return "a web page came instead of the file"
		}
	}
	return ""
}

// networkError is what kept a request from an answer. An error of net/http names the URL with its query, so it is unwrapped.
func networkError(ctx context.Context, u *url.URL, err error) error {
	var redirect *RedirectError
	if errors.As(err, &redirect) {
		return &RedirectError{URL: u.String(), Reason: redirect.Reason}
	}
	return &UnreachableError{URL: u.String(), Tries: 1, Err: cause(ctx, err)}
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

func statusError(u *url.URL, response *http.Response, have catalog.Validator) error {
	switch status := response.StatusCode; {
	case status == http.StatusNotFound || status == http.StatusGone:
		return fmt.Errorf("%s: %w", catalog.Redact(u.String()), catalog.ErrNotFound)
	case status == http.StatusNotModified && have != catalog.Validator{}:
		return catalog.ErrUnchanged
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return &UnreachableError{URL: u.String(), Tries: 1, Status: status, retryAfter: retryAfter(response.Header)}
	default:
		return &StatusError{URL: u.String(), Status: status}
	}
}

// bodyError is what went wrong while the body came.
func bodyError(ctx context.Context, u *url.URL, response *http.Response, data []byte, err error) error {
	reason := ""
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("%s: %w", catalog.Redact(u.String()), err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		reason = "the body is damaged: " + err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		reason = "the body is truncated"
	default:
		return &UnreachableError{URL: u.String(), Tries: 1, Err: cause(ctx, err)}
	}
	return &BodyError{
		URL: u.String(), ContentType: response.Header.Get("Content-Type"), Size: len(data), Start: start(data), Reason: reason, Err: err,
	}
}

// retryable says whether a second try may help, and how long the server asks to wait before it.
func retryable(err error) (time.Duration, bool) {
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		return unreachable.retryAfter, true
	}
	var body *BodyError
	return 0, errors.As(err, &body) && body.Err != nil
}

// final is the error of the last try.
func final(err error, tries int) error {
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		unreachable.Tries = tries
	}
	return err
}
