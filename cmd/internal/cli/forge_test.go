package cli

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	pulls "gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/forge/github/githubtest"
)

// onForge is the forge of one script.
type onForge struct{ fake *forgetest.Fake }

type forgeKey struct{}

// forgeCommands are what scripts have for pulls: 'forge start' is a server that speaks as GitHub does. FORGE is the address of its
// repository, BARE the repository's folder, and FORGE_TOKEN, which gkops does not look at, the token of its user. 'forge pulls' prints its
// pulls, the oldest first, 'forge body N' the text of one, 'forge merge N' merges one and deletes its branch. 'key FILE' makes a
// private key as ssh-keygen does.
func forgeCommands(t *testing.T) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"key": func(ts *testscript.TestScript, _ bool, args []string) {
			_, key, err := ed25519.GenerateKey(nil)
			ts.Check(err)
			block, err := ssh.MarshalPrivateKey(key, "")
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(block), 0o600))
		},
		"forge": func(ts *testscript.TestScript, _ bool, args []string) {
			on := ts.Value(forgeKey{}).(*onForge)
			if args[0] == "start" {
				on.start(t, ts)
				return
			}
			alice := on.fake.Server.As("alice")
			all, err := alice.Pulls(t.Context(), fleetPath, pulls.PullQuery{})
			ts.Check(err)
			if len(all) == 0 {
				fmt.Fprintln(ts.Stdout(), "no pulls")
			}
			for _, p := range slices.Backward(all) {
				switch {
				case args[0] == "pulls":
					fmt.Fprintf(ts.Stdout(), "%d %s %s -> %s: %s\n", p.Number, p.State, p.Head, p.Base, p.Title)
				case args[0] == "body" && args[1] == fmt.Sprint(p.Number):
					fmt.Fprintln(ts.Stdout(), p.Body)
				case args[0] == "merge" && args[1] == fmt.Sprint(p.Number):
					ts.Check(alice.MergePull(t.Context(), fleetPath, p.Number, pulls.Merge{Commit: p.HeadCommit, Method: "squash"}))
					on.fake.Server.Point(t, fleetPath, p.Head, "")
				}
			}
		},
	}
}

const fleetPath = "team/fleet"

// start starts the server, with an API below the folder that GitHub Enterprise has it in.
func (on *onForge) start(t *testing.T, ts *testscript.TestScript) {
	on.fake = githubtest.New(t)
	server := httptest.NewServer(http.StripPrefix("/api/v3", on.fake))
	ts.Defer(server.Close)
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	ts.Setenv("FORGE", server.URL+"/"+fleetPath+".git")
	ts.Setenv("BARE", on.fake.Server.Dir(fleetPath))
	ts.Setenv("TOKEN_NAME", "GKOPS_HTTP_TOKEN_127_0_0_1_PORT_"+port)
	ts.Setenv("FORGE_TOKEN", forgetest.BotToken)
}
