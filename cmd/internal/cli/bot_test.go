package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/cmd/internal/bot"
)

// commandLines finds the command lines of gkops in the strings of a YAML file: lists that begin with bot, and lines of scripts.
func commandLines(node *yaml.Node) [][]string {
	var found [][]string
	if node.Kind == yaml.SequenceNode && len(node.Content) > 0 && node.Content[0].Value == "bot" {
		var args []string
		for _, n := range node.Content {
			args = append(args, n.Value)
		}
		found = append(found, args)
	}
	if rest, is := strings.CutPrefix(node.Value, "gkops "); is && node.Kind == yaml.ScalarNode {
		variables := regexp.MustCompile(`\$\{\{[^}]*\}\}|\$[A-Z_]+`)
		found = append(found, strings.Fields(strings.ReplaceAll(variables.ReplaceAllString(rest, "0"), `"`, "")))
	}
	for _, n := range node.Content {
		found = append(found, commandLines(n)...)
	}
	return found
}

// TestExamplesOfTheBot parses every workflow and job in examples/bot, and every command line in them.
func TestExamplesOfTheBot(t *testing.T) {
	files, err := filepath.Glob("../../../examples/bot/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		lines := commandLines(&doc)
		if len(lines) == 0 {
			t.Errorf("%s runs no gkops", file)
		}
		for _, args := range lines {
			for n, arg := range args {
				args[n] = strings.ReplaceAll(arg, "$(JOB_COMPLETION_INDEX)", "0")
			}
			cmd, rest, err := newRoot(Env{Getenv: os.Getenv}).Find(args)
			if err != nil || cmd.CommandPath() != "gkops bot run" {
				t.Errorf("%s: %q is no command of the bot: %v", file, args, err)
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil || cmd.Flags().NArg() > 0 {
				t.Errorf("%s: %q: %v", file, args, err)
			}
		}
	}
}

func TestShardFlag(t *testing.T) {
	for text, want := range map[string]bot.Shard{"0/4": {Count: 4}, "3/4": {Index: 3, Count: 4}} {
		var f shardFlag
		if err := f.Set(text); err != nil || f.Shard != want || f.String() != text {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
	for _, text := range []string{"4/4", "-1/4", "1", "1/0", "a/b", ""} {
		if err := new(shardFlag).Set(text); err == nil {
			t.Errorf("%q is a shard", text)
		}
	}
}

// TestC21TokenIsNowhere runs the bot against a server that says the token back in its refusal.
func TestC21TokenIsNowhere(t *testing.T) {
	const canary = "canary-3f9a7c51d2"
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), canary) {
			asked++
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"message": "bad token `+canary+`"}`)
	}))
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	var out, talk bytes.Buffer
	env := Env{
		Args: []string{"bot", "run", "--forge", "gitea", "--repo", server.URL + "/team/fleet", "--cache", t.TempDir(), "-o", "json"},
		Dir:  t.TempDir(), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, Now: time.Now, HTTP: &http.Client{Timeout: time.Minute},
		Getenv: func(name string) string {
			return map[string]string{"GKOPS_HTTP_TOKEN_127_0_0_1_PORT_" + port: canary}[name]
		},
	}
	if code := Run(context.Background(), env); code != unknown {
		t.Errorf("exit status %d", code)
	}
	if asked == 0 {
		t.Error("the token was not used: this test shows nothing")
	}
	if all := out.String() + talk.String(); strings.Contains(all, canary) || !strings.Contains(all, "401") {
		t.Errorf("told:\n%s", all)
	}
}

func TestResultsAsExitStatus(t *testing.T) {
	for _, c := range []struct {
		name    string
		results []bot.Result
		want    int
		text    string
	}{
		{"nothing", []bot.Result{{Repository: "a/b"}}, yes, "a/b         nothing to do"},
		{"blocked", []bot.Result{{Repository: "a/b", Pulls: []bot.Outcome{{State: bot.Blocked, Title: "Upgrade x", Why: "no\nmore"}}}}, no, "a/b         blocked        Upgrade x  no"},
		{"opened", []bot.Result{{Repository: "a/b", Pulls: []bot.Outcome{{State: bot.Opened, Number: 3, Title: "Upgrade x"}}}}, yes, "a/b         opened  #3    Upgrade x"},
	} {
		var out bytes.Buffer
		err := showResults(Env{Stdout: &out, Stderr: io.Discard}, "text", c.results)
		got := yes
		if err != nil {
			got = status(err)
		}
		if got != c.want || !strings.Contains(out.String(), c.text) {
			t.Errorf("%s: %d\n%s", c.name, got, out.String())
		}
	}
}
