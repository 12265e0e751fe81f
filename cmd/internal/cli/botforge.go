package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // schedules name zones, and small images have none

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/credential"
	"gkops.dev/gkops/gitops/forge/github"
	"gkops.dev/gkops/gitops/forge/kind"
	"gkops.dev/gkops/gitops/forge/polite"
	"gkops.dev/gkops/gitops/remote"
	"gkops.dev/gkops/gitops/review"
	"gkops.dev/gkops/gitops/signature"
)

// run runs the bot over one server.
func (o *botOptions) run(ctx context.Context, env Env, f *fleet, log *slog.Logger, do func(*bot.Run, context.Context) ([]bot.Result, error)) ([]bot.Result, error) {
	reach := &access{env: env, place: f.place}
	run, done, err := o.runner(reach, f)
	if err != nil {
		return nil, err
	}
	defer done()
	run.Log, run.Identity = log.With("forge", run.Forge.Name()), identity(env)
	run.World.Warn = func(text string) { log.Warn(text) }
	run.World.Progress = func(string, int, int) {}
	results, err := do(run, ctx)
	if err != nil {
		return nil, errors.New(reach.redact(err.Error()))
	}
	return results, nil
}

// runner is the bot for one server, and what cleans up after it.
func (o *botOptions) runner(reach *access, f *fleet) (run *bot.Run, done func(), err error) {
	client, err := reach.forge(f)
	if err != nil {
		return nil, nil, err
	}
	sign, err := signer(reach.env)
	if err != nil {
		return nil, nil, err
	}
	cache, done, err := o.clones(reach.env)
	if err != nil {
		return nil, nil, err
	}
	return &bot.Run{
		Forge: client, Kind: review.Forge(f.place.Kind), World: world(reach.env), DryRun: o.dryRun, Sign: sign, Redact: reach.redact,
		Repositories: f.paths, Owner: f.owner, Topic: o.topic, Shard: o.shard.Shard, Workers: o.workers,
		Memory: memory{folder: cache, server: f.place.Origin().String()},
		Clone: func(path, address string) (bot.Clone, error) {
			if ssh := f.ssh[path]; ssh != "" {
				address = ssh
			}
			options, err := reach.remote(address)
			if err != nil {
				return nil, err
			}
			return remote.Open(address, filepath.Join(cache, folderOf(address)), options)
		},
	}, done, nil
}

// clones is the folder of the bare clones, and what cleans up after a run that has none to keep.
func (o *botOptions) clones(env Env) (folder string, done func(), err error) {
	for _, place := range []string{o.cache, join(env.Getenv("XDG_CACHE_HOME"), "gkops/clones"), join(env.Getenv("HOME"), ".cache/gkops/clones")} {
		if place != "" {
			folder, err := filepath.Abs(place)
			return folder, func() {}, err
		}
	}
	folder, err = os.MkdirTemp("", "gkops-clones-")
	return folder, func() { _ = os.RemoveAll(folder) }, err // what is left is in a folder for such things
}

func join(base, below string) string {
	if !filepath.IsAbs(base) {
		return ""
	}
	return filepath.Join(base, filepath.FromSlash(below))
}

// folderOf is the folder of a clone: readable, and another one for every address.
func folderOf(address string) string {
	sum := sha256.Sum256([]byte(address))
	name := strings.TrimSuffix(address[strings.LastIndexAny(address, "/:")+1:], ".git")
	return name + "-" + hex.EncodeToString(sum[:6])
}

// identity is who the commits of the bot are by: as Git's variables say.
func identity(env Env) bot.Identity {
	who := bot.Identity{Name: env.Getenv("GIT_COMMITTER_NAME"), Email: env.Getenv("GIT_COMMITTER_EMAIL")}
	if who.Name == "" {
		who.Name = "gkops"
	}
	if who.Email == "" {
		who.Email = "bot@gkops.dev"
	}
	return who
}

// access finds what a server is reached with.
type access struct {
	env   Env
	place kind.Place
	app   *github.App

	mu     sync.Mutex
	tokens []string // that were handed out
}

// note keeps a token, so that it can be taken out of what servers say.
func (a *access) note(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if token != "" && !slices.Contains(a.tokens, token) {
		a.tokens = append(a.tokens, token)
	}
}

// redact takes the tokens out of a text, in the forms in which they travel.
func (a *access) redact(text string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, token := range a.tokens {
		for _, form := range []string{token, url.QueryEscape(token), base64.StdEncoding.EncodeToString([]byte(token))} {
			text = strings.ReplaceAll(text, form, "(a token)")
		}
	}
	return text
}

// forge is the client of the server: by a GitHub App when GKOPS_GITHUB_APP_ID names one, else by a token.
func (a *access) forge(f *fleet) (bot.Forge, error) {
	options := polite.Options{Base: a.env.HTTP.Transport, Now: a.env.Now, Sleep: sleep}
	if options.Base == nil {
		options.Base = http.DefaultTransport
	}
	if id := a.env.Getenv("GKOPS_GITHUB_APP_ID"); id != "" && f.place.Kind == kind.GitHub {
		key, err := keyFile(a.env, "GKOPS_GITHUB_APP_KEY")
		if err != nil {
			return nil, err
		}
		if a.app, err = github.NewApp(f.place.API, id, key, f.account, options); err != nil {
			return nil, err
		}
		return bot.OpenForge(f.place, a.appToken, a.app, options)
	}
	return bot.OpenForge(f.place, a.login(a.place.Origin()), nil, options)
}

// appToken is a token of the GitHub App.
func (a *access) appToken(ctx context.Context) (user, token string, err error) {
	user, token, err = a.app.Token(ctx)
	a.note(token)
	return user, token, err
}

// login finds the token for a server, and for no other.
func (a *access) login(origin *url.URL) polite.Login {
	from := credential.World{Getenv: a.env.Getenv, ReadFile: os.ReadFile}
	return func(context.Context) (user, token string, err error) {
		secret, _, err := from.For(origin)
		a.note(secret.Token)
		return secret.User, secret.Token, err
	}
}

// remote is how the Git of a repository is reached. Its credentials are those for the address itself.
func (a *access) remote(address string) (remote.Options, error) {
	o := remote.Options{HTTP: a.env.HTTP}
	origin, err := url.Parse(address)
	if err != nil || origin.Scheme != "https" && origin.Scheme != "http" {
		o.SSH, err = a.shell()
		return o, err
	}
	o.Login = func(ctx context.Context) (user, password string, err error) {
		if a.app != nil && origin.Host == a.place.Origin().Host {
			return a.appToken(ctx)
		}
		user, token, err := a.login(origin)(ctx)
		user, token = a.place.Kind.GitLogin(user, token)
		return user, token, err
	}
	return o, nil
}

// shell is how ssh servers are reached: by the key in the file that GKOPS_SSH_KEY names, or by the agent, and the known hosts of the user,
// or those in the file that GKOPS_SSH_KNOWN_HOSTS names.
func (a *access) shell() (remote.SSH, error) {
	s := remote.SSH{Passphrase: []byte(a.env.Getenv("GKOPS_SSH_PASSPHRASE"))}
	if file := a.env.Getenv("GKOPS_SSH_KNOWN_HOSTS"); file != "" {
		s.KnownHosts = []string{file}
	} else if home := a.env.Getenv("HOME"); filepath.IsAbs(home) {
		s.KnownHosts = []string{filepath.Join(home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
	}
	var err error
	if s.Key, err = keyFile(a.env, "GKOPS_SSH_KEY"); err != nil || s.Key != nil {
		return s, err
	}
	if agent := a.env.Getenv("SSH_AUTH_SOCK"); agent != "" {
		s.Agent = func(ctx context.Context) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", agent)
		}
	}
	return s, nil
}

// keyFile reads the file of a private key that a variable names; nil when the variable is empty.
func keyFile(env Env, variable string) ([]byte, error) {
	file := env.Getenv(variable)
	if file == "" {
		return nil, nil
	}
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the key that %s names: %w", variable, err)
	}
	return key, nil
}

// signer signs commits with the key in the file that GKOPS_SIGNING_KEY names; nil when none is given.
func signer(env Env) (signature.Signer, error) {
	key, err := keyFile(env, "GKOPS_SIGNING_KEY")
	if err != nil || key == nil {
		return nil, err
	}
	sign, err := signature.New(key, []byte(env.Getenv("GKOPS_SIGNING_PASSPHRASE")), env.Now)
	if err != nil {
		return nil, fmt.Errorf("GKOPS_SIGNING_KEY: %w", err)
	}
	return sign, nil
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// originOf is the repository of the working directory, and the address of its remote origin. hint says what to do where it has none.
func originOf(env Env, hint string) (*gitops.Repository, string, error) {
	repository, err := gitops.Open(env.Dir)
	if err != nil {
		return nil, "", err
	}
	origin := repository.RemoteURL("origin")
	if origin == "" {
		return nil, "", &argumentError{"origin", errors.New("this repository has no remote of that name"), hint}
	}
	return repository, origin, nil
}

// withoutUser is an address for messages.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "that URL"
	}
	u.User = nil
	return u.String()
}
