package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"gkops.dev/gkops/gitops"
)

// web speaks to an http server. What it offered for reading is kept, so that Fetch after Refs asks once.
type web struct {
	at      address
	options Options
	asking  *http.Client // for what may be redirected
	sending *http.Client // for what may not
	reading *offer
}

// offer is what a server offers, and where.
type offer struct {
	base string
	said *packp.AdvRefs
}

func newWeb(at address, o Options) *web {
	asking, sending := *o.HTTP, *o.HTTP
	asking.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("redirected too often")
		}
		if first := via[0].URL; request.URL.Scheme != first.Scheme || request.URL.Host != first.Host {
			return fmt.Errorf("the repository has moved to another server, %s: name that one", request.URL.Host)
		}
		return nil
	}
	sending.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &web{at: at, options: o, asking: &asking, sending: &sending}
}

func (w *web) refs(ctx context.Context) (gitops.Refs, error) {
	found, err := w.offers(ctx, uploadPack)
	if err != nil {
		return gitops.Refs{}, err
	}
	w.reading = found
	return refsOf(found.said), nil
}

// offers asks what there is for a program.
func (w *web) offers(ctx context.Context, program string) (*offer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.at.String()+tail+"?service="+program, nil)
	if err != nil {
		return nil, err
	}
	answer, err := w.do(w.asking, request)
	if err != nil {
		return nil, err
	}
	found, err := w.offered(answer, program)
	return found, answer.end(err)
}

const tail = "/info/refs"

// offered reads what a server offers.
func (w *web) offered(answer *reply, program string) (*offer, error) {
	want := "application/x-" + program + "-advertisement"
	if kind := answer.Header.Get("Content-Type"); kind != want {
		return nil, &StatusError{Remote: w.at.String(), Status: answer.StatusCode, Reason: "it is no Git server: it sent " + serverWords(kind) + ", not " + want}
	}
	said, err := readRefs(answer.Body)
	if err != nil {
		return nil, err
	}
	final := *answer.Request.URL
	if !strings.HasSuffix(final.Path, tail) {
		return nil, &StatusError{Remote: w.at.String(), Status: answer.StatusCode, Reason: "redirected to what is no repository"}
	}
	final.Path, final.RawPath, final.RawQuery = strings.TrimSuffix(final.Path, tail), "", ""
	return &offer{base: final.String(), said: said}, nil
}

func (w *web) fetch(ctx context.Context, store *gitops.Store, ids []string, depth int) error {
	if w.reading == nil {
		if _, err := w.refs(ctx); err != nil {
			return err
		}
	}
	request, err := fetchRequest(w.reading.said.Capabilities, store, ids, depth)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := writeFetch(&body, request, false); err != nil {
		return err
	}
	answer, err := w.post(ctx, w.reading.base, uploadPack, body.Bytes())
	if err != nil {
		return err
	}
	return answer.end(receiveCommits(answer.Body, request, store))
}

func (w *web) push(ctx context.Context, store *gitops.Store, branch, old, id string) error {
	found, err := w.offers(ctx, receivePack)
	if err != nil {
		return err
	}
	u := update{branch: branch, old: old, id: id}
	if done, err := u.check(found.said); done || err != nil {
		return err
	}
	request, size, err := u.request(found.said, store)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := request.Encode(&body); err != nil {
		return err
	}
	answer, err := w.post(ctx, found.base, receivePack, body.Bytes())
	if err != nil {
		var refused *StatusError
		if errors.As(err, &refused) && refused.Status == http.StatusRequestEntityTooLarge {
			return &SizeError{Remote: w.at.String(), Bytes: size, Reason: refused.Reason}
		}
		return err
	}
	return answer.end(u.verdict(answer.Body, request.Capabilities, w.at.String(), size))
}

func (w *web) post(ctx context.Context, base, program string, body []byte) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/"+program, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-"+program+"-request")
	request.Header.Set("Accept", "application/x-"+program+"-result")
	return w.do(w.sending, request)
}

// reply is an answer that is a success. It has to be ended.
type reply struct {
	*http.Response
	ctx     context.Context
	watcher *watcher
}

// end ends the conversation. It returns the error, or why there was one.
func (r *reply) end(err error) error {
	r.Body.Close()
	if err != nil {
		err = r.watcher.reason(r.ctx, err)
	}
	r.watcher.stop()
	return err
}

// do sends a request with the credentials.
func (w *web) do(client *http.Client, request *http.Request) (*reply, error) {
	ctx, watched := watch(request.Context(), w.at.String(), w.options.Slow)
	request = request.WithContext(ctx)
	if request.Body != nil {
		request.Body = watched.body(request.Body)
	}
	request.Header.Set("User-Agent", "git/gkops")
	if err := w.login(request); err != nil {
		watched.stop()
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		err = watched.reason(ctx, withoutURL(err))
		watched.stop()
		return nil, err
	}
	answered := &reply{Response: answer, ctx: ctx, watcher: watched}
	if answer.StatusCode != http.StatusOK {
		return nil, answered.end(w.refusal(answer))
	}
	answer.Body = watched.body(answer.Body)
	return answered, nil
}

func (w *web) login(request *http.Request) error {
	if w.options.Login == nil {
		return nil
	}
	user, password, err := w.options.Login(request.Context())
	if err != nil {
		return err
	}
	if password != "" {
		request.SetBasicAuth(user, password)
	}
	return nil
}

// refusal says what a server meant.
func (w *web) refusal(answer *http.Response) error {
	head, err := io.ReadAll(io.LimitReader(answer.Body, 2000))
	if err != nil {
		head = nil
	}
	reason := ""
	if !strings.Contains(answer.Header.Get("Content-Type"), "html") {
		reason = serverWords(string(head))
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &AuthError{Remote: w.at.String(), Status: answer.StatusCode, Reason: reason}
	case http.StatusNotFound:
		return &NotFoundError{Remote: w.at.String(), Reason: reason}
	}
	return &StatusError{Remote: w.at.String(), Status: answer.StatusCode, Reason: reason}
}

// withoutURL is the reason of an http error: the URL is named by who asks.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
