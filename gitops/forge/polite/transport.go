// Package polite is how forges are asked over http: with credentials that go to one origin only, with tries and waits that are bounded,
// and with answers that are whole.
//
// It knows what servers say about limits and faults. It refuses to know any forge's API. A call that creates or changes something
// is made once, whatever becomes of it: only the caller can find out whether it arrived.
package polite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gkops.dev/gkops/gitops/forge"
)

// Options are what a transport needs to be polite. Origin, Now and Sleep are required.
type Options struct {
	Name   string   // of the forge, for errors
	Origin *url.URL // the scheme, host and port that the credentials are for; requests elsewhere are refused
	Base   http.RoundTripper
	// Authorize puts the credentials into a request to the origin; nil puts none.
	Authorize func(request *http.Request) error
	Now       func() time.Time
	Sleep     func(ctx context.Context, wait time.Duration) error
	Tries     int           // of a read; zero is 4
	Wait      time.Duration // the longest that one call waits in all; zero is a minute
	Timeout   time.Duration // of one try, the answer's body included; zero is a minute
}

// Transport is an http.RoundTripper. Answers of 400 and more are a *StatusError or a *forge.LimitError, so that every SDK's user
// finds them with errors.As. It may be used from several goroutines.
type Transport struct {
	o Options

	mu    sync.Mutex
	until time.Time // before it the forge is not asked
}

// New makes a transport.
func New(o Options) *Transport {
	if o.Tries == 0 {
		o.Tries = 4
	}
	if o.Wait == 0 {
		o.Wait = time.Minute
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Base == nil {
		o.Base = http.DefaultTransport
	}
	return &Transport{o: o}
}

// StatusError is an answer that is a refusal or a fault.
type StatusError struct {
	Method  string
	Status  int
	Message string // in the forge's words, one line
}

// Error says what was answered.
func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("answered %d", e.Status)
	}
	return fmt.Sprintf("answered %d: %s", e.Status, e.Message)
}

// RoundTrip asks, waits and asks again.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != t.o.Origin.Scheme || request.URL.Host != t.o.Origin.Host {
		return nil, fmt.Errorf("%s points to another server, %s, which is not asked", t.o.Name, request.URL.Host)
	}
	waited := time.Duration(0)
	for try := 1; ; try++ {
		if err := t.pause(request.Context(), &waited, t.limitedFor()); err != nil {
			return nil, err
		}
		answer, err := t.once(request)
		if err == nil {
			return answer, nil
		}
		wait, again := t.again(request, err, try)
		if !again {
			return nil, err
		}
		if pauseErr := t.pause(request.Context(), &waited, wait); pauseErr != nil {
			return nil, errors.Join(err, pauseErr)
		}
	}
}

// pause waits, when that is within what one call may wait.
func (t *Transport) pause(ctx context.Context, waited *time.Duration, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	if *waited+wait > t.o.Wait {
		return &forge.LimitError{Forge: t.o.Name, Until: t.o.Now().Add(wait)}
	}
	*waited += wait
	return t.o.Sleep(ctx, wait)
}

// limitedFor is how long the forge asked to be left alone.
func (t *Transport) limitedFor() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.until.IsZero() {
		return 0
	}
	return t.until.Sub(t.o.Now())
}

func (t *Transport) limit(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.until) {
		t.until = until
	}
}

// again says whether a try is repeated, and after which wait. Limits have put their wait into until already.
func (t *Transport) again(request *http.Request, err error, try int) (time.Duration, bool) {
	if request.Method != http.MethodGet && request.Method != http.MethodHead || try >= t.o.Tries || request.Context().Err() != nil {
		return 0, false
	}
	var limited *forge.LimitError
	if errors.As(err, &limited) {
		if limited.Until.IsZero() {
			return time.Second << (try - 1), true
		}
		return 0, true
	}
	var status *StatusError
	if errors.As(err, &status) && status.Status < 500 {
		return 0, false
	}
	return 500 * time.Millisecond << (try - 1), true
}

// maxBody bounds an answer, in bytes.
const maxBody = 64 << 20

// once makes one try and reads the whole answer.
func (t *Transport) once(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(request.Context(), t.o.Timeout, fmt.Errorf("no whole answer within %s", t.o.Timeout))
	defer cancel()
	request = request.Clone(ctx)
	if t.o.Authorize != nil {
		if err := t.o.Authorize(request); err != nil {
			return nil, err
		}
	}
	answer, err := t.o.Base.RoundTrip(request)
	if err != nil {
		return nil, because(ctx, err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	answer.Body.Close()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", because(ctx, err))
	case len(body) > maxBody:
		return nil, fmt.Errorf("the answer has more than %d bytes", maxBody)
	case answer.StatusCode >= 400:
		return nil, t.refusal(request, answer, body)
	}
	if err := isAPI(answer, body); err != nil {
		return nil, err
	}
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return answer, nil
}

// because is why a try ended: the time-out, when there was one.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.DeadlineExceeded) {
		return cause
	}
	return err
}

// isAPI refuses pages: a login page with a 200 is no answer of an API.
func isAPI(answer *http.Response, body []byte) error {
	kind := answer.Header.Get("Content-Type")
	if answer.StatusCode >= 300 || len(body) == 0 || !strings.HasPrefix(kind, "text/html") {
		return nil
	}
	return &StatusError{Method: answer.Request.Method, Status: answer.StatusCode, Message: "it is no API: it sent a page, " + oneLine(string(body[:min(len(body), 60)]))}
}
