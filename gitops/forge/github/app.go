package github

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	sdk "github.com/google/go-github/v88/github"

	"gkops.dev/gkops/gitops/forge/polite"
)

// App is a GitHub App that is installed for one owner. Its tokens end after an hour and are made anew. It may be used from several
// goroutines.
type App struct {
	id, owner string
	key       *rsa.PrivateKey
	api       *sdk.Client
	now       func() time.Time

	mu    sync.Mutex
	token string
	ends  time.Time
	login string
}

// NewApp takes the id of an app, its private key in PEM, and the owner of the repositories: the organisation or user that it is
// installed for. base and the options are those of New.
func NewApp(base *url.URL, id string, key []byte, owner string, o polite.Options) (*App, error) {
	parsed, err := jwt.ParseRSAPrivateKeyFromPEM(key)
	if err != nil {
		return nil, fmt.Errorf("read the private key of GitHub App %s: it is no RSA key in PEM", id)
	}
	a := &App{id: id, owner: owner, key: parsed, now: o.Now}
	o.Name, o.Origin = "github "+strings.TrimPrefix(base.Host, "api."), base
	o.Authorize = a.sign
	address := strings.TrimRight(base.String(), "/") + "/"
	a.api, err = sdk.NewClient(sdk.WithTransport(polite.New(o)), sdk.WithURLs(&address, &address), sdk.WithDisableRateLimitCheck(), sdk.WithUserAgent("gkops"))
	return a, err
}

// sign puts the app's own name into a request. The time is a minute back, as GitHub advises against clocks that differ.
func (a *App) sign(request *http.Request) error {
	now := a.now()
	claims := jwt.RegisteredClaims{Issuer: a.id, IssuedAt: jwt.NewNumericDate(now.Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(now.Add(9 * time.Minute))}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(a.key)
	if err != nil {
		return fmt.Errorf("sign as GitHub App %s: %w", a.id, err)
	}
	request.Header.Set("Authorization", "Bearer "+signed)
	return nil
}

// Token is the user and the password of the app's installation, for the API and for Git alike. It fits polite.Login and Login of
// package remote.
func (a *App) Token(ctx context.Context) (user, token string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	const early = 5 * time.Minute
	if a.token == "" || a.now().Add(early).After(a.ends) {
		if err := a.renew(ctx); err != nil {
			return "", "", err
		}
	}
	return "x-access-token", a.token, nil
}

func (a *App) renew(ctx context.Context) error {
	what := fmt.Sprintf("ask for a token of GitHub App %s for %s", a.id, a.owner)
	installation, _, err := a.api.Apps.GetOrganizationInstallation(ctx, a.owner)
	if polite.Status(err) == http.StatusNotFound {
		installation, _, err = a.api.Apps.GetUserInstallation(ctx, a.owner)
	}
	if err != nil {
		return polite.Explain("github", what, err)
	}
	made, _, err := a.api.Apps.CreateInstallationToken(ctx, installation.GetID(), nil)
	if err != nil {
		return polite.Explain("github", what, err)
	}
	a.token, a.ends = made.GetToken(), made.GetExpiresAt().Time
	return nil
}

// Login is the name that the app writes under: its slug and "[bot]".
func (a *App) Login(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.login == "" {
		app, _, err := a.api.Apps.Get(ctx, "")
		if err != nil {
			return "", err
		}
		a.login = app.GetSlug() + "[bot]"
	}
	return a.login, nil
}
