package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPager shows a review to a person at a terminal, in pagers of all kinds, and to programs.
func TestPager(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"before/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n",
		"after/x.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: c}\n",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const colour = "\x1b[1m1 changed; risk low\x1b[0m"
	cases := []struct {
		name        string
		terminal    bool
		environment map[string]string
		args        string
		out, errs   string // a part of the output; empty for no error
	}{
		{"a pager of gkops's own", true, map[string]string{"GKOPS_PAGER": "sed s/^/own:/", "PAGER": "sed s/^/all:/"}, "", "own:" + colour, ""},
		{"a pager of all programs", true, map[string]string{"PAGER": "sed s/^/all:/"}, "", "all:" + colour, ""},
		{"one that is left early", true, map[string]string{"PAGER": "head -n 2; exit 1"}, "", colour, ""},
		{"cat is no pager", true, map[string]string{"PAGER": "cat"}, "", colour, ""},
		{"one that is not there", true, map[string]string{"PAGER": "no-such-pager -x"}, "", colour, `the pager "no-such-pager -x" cannot be run`},
		{"a person who wants none", true, map[string]string{"PAGER": "sed s/^/all:/"}, "--no-pager", "\n" + colour, ""},
		{"no colour", true, map[string]string{"PAGER": "sed s/^/all:/", "NO_COLOR": "1"}, "", "all:1 changed; risk low", ""},
		{"a pipe", false, map[string]string{"PAGER": "sed s/^/all:/"}, "", "\n1 changed; risk low", ""},
		{"another format", true, map[string]string{"PAGER": "sed s/^/all:/"}, "-ojson", "\n{\n", ""},
	}
	for _, c := range cases {
		var out, errs bytes.Buffer
		env := Env{Args: strings.Fields("diff ./before ./after " + c.args), Dir: dir, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
			Getenv: func(name string) string { return c.environment[name] }, Now: time.Now, StdoutTerminal: c.terminal}
		if status := Run(context.Background(), env); status != 0 {
			t.Errorf("%s: status %d, %s", c.name, status, errs.String())
		}
		if !strings.Contains("\n"+out.String(), c.out) || c.errs == "" && errs.Len() > 0 || !strings.Contains(errs.String(), c.errs) {
			t.Errorf("%s: out %q, errors %q", c.name, out.String(), errs.String())
		}
	}
}
