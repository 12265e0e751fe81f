package review

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/golden"
)

// changedLine is a line that git diff shows, on one side.
type changedLine struct {
	head bool
	file string
	line int // from 1
}

// gitDiff lets the git program compare two trees.
func gitDiff(t testing.TB, base, head fs.FS) []changedLine {
	t.Helper()
	dir := t.TempDir()
	for name, tree := range map[string]fs.FS{"base": base, "head": head} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		files, err := golden.Files(tree)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		delete(files, ".") // of an archive in which one side is empty
		if err := os.CopyFS(filepath.Join(dir, name), golden.Map(files)); err != nil {
			t.Fatal(err)
		}
	}
	git := exec.Command("git", "-c", "core.quotePath=false", "diff", "--no-index", "--no-color", "--no-renames", "--text", "-U0", "base", "head")
	git.Dir = dir
	out, err := git.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatal(err)
	}
	var lines []changedLine
	old, new, file := 0, 0, [2]string{}
	inHunk := 0
	for _, text := range strings.Split(string(out), "\n") {
		switch {
		case inHunk > 0 && strings.HasPrefix(text, "-"):
			lines, old, inHunk = append(lines, changedLine{false, file[0], old}), old+1, inHunk-1
		case inHunk > 0 && strings.HasPrefix(text, "+"):
			lines, new, inHunk = append(lines, changedLine{true, file[1], new}), new+1, inHunk-1
		case strings.HasPrefix(text, "--- "):
			file[0] = strings.TrimPrefix(strings.TrimRight(strings.TrimPrefix(text, "--- "), "\t"), "a/base/")
		case strings.HasPrefix(text, "+++ "):
			file[1] = strings.TrimPrefix(strings.TrimRight(strings.TrimPrefix(text, "+++ "), "\t"), "b/head/")
		case strings.HasPrefix(text, "@@ "):
			fields := strings.Fields(text)
			var removed, added int
			old, removed = spanOf(t, fields[1][1:])
			new, added = spanOf(t, fields[2][1:])
			inHunk = removed + added
		}
	}
	return lines
}

func spanOf(t testing.TB, text string) (start, length int) {
	t.Helper()
	from, count, found := strings.Cut(text, ",")
	start, err := strconv.Atoi(from)
	if length = 1; found && err == nil {
		length, err = strconv.Atoi(count)
	}
	if err != nil {
		t.Fatal(err)
	}
	return start, length
}

// account sees that every line that git diff shows is of an object in the report, of one that is counted because it means the same, or
// of a file that is told, and that the hunks of every changed object hold all of its lines that differ.
func account(t testing.TB, base, head fs.FS, report *Report) {
	t.Helper()
	inReport, files := map[string]bool{}, map[string]bool{}
	for _, o := range report.Objects {
		for _, file := range []string{o.File, o.OldFile} {
			inReport[file+"\x00"+sameAs(o.Object)] = true
		}
	}
	for _, f := range report.Files {
		files[f.File] = true
	}
	for _, a := range report.Attention {
		if a.Rule == ruleUnparsable {
			files[a.File] = true
		}
	}
	sides := map[bool]*accounts{false: newAccounts(t, base), true: newAccounts(t, head)}
	same := map[string]bool{}
	for _, line := range gitDiff(t, base, head) {
		docs := sides[line.head].at(t, line)
		if len(docs) == 0 {
			if !files[line.file] && !sides[line.head].empty(line) {
				t.Errorf("%s:%d is in no object, and the file is not told", line.file, line.line)
			}
			continue
		}
		told := files[line.file]
		for _, doc := range docs {
			told = told || inReport[line.file+"\x00"+sameAs(doc.Object())]
		}
		if told {
			continue
		}
		for _, doc := range docs {
			twin := sides[!line.head].twin(doc)
			if twin == nil || canonical(twin.Root()) != canonical(doc.Root()) {
				t.Errorf("%s:%d is of %s, which changes and is not in the report", line.file, line.line, doc.Object())
				continue
			}
			if twin.File != doc.File || !bytes.Equal(bytes.TrimSpace(twin.Raw), bytes.TrimSpace(doc.Raw)) {
				same[doc.Object().Key()] = true // else git only paired other lines of the same documents
			}
		}
	}
	if counted := report.Summary.Moved + report.Summary.Respelled; len(same) > counted {
		t.Errorf("%d objects mean the same and %d are counted: %v", len(same), counted, same)
	}
	for i := range report.Objects {
		accountObject(t, &report.Objects[i], sides)
	}
}

// accounts is one side of a comparison, read again by other means.
type accounts struct {
	lines map[string][]string
	docs  map[string][]document.Document
	same  map[string][]*document.Document // by sameAs
}

func newAccounts(t testing.TB, tree fs.FS) *accounts {
	t.Helper()
	a := &accounts{lines: map[string][]string{}, docs: map[string][]document.Document{}, same: map[string][]*document.Document{}}
	files, err := golden.Files(tree)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for name, data := range files {
		a.lines[name] = linesOf(data)
		if docs, err := document.Parse(name, data); err == nil && isManifest(name) {
			a.docs[name] = slices.DeleteFunc(docs, func(d document.Document) bool { return !isObject(&d) })
		}
	}
	for _, docs := range a.docs {
		for i := range docs {
			key := sameAs(docs[i].Object())
			a.same[key] = append(a.same[key], &docs[i])
		}
	}
	return a
}

// at are the objects of the document that a line is in.
func (a *accounts) at(t testing.TB, line changedLine) []*document.Document {
	t.Helper()
	starts := documentStarts(a.lines[line.file])
	block := func(at int) int {
		n, found := slices.BinarySearch(starts, at)
		if !found {
			n--
		}
		return n
	}
	var found []*document.Document
	for i := range a.docs[line.file] {
		if doc := &a.docs[line.file][i]; block(doc.Line-1) == block(line.line-1) {
			found = append(found, doc)
		}
	}
	return found
}

// empty reports whether a line says nothing: it is blank, a comment or a marker.
func (a *accounts) empty(line changedLine) bool {
	text := strings.TrimSpace(a.lines[line.file][line.line-1])
	return text == "" || text == "---" || strings.HasPrefix(text, "#")
}

func (a *accounts) twin(doc *document.Document) *document.Document {
	for _, other := range a.same[sameAs(doc.Object())] {
		if canonical(other.Root()) == canonical(doc.Root()) {
			return other
		}
	}
	return nil
}

// in is an object in a file.
func (a *accounts) in(file, key string) *document.Document {
	for i := range a.docs[file] {
		if sameAs(a.docs[file][i].Object()) == key {
			return &a.docs[file][i]
		}
	}
	return nil
}

// accountObject sees that each line of the object, written in one way, that only one side has is in a hunk.
func accountObject(t testing.TB, o *Object, sides map[bool]*accounts) {
	t.Helper()
	old, new := o.OldFile, o.File
	if old == "" {
		old = new
	}
	before, after := sides[false].in(old, sameAs(o.Object)), sides[true].in(new, sameAs(o.Object))
	if o.Change == Added {
		before = nil
	}
	if o.Change == Removed {
		after = nil
	}
	counts, redacted := map[string]int{}, false
	for _, h := range o.Hunks {
		redacted = redacted || h.Redacted != nil || strings.Contains(h.Old+h.New, "not shown")
		tally(counts, h.Old, 1)
		tally(counts, h.New, -1)
	}
	if redacted {
		return
	}
	differ := map[string]int{}
	for sign, doc := range map[int]*document.Document{1: before, -1: after} {
		if doc != nil {
			tally(differ, fragment(privacy{}, nil, doc.Root()), sign)
		}
	}
	for line, n := range differ {
		if n != 0 && counts[line] != n {
			t.Errorf("%s: the line %q differs %d times, and %d times in the hunks", o.Object, line, n, counts[line])
		}
	}
}

func tally(counts map[string]int, text string, sign int) {
	for _, line := range split(text) {
		line = strings.TrimSpace(line)
		for strings.HasPrefix(line, "- ") {
			line = strings.TrimPrefix(line, "- ")
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, " {}"), " []") // what was empty has its first field
		counts[line] += sign
	}
}

func TestEveryChangedLineIsAccountedFor(t *testing.T) {
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		base, head := trees(t, file)
		account(t, base, head, compare(t, base, head))
		account(t, head, base, compare(t, head, base))
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		docs := randomFile(random)
		base := golden.Map(map[string][]byte{"a.yaml": []byte(join(random, docs)), "notes.txt": []byte("one\n")})
		head := golden.Map(map[string][]byte{"a.yaml": []byte(join(random, mutate(random, docs))), "notes.txt": []byte(fmt.Sprintf("%d\n", random.IntN(2)))})
		account(t, base, head, compare(t, base, head))
	}
	for _, pkg := range []string{"metrics-bundle", "key-operator", "alert-router", "db-operator"} {
		versions, err := fs.Glob(examples.Registry(), pkg+"/v*")
		if err != nil || len(versions) < 2 {
			t.Fatalf("%s has the versions %v, %v", pkg, versions, err)
		}
		for i := range versions[1:] {
			base, head := sub(t, examples.Registry(), versions[i]), sub(t, examples.Registry(), versions[i+1])
			account(t, base, head, compare(t, base, head))
		}
	}
}

// TestAccountingCanFail takes a hunk, and then an object, out of a report.
func TestAccountingCanFail(t *testing.T) {
	base, head := trees(t, "testdata/cases/upgrade.txtar")
	for name, spoil := range map[string]func(*Report){
		"a hunk":    func(r *Report) { r.Objects[1].Hunks = r.Objects[1].Hunks[1:] },
		"an object": func(r *Report) { r.Objects = r.Objects[1:] },
		"a file":    func(r *Report) { r.Files = nil },
		"a count":   func(r *Report) { r.Summary.Respelled, r.Summary.Moved = 0, 0 },
	} {
		report := compare(t, base, head)
		spoil(report)
		probe := &probe{TB: t}
		account(probe, base, head, report)
		if probe.faults.Len() == 0 {
			t.Errorf("%s is missing, and nobody notices", name)
		}
	}
}

// probe is a test that notes what fails instead of failing.
type probe struct {
	testing.TB
	faults bytes.Buffer
}

func (p *probe) Errorf(format string, args ...any) { fmt.Fprintf(&p.faults, format, args...) }
