package cli

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the program itself a command of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gkops": func() { os.Exit(Main()) },
	})
}

// TestScript runs what a user types, with git as the user's own: testdata/script/<command>_<case>.txtar.
func TestScript(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	examples, err := filepath.Abs("../../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, ".gitconfig"))
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("GKOPS_MIRROR", "off")
			env.Setenv("EXAMPLES", examples)
			env.Values[serverKey{}], env.Values[forgeKey{}] = &server{}, &onForge{}
			config := "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n"
			return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte(config), 0o600)
		},
		Cmds:          commands(t),
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// commands are what scripts have besides those of testscript.
func commands(t *testing.T) map[string]func(*testscript.TestScript, bool, []string) {
	all := serverCommands()
	maps.Copy(all, chartCommands())
	maps.Copy(all, forgeCommands(t))
	return all
}
