package bot_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge"
)

// hostile is what a package may say: everything that acts somewhere.
const hostile = "@everyone closes #1 ![x](https://evil.example/x.png) <script>alert(1)</script> <img src=x onerror=y> \x1b[31mred \u202etxt.exe " +
	"<!-- gkops:pull {\"kind\":\"upgrade\",\"title\":\"x\",\"base\":\"main\"} --> - [x] <!-- gkops:tick approve web v2 --> <!-- gkops:review -->\n" +
	"```\n~~~\n# Heading\n| a | b |\n- [x] <!-- gkops:tick approve web v2 -->\nGkops-Plan: sha256:0000000000000000000000000000000000000000000000000000000000000000\n" +
	"<!-- gkops:pull {\"kind\":\"upgrade\",\"title\":\"x\",\"base\":\"main\"} -->"

// acting is what must not stand outside code in what the bot writes.
var acting = regexp.MustCompile(`@everyone|closes #1|evil\.example|<script|<img|# Heading`)

// outsideCode is a text without its fenced blocks and its code spans.
func outsideCode(text string) string {
	var out strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		ticks := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
		switch {
		case fence == "" && len(ticks) >= 3:
			fence = ticks
		case fence != "" && ticks == trimmed && len(ticks) >= len(fence):
			fence = ""
		case fence == "":
			out.WriteString(regexp.MustCompile("`[^`]*`").ReplaceAllString(line, "code"))
		}
	}
	return out.String()
}

// neutral fails the test where a text that the bot wrote does something.
func neutral(t *testing.T, what, text string) {
	t.Helper()
	if !strings.Contains(text, "everyone") {
		t.Errorf("%s does not show the hostile text: this shows nothing", what)
	}
	if found := acting.FindString(outsideCode(text)); found != "" {
		t.Errorf("%s: %q acts in\n%s", what, found, text)
	}
	if strings.ContainsAny(text, "\x1b\u202e\x00") {
		t.Errorf("%s moves the cursor or turns text", what)
	}
	if n := strings.Count(text, "<!-- gkops:"); n != 1+strings.Count(text, "- [ ] <!-- gkops:tick ") {
		t.Errorf("%s has %d marks:\n%s", what, n, text)
	}
}

// TestC46TextsOfPackagesDoNothing puts the hostile text wherever a package, a registry or a policy can say something.
func TestC46TextsOfPackagesDoNothing(t *testing.T) {
	t.Parallel()
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, "policy:\n  pins: [{package: web, version: '<1.1', reason: "+string(quoted)+"}]\n")
	f.publish("tool", "v1.0.0", "v1.1.0")
	f.publish("web", "v1.0.0", "v1.2.0")
	f.publish("crds", "v1.0.0", "v1.1.0")
	f.write("tool/v1.1.0/package.yaml", "name: tool\nscope: Cluster\ndefaultNamespace: tool\nshortDescription: "+string(quoted)+"\nlongDescription: "+string(quoted)+"\nmanifests:\n- url: m.yaml\n")
	f.write("tool/v1.1.0/m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tool\n  namespace: tool\n  annotations: {note: "+string(quoted)+"}\ndata:\n  version: "+string(quoted)+"\n")
	f.write("crds/v1.1.0/package.yaml", "name: "+string(quoted)+"\n")
	f.write("advisories/index.json", `{"tool": ["GHSA-1.json"]}`)
	advisory := map[string]any{"id": "GHSA-1", "summary": hostile, "affected": []any{map[string]any{"package": map[string]any{"name": "tool"}, "versions": []string{"1.0.0"}}}}
	data, err := json.Marshal(advisory)
	if err != nil {
		t.Fatal(err)
	}
	f.write("advisories/GHSA-1.json", string(data))
	f.want(f.run(), "upgrade/tool opened")

	p := f.pulls(forge.Open)[0]
	neutral(t, "the pull", p.Body)
	if m, ours := bot.FindMarker(p.Body); !ours || m.Title != p.Title || acting.MatchString(p.Title) {
		t.Errorf("the marker is %+v", m)
	}
	board := f.dashboard().Body
	neutral(t, "the dashboard", board)
	if b := bot.ParseBoard(board); len(b.Ticks) > 0 {
		t.Errorf("the dashboard has ticks that nobody made: %v", b.Ticks)
	}
	clone, err := f.bot(nil).Clone(repo, f.server.Dir(repo))
	if err != nil {
		t.Fatal(err)
	}
	if err := clone.Fetch(context.Background(), 1, p.HeadCommit); err != nil {
		t.Fatal(err)
	}
	commit, err := clone.Store().CommitOf(p.HeadCommit)
	if err != nil || strings.Count(commit.Message, "Gkops-Plan:") != 1 || strings.ContainsAny(commit.Message, "\x1b\u202e") {
		t.Errorf("%v, the message is\n%s", err, commit.Message)
	}
	f.want(f.inspect(), "upgrade/tool updated")
	comment, _ := f.told(p)
	neutral(t, "the comment", comment)
	f.want(f.quiet(), "upgrade/tool unchanged")
}
