package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gkops.dev/gkops/gitops"
)

// Options are the world that a remote is reached through.
type Options struct {
	// HTTP reaches https servers. Redirects are followed only to the same scheme, host and port, and only where Git asks which branches
	// there are.
	HTTP *http.Client
	// Login is the user and the password, or token, for an https server. Nil, or an empty password, sends none. It is asked for every
	// conversation, so it may hand out tokens that end.
	Login func(ctx context.Context) (user, password string, err error)
	SSH   SSH
	// Limit bounds one conversation, Slow is how long a server may send less than a kilobyte a second. Zero is five minutes and one.
	Limit, Slow time.Duration
}

// SSH is how ssh servers are reached. A host that is in no known_hosts file is refused.
type SSH struct {
	KnownHosts []string // files in OpenSSH's format; those that are not there are left out
	Key        []byte   // a private key in PEM, as ssh-keygen writes it
	Passphrase []byte
	Agent      func(ctx context.Context) (net.Conn, error) // nil: none
}

// Remote is a repository on a server, and the store that its commits are brought to. It is for one goroutine at a time.
type Remote struct {
	name  string // without credentials, for messages
	store *gitops.Store
	side  side
	limit time.Duration
}

// side is the other side, by one protocol.
type side interface {
	refs(ctx context.Context) (gitops.Refs, error)
	// fetch brings commits into the store.
	fetch(ctx context.Context, store *gitops.Store, ids []string, depth int) error
	// push moves a branch from old to id, empty ids for none, if it is still at old.
	push(ctx context.Context, store *gitops.Store, branch, old, id string) error
}

// Open names a repository by its URL (https, http, ssh, file, "user@host:path", or a folder), with a folder for the store, which is
// made or used again. Nothing is asked of the server yet. Credentials in the URL are an error: they would end up in messages.
func Open(url, cache string, o Options) (*Remote, error) {
	at, err := parse(url)
	if err != nil {
		return nil, err
	}
	if o.Limit == 0 {
		o.Limit = 5 * time.Minute
	}
	if o.Slow == 0 {
		o.Slow = time.Minute
	}
	r := &Remote{name: at.String(), limit: o.Limit}
	switch at.scheme {
	case "https", "http":
		if o.HTTP == nil {
			return nil, fmt.Errorf("open %s: no http client", r.name)
		}
		r.side = newWeb(at, o)
	case "ssh":
		r.side = &shell{at: at, options: o}
	default:
		r.side = &folder{dir: at.path, name: r.name}
	}
	if r.store, err = openCache(cache); err != nil {
		return nil, fmt.Errorf("open the cache of %s: %w", r.name, err)
	}
	return r, nil
}

// maxPacks is how many fetches a cache takes before it is begun anew: every one leaves a pack.
const maxPacks = 60

func openCache(dir string) (*gitops.Store, error) {
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	if err != nil {
		return nil, err
	}
	if len(packs) > maxPacks {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	return gitops.OpenStore(dir)
}

// Name is the URL without credentials, for messages.
func (r *Remote) Name() string { return r.name }

// Store is the bare repository that commits are brought to, and made in.
func (r *Remote) Store() *gitops.Store { return r.store }

// Refs asks which branches and tags there are, and which is the default: one call. An empty repository has none. It returns an
// *AuthError, a *NotFoundError, a *TimeoutError or a *StatusError.
func (r *Remote) Refs(ctx context.Context) (gitops.Refs, error) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	refs, err := r.side.refs(ctx)
	if err != nil {
		return refs, fmt.Errorf("list the branches of %s: %w", r.name, r.cause(ctx, err))
	}
	return refs, nil
}

// Fetch brings commits that Refs told into the store, with their trees and files, and as many ancestors as depth says, the commits
// themselves counted; 0 and 1 are the commits alone. What is there is not asked for. Errors are those of Refs.
func (r *Remote) Fetch(ctx context.Context, depth int, ids ...string) error {
	var missing []string
	for _, id := range ids {
		there, err := r.holds(id, max(depth, 1))
		if err != nil {
			return err
		}
		if !there {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	release, err := r.store.Lock(ctx)
	if err != nil {
		return fmt.Errorf("fetch from %s: %w", r.name, err)
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	if err := errors.Join(r.side.fetch(ctx, r.store, missing, max(depth, 1)), release()); err != nil {
		return fmt.Errorf("fetch from %s: %w", r.name, r.cause(ctx, err))
	}
	return nil
}

// holds reports whether the store has a commit and its nearest ancestors.
func (r *Remote) holds(id string, depth int) (bool, error) {
	level := []string{id}
	for ; depth > 0 && len(level) > 0; depth-- {
		var next []string
		for _, id := range level {
			if !r.store.Has(id) {
				return false, nil
			}
			commit, err := r.store.CommitOf(id)
			if err != nil {
				return false, err
			}
			next = append(next, commit.Parents...)
		}
		level = next
	}
	return true, nil
}

// Push moves a branch to a commit of the store, if it is still at old; with an empty old it must not be there yet. A branch that is
// at the commit already is a success, also after an answer that was lost. It returns a *LeaseError, a *ProtectedError, a *SizeError,
// or one of the errors of Refs.
func (r *Remote) Push(ctx context.Context, branch, id, old string) error {
	if !r.store.Has(id) {
		return fmt.Errorf("push to %s: %w", r.name, &gitops.RevisionError{Revision: id, Reason: "it is not in the store"})
	}
	return r.move(ctx, branch, old, id)
}

// Delete deletes a branch, if it is still at old. A branch that is gone already is a success. Errors are those of Push.
func (r *Remote) Delete(ctx context.Context, branch, old string) error {
	return r.move(ctx, branch, old, "")
}

func (r *Remote) move(ctx context.Context, branch, old, id string) error {
	bounded, cancel := r.bounded(ctx)
	defer cancel()
	err := r.side.push(bounded, r.store, branch, old, id)
	if err == nil {
		return nil
	}
	err = r.cause(bounded, err)
	var lease *LeaseError
	var login *AuthError
	if errors.As(err, &lease) || errors.As(err, &login) || ctx.Err() != nil {
		return fmt.Errorf("push to %s: %w", r.name, err)
	}
	return r.settle(ctx, branch, old, id, err)
}

// settle looks what became of a push that failed.
func (r *Remote) settle(ctx context.Context, branch, old, id string, failed error) error {
	refs, err := r.Refs(ctx)
	if err != nil {
		return fmt.Errorf("push to %s: %w", r.name, failed)
	}
	switch now := refs.ByName["refs/heads/"+branch]; {
	case now == id:
		return nil
	case now != old:
		return fmt.Errorf("push to %s: %w", r.name, &LeaseError{Branch: branch, Want: old, Now: now})
	}
	return fmt.Errorf("push to %s: %w", r.name, failed)
}

func (r *Remote) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, r.limit, &TimeoutError{Remote: r.name, After: r.limit})
}

// cause is why a conversation was given up, when that is ours to say.
func (r *Remote) cause(ctx context.Context, err error) error {
	var slow *TimeoutError
	if errors.As(context.Cause(ctx), &slow) {
		return slow
	}
	return err
}
