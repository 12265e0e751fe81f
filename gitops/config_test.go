package gitops

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const strangeConfig = `# comment
; another
[user]
	name = "A \"quoted\" ; # name"  ; comment
	email = a@example.org # comment
	empty =
	flag
[Section "Sub \"Q\" \\ Name"]
	Key = value with   blanks   ` + `
	continued = one \
two
	tab = a\tb\nc
	mixed = a "  b  " c
[old.Style]
	x = 1
[section]	same = line
[core] # behind
	x-y = 1
	hash = "#"x
[remote "origin"]
	url = https://example.org/a#b
	url = second
`

// TestConfigIsGits reads settings and compares them with what git reads.
func TestConfigIsGits(t *testing.T) {
	dir := workspace(t)
	home := t.TempDir()
	write(t, home, map[string]string{
		".gitconfig":     strangeConfig + "[include]\n\tpath = ~/inc\n[includeIf \"gitdir:" + resolved(t, dir) + "/\"]\n\tpath = dir\n[includeIf \"gitdir:/elsewhere/**\"]\n\tpath = never\n[includeIf \"onbranch:ma*\"]\n\tpath = branch\n",
		"inc":            "[a]\n\tfrom = inc\n[include]\n\tpath = deeper\n",
		"deeper":         "[a]\n\tdeep = er\n",
		"dir":            "[a]\n\tfrom = dir\n",
		"never":          "[a]\n\tnever = true\n",
		"branch":         "[a]\n\tbranch = main\n",
		"xdg/git/config": "[xdg]\n\tx = 1\n",
	})
	git(t, dir, "config", "extensions.worktreeConfig", "true")
	git(t, dir, "config", "--worktree", "a.worktree", "yes")
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, "xdg"), "GIT_CONFIG_GLOBAL=", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=En.V.x", "GIT_CONFIG_VALUE_0=y"}
	settings, err := opened(t, dir).settings(getenv(env...))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range settings {
		got = append(got, s.key+"\n"+s.value)
	}
	cmd := exec.Command("git", "config", "--list", "-z")
	cmd.Dir = dir
	for _, pair := range append([]string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}, env...) {
		if pair != "GIT_CONFIG_GLOBAL=" {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, entry := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if !strings.Contains(entry, "\n") {
			entry += "\ntrue"
		}
		want = append(want, entry)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(strangeConfig)
	f.Add("[a]\nb = \"c")
	f.Add("[a \"b\\")
	f.Fuzz(func(t *testing.T, text string) {
		p := configParser{text: text, line: 1}
		for n := 0; p.next(); n++ {
			if n > len(text) {
				t.Fatal("it does not end")
			}
		}
	})
}

func TestIdentity(t *testing.T) {
	when := time.Unix(1800000000, 0).UTC()
	settings := config{{"user.name", "User"}, {"user.email", "user@x"}, {"author.name", "Au <th> or."}}
	for _, c := range []struct {
		role, want string
		env        map[string]string
	}{
		{"author", "Au th or <user@x> 1800000000 +0000", nil},
		{"committer", "User <user@x> 1800000000 +0000", nil},
		{"committer", "Env <env@x> 1700000000 -0330", map[string]string{"GIT_COMMITTER_NAME": "Env", "GIT_COMMITTER_EMAIL": "env@x", "GIT_COMMITTER_DATE": "1700000000 -0330"}},
		{"author", "Au th or <user@x> 1136239445 +0100", map[string]string{"GIT_AUTHOR_DATE": "2006-01-02T23:04:05+01:00"}},
		{"author", "Au th or <user@x> 1136239445 -0700", map[string]string{"GIT_AUTHOR_DATE": "Mon, 2 Jan 2006 15:04:05 -0700"}},
		{"author", "Au th or <user@x> 1136239445 +0000", map[string]string{"GIT_AUTHOR_DATE": "@1136239445"}},
	} {
		got, err := identityOf(c.role, settings, func(name string) string { return c.env[name] }, when)
		if err != nil || got.String() != c.want {
			t.Errorf("got  %s %v\nwant %s", got, err, c.want)
		}
	}
	if _, err := identityOf("author", nil, func(name string) string { return map[string]string{"EMAIL": "e@x"}[name] }, when); err == nil || err.Error() != "git does not know the name of the author" {
		t.Error(err)
	}
}

func TestWarnings(t *testing.T) {
	dir := workspace(t)
	r := opened(t, dir)
	if got := r.Warnings(getenv()); got != nil {
		t.Error(got)
	}
	git(t, dir, "config", "core.autocrlf", "true")
	if got := r.Warnings(getenv()); len(got) != 1 || !strings.Contains(got[0], "core.autocrlf is true") {
		t.Error(got)
	}
}
