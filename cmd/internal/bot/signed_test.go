package bot_test

import (
	"errors"
	"fmt"
	"testing"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

// TestSignedCommitsStay: a signature that differs every time makes no other commit of what is there.
func TestSignedCommitsStay(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	f.publish("tool", "v1.0.0", "v1.1.0")
	made := 0
	signing := func(client bot.Forge) *bot.Run {
		b := f.bot(client)
		b.Sign = func([]byte) (string, error) {
			made++
			return fmt.Sprintf("-----BEGIN SSH SIGNATURE-----\n%d\n-----END SSH SIGNATURE-----\n", made), nil
		}
		return b
	}
	client := f.server.As("bot")
	client.SetAround(forgetest.Fail(errors.New("killed"), func(c forgetest.Call) bool { return c.Method == "OpenPull" || c.Method == "PutIssue" }))
	if r := f.try(signing(client)); r.Err() == nil {
		t.Fatal("nothing failed")
	}
	tip := f.server.Tip(t, repo, "gkops/upgrade/tool")
	f.want(f.try(signing(f.server.As("bot"))), "upgrade/tool opened")
	if tip == "" || f.server.Tip(t, repo, "gkops/upgrade/tool") != tip || made != 2 {
		t.Errorf("the branch was at %q, and is now at %q; %d signatures", tip, f.server.Tip(t, repo, "gkops/upgrade/tool"), made)
	}
	f.want(f.try(signing(f.server.As("bot"))), "upgrade/tool unchanged")
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	f.want(f.try(signing(f.server.As("bot"))), "upgrade/tool updated")

	b := f.bot(f.server.As("bot"))
	b.Sign = func([]byte) (string, error) { return "", errors.New("the key is locked") }
	f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
	if r := f.try(b); r.Err() == nil || r.Error != "pull of gkops/upgrade/tool: sign the commit: the key is locked" {
		t.Errorf("%q", r.Error)
	}
}
