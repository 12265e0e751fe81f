package workspace

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"gkops.dev/gkops/compat/document"
)

var update = flag.Bool("update", false, "accept what the edits give")

// TestEdit runs the scripts of testdata/edit. The comment of each holds one command per line; "in" is the file before, "want" the
// file after, or the error.
func TestEdit(t *testing.T) {
	cases, err := filepath.Glob("testdata/edit/*.txtar")
	if err != nil || len(cases) < 10 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(string(archive.Comment), archive.Files[0].Data)
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func runScript(script string, data []byte) string {
	for line := range strings.Lines(script) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		out, err := runEdit(words[0], words[1:], data)
		if err != nil {
			return errorText(err)
		}
		data = out
	}
	return string(data)
}

func errorText(err error) string {
	text := "error: " + err.Error() + "\n"
	var syntax *document.SyntaxError
	if errors.As(err, &syntax) && syntax.Hint != "" {
		text += "hint: " + syntax.Hint + "\n"
	}
	return text
}

// runEdit runs one command: VERB [-c CLUSTER] NAME [KEY=VALUE]...
func runEdit(verb string, words []string, data []byte) ([]byte, error) {
	cluster := ""
	if len(words) > 1 && words[0] == "-c" {
		cluster, words = words[1], words[2:]
	}
	name := words[0]
	pairs := map[string]string{}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		pairs[key] = strings.ReplaceAll(value, `\n`, "\n")
	}
	switch verb {
	case "add":
		return AddPackage(data, cluster, packageOf(name, pairs))
	case "replace":
		return ReplacePackage(data, cluster, packageOf(name, pairs))
	case "remove":
		return RemovePackage(data, cluster, name)
	case "set":
		for key, value := range pairs {
			return SetValue(data, cluster, name, key, typed(value))
		}
	case "from":
		for key, value := range pairs {
			parts := strings.Split(value, "/")
			return SetFrom(data, cluster, name, key, SecretReference{Namespace: parts[0], Name: parts[1], Key: parts[2]})
		}
	case "unset":
		return UnsetValue(data, cluster, name, words[1])
	case "version":
		return SetVersion(data, cluster, name, pairs["to"])
	case "hold":
		return AddHold(data, Hold{Package: name, Version: pairs["version"], Reason: pairs["reason"], Until: pairs["until"]})
	case "unhold":
		return RemoveHold(data, name)
	case "registry":
		return AddRegistry(data, Registry{Name: name, URL: pairs["url"], Type: RegistryType(pairs["type"])})
	case "kubernetes":
		return SetKubernetes(data, name, words[1])
	case "unregistry":
		return RemoveRegistry(data, name)
	}
	return nil, fmt.Errorf("verb %s", verb)
}

func packageOf(name string, pairs map[string]string) Package {
	p := Package{Name: name, As: pairs["as"], Namespace: pairs["namespace"], Version: pairs["version"], Registry: pairs["registry"]}
	for key, value := range pairs {
		switch kind, inner, found := strings.Cut(key, "."); {
		case !found:
		case kind == "values":
			p.Values = joined(p.Values, map[string]any{inner: typed(value)})
		case kind == "labels":
			p.Labels = joined(p.Labels, map[string]string{inner: value})
		}
	}
	return p
}

// typed reads a value as JSON where it is, else as text.
func typed(value string) any {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return n
	}
	if b, err := strconv.ParseBool(value); err == nil && len(value) > 1 {
		return b
	}
	return strings.Trim(value, `"`)
}
