package bot

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/gitops/forge/kind"
	"gkops.dev/gkops/gitops/forge/polite"
)

func TestEveryKindHasAClient(t *testing.T) {
	options := polite.Options{Base: http.DefaultTransport, Now: func() time.Time { return time.Time{} }, Sleep: func(context.Context, time.Duration) error { return nil }}
	for _, k := range kind.Kinds() {
		at, err := kind.As(k, "https://git.example.org/organisation/project/_git/name")
		if err != nil {
			at, err = kind.As(k, "https://git.example.org/owner/name")
		}
		if err != nil {
			t.Fatal(err)
		}
		client, err := OpenForge(at, nil, nil, options)
		if err != nil || client.Name() != string(k)+" git.example.org" {
			t.Errorf("%s: %v, %v", k, client, err)
		}
	}
	if _, err := OpenForge(kind.Place{Kind: "none"}, nil, nil, options); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a kind that is not there: %v", err)
	}
}
