package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/github/githubtest"
)

// fakeApp answers for one app that is installed for the user team.
type fakeApp struct {
	key    *rsa.PrivateKey
	now    time.Time
	tokens int
}

func (a *fakeApp) signed(r *http.Request) bool {
	_, err := jwt.ParseWithClaims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &jwt.RegisteredClaims{},
		func(*jwt.Token) (any, error) { return &a.key.PublicKey, nil }, jwt.WithIssuer("4711"), jwt.WithTimeFunc(func() time.Time { return a.now }),
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuedAt())
	return err == nil
}

func (a *fakeApp) handle(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/app") && !strings.HasSuffix(r.URL.Path, "/installation") {
		return false
	}
	switch {
	case !a.signed(r):
		forgetest.JSON(w, http.StatusUnauthorized, object{"message": "A JSON web token could not be decoded"})
	case r.URL.Path == "/app":
		forgetest.JSON(w, http.StatusOK, object{"slug": "gkops-bot"})
	case r.URL.Path == "/users/team/installation":
		forgetest.JSON(w, http.StatusOK, object{"id": 17})
	case r.URL.Path == "/app/installations/17/access_tokens" && r.Method == http.MethodPost:
		a.tokens++
		forgetest.JSON(w, http.StatusCreated, object{"token": fmt.Sprintf("ghs_%d", a.tokens), "expires_at": a.now.Add(time.Hour).Format(time.RFC3339)})
	default:
		forgetest.JSON(w, http.StatusNotFound, object{"message": "Not Found"})
	}
	return true
}

func newKey(t *testing.T) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func TestAppTokensAreRenewed(t *testing.T) {
	key, text := newKey(t)
	a := &fakeApp{key: key, now: time.Unix(1_800_000_000, 0)}
	f := githubtest.New(t)
	f.Before = a.handle
	options := f.Options()
	options.Now = func() time.Time { return a.now }
	app, err := NewApp(f.Base(), "4711", text, "team", options)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		later time.Duration
		want  string
	}{{0, "ghs_1"}, {50 * time.Minute, "ghs_1"}, {6 * time.Minute, "ghs_2"}, {2 * time.Hour, "ghs_3"}, {time.Minute, "ghs_3"}} {
		a.now = a.now.Add(step.later)
		user, token, err := app.Token(t.Context())
		if err != nil || user != "x-access-token" || token != step.want {
			t.Errorf("after %s: %s %s, %v", step.later, user, token, err)
		}
	}
	c := client(t, f, f.Base(), forgetest.Login(forgetest.BotToken))
	c.ForApp(app)
	if login, err := c.Self(t.Context()); err != nil || login != "gkops-bot[bot]" {
		t.Errorf("it is %s, %v", login, err)
	}
}

func TestAppsThatAreNotInstalled(t *testing.T) {
	key, text := newKey(t)
	other, _ := newKey(t)
	a := &fakeApp{key: key, now: time.Unix(1_800_000_000, 0)}
	f := githubtest.New(t)
	f.Before = a.handle
	options := f.Options()
	app, err := NewApp(f.Base(), "4711", text, "strangers", options)
	if err != nil {
		t.Fatal(err)
	}
	var missing *forge.NotFoundError
	if _, _, err := app.Token(context.Background()); !errors.As(err, &missing) || !strings.Contains(err.Error(), "GitHub App 4711 for strangers") {
		t.Errorf("got %v", err)
	}
	a.key = other
	var denied *forge.AuthError
	if _, _, err := app.Token(context.Background()); !errors.As(err, &denied) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := NewApp(f.Base(), "4711", []byte("canary-key"), "team", options); err == nil || strings.Contains(err.Error(), "canary-key") {
		t.Errorf("no key: %v", err)
	}
}
