package review

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/golden"
)

// apply lets the git program apply the patch of a report to a copy of base and returns what the files are then.
func apply(t *testing.T, base fs.FS, report *Report) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	if base != nil {
		if err := os.CopyFS(dir, base); err != nil {
			t.Fatal(err)
		}
	}
	var text bytes.Buffer
	if err := Patch(&text, report); err != nil {
		t.Fatal(err)
	}
	if text.Len() > 0 {
		git := exec.Command("git", "apply", "--whitespace=nowarn", "-")
		git.Dir, git.Stdin = dir, bytes.NewReader(text.Bytes())
		git.Env = append(os.Environ(), "GIT_DIR="+filepath.Join(dir, "none"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git apply: %v\n%s\n%s", err, out, text.String())
		}
	}
	files, err := golden.Files(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPatchesOfAllCasesApply(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		base, head := trees(t, file)
		for _, pair := range [][2]fs.FS{{base, head}, {head, base}, {nil, head}, {base, nil}} {
			report := compare(t, pair[0], pair[1])
			got := apply(t, pair[0], report)
			want := map[string][]byte{}
			if pair[1] != nil {
				want, _ = golden.Files(pair[1])
			}
			if report.Origin.LeftOut == 0 {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: the patch does not make head of base (-want +got):\n%s", file, diff)
				}
			}
		}
	}
}

// TestPatchesOfRandomTreesApply mixes documents, some of them Secrets, changes, moves and drops them, with and without a final
// line end. What the patch makes of base is head, with the Secrets as they were.
func TestPatchesOfRandomTreesApply(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	whole, partly := 0, 0
	for range 60 {
		base, head := randomFile(random), []string(nil)
		head = mutate(random, base)
		before, after := join(random, base), join(random, head)
		tree := func(data string) fs.FS {
			return golden.Map(map[string][]byte{"some file.yaml": []byte(data), "sub/ünicode \"q\".txt": []byte(strings.ReplaceAll(data[:len(data)/2], "hidden", "Text"))})
		}
		report := compare(t, tree(before), tree(after))
		got := string(apply(t, tree(before), report)["some file.yaml"])
		if report.Origin.LeftOut == 0 {
			whole++
			if got != after {
				t.Fatalf("the patch gives another file (-want +got):\n%s", cmp.Diff(after, got))
			}
			continue
		}
		partly++
		if secrets(got) != secrets(before) {
			t.Fatalf("the Secrets change (-want +got):\n%s", cmp.Diff(secrets(before), secrets(got)))
		}
		var text bytes.Buffer
		if err := Patch(&text, report); err != nil || strings.Contains(text.String(), "hidden") {
			t.Fatalf("the patch shows a Secret (%v):\n%s", err, text.String())
		}
	}
	if whole < 5 || partly < 5 {
		t.Errorf("only %d patches were whole and %d partly", whole, partly)
	}
}

// randomFile is some documents, each with a few lines that change.
func randomFile(random *rand.Rand) []string {
	var docs []string
	for n := range 2 + random.IntN(5) {
		docs = append(docs, randomDocument(random, n))
	}
	return docs
}

func randomDocument(random *rand.Rand, n int) string {
	if random.IntN(4) == 0 {
		return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata:\n  name: s%d\nstringData:\n  a: hidden%d\n", n, random.IntN(1000))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%d\ndata:\n", n)
	for key := range random.IntN(14) {
		fmt.Fprintf(&text, "  k%d: v%d\n", key, random.IntN(3))
	}
	return text.String()
}

func mutate(random *rand.Rand, docs []string) []string {
	var changed []string
	for n, doc := range docs {
		switch random.IntN(6) {
		case 0: // it goes
		case 1:
			changed = append(changed, randomDocument(random, n))
		case 2:
			changed = append(changed, doc, randomDocument(random, n+100))
		case 3:
			changed = append(changed, strings.Replace(doc, "v1\n", fmt.Sprintf("w%d\n", random.IntN(9)), 2))
		default:
			changed = append(changed, doc)
		}
	}
	return changed
}

func join(random *rand.Rand, docs []string) string {
	text := strings.Join(docs, "---\n")
	if random.IntN(4) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// secrets are the documents of a file that are Secrets.
func secrets(text string) string {
	var found []string
	for _, doc := range strings.Split(text, "---\n") {
		if strings.Contains(doc, "kind: Secret") {
			found = append(found, strings.TrimSuffix(doc, "\n"))
		}
	}
	return strings.Join(found, "\n")
}

func TestEmptyAndBinaryFilesInPatches(t *testing.T) {
	base := golden.Map(map[string][]byte{"gone": {}, "same.txt": []byte("a\n")})
	head := golden.Map(map[string][]byte{"came": {}, "same.txt": []byte("a\n"), "sub/no-end.txt": []byte("x")})
	report := compare(t, base, head)
	want, err := golden.Files(head)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, apply(t, base, report)); diff != "" || report.Origin.LeftOut != 0 {
		t.Errorf("left out %d, -want +got:\n%s", report.Origin.LeftOut, diff)
	}
	binary := golden.Map(map[string][]byte{"same.txt": []byte("a\n"), "gone": {}, "logo.png": {0, 1, 2}})
	if report := compare(t, base, binary); report.Origin.LeftOut != 1 {
		t.Errorf("a binary file: left out %d, want 1", report.Origin.LeftOut)
	}
}

func TestPatchHashNamesThePatch(t *testing.T) {
	base, head := trees(t, "testdata/cases/upgrade.txtar")
	one, same, other := compare(t, base, head), compare(t, base, head), compare(t, head, base)
	if one.Origin.Patch != same.Origin.Patch || one.Origin.Patch == other.Origin.Patch || !strings.HasPrefix(one.Origin.Patch, "sha256:") {
		t.Errorf("hashes %s, %s, %s", one.Origin.Patch, same.Origin.Patch, other.Origin.Patch)
	}
}

// TestTextsAboutKeysAreNone holds that a definition whose texts speak of private keys is in the patch, and one that holds a key is not.
func TestTextsAboutKeysAreNone(t *testing.T) {
	definition := func(text, version string) fs.FS {
		return yamlTree("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.dev}\nspec:\n  description: |\n    " + text + "\n  version: " + version + "\n")
	}
	for text, want := range map[string]int{"The first block is a PRIVATE KEY block.": 0, "-----BEGIN PRIVATE KEY-----": 1} {
		if got := compare(t, definition(text, "v1"), definition(text, "v2")).Origin.LeftOut; got != want {
			t.Errorf("%s: %d hunks left out, want %d", text, got, want)
		}
	}
}
