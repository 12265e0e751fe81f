package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

func TestCheckPath(t *testing.T) {
	for _, name := range []string{
		"gkops.yaml", "gkops/prod/gkops.lock", ".sourceignore", ".gitattributes", "a/.gitkeep", "a/conx.yaml", "console/y", "com10/x", "ü/é",
		"customresourcedefinition.apiextensions.k8s.io_a.b.yaml", strings.Repeat("a", 255),
	} {
		if err := checkPath(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "../x", "a/../b", "/a", "a//b", "a/", "a/./b", ".git/config", "a/.git/x", "a/.GIT", ".Git", "git~1", "GIT~2/x", ".git ", ".git.", ".gitmodules",
		"a\\b", "a:b", "c:", "a*", "a?", "a<b", "a|b", "a\"b", "a\x00b", "a\nb", "a\x1bb", "a\x7fb", "a\u202eb", "a\u200fb", "a\u2066b", "a\u200db", ".g\u200cit", "a\ufeff",
		"\xff", "aux", "aux.yaml", "a/CON", "nul.txt", "com1", "LPT9.yaml", "com¹", "conin$", "a./b", "a /b", " a", strings.Repeat("a", 256), strings.Repeat("a/", 2100) + "a",
	} {
		err := checkPath(name)
		var path *PathError
		if !errors.As(err, &path) {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == '\u202e' || r == 0x7f }) {
			t.Errorf("%q: the message holds it raw", name)
		}
	}
}

// bad is what Stage says, and that nothing changed.
func bad(t *testing.T, dir string, want Want, target any, text string) {
	t.Helper()
	before := snapshot(t, dir)
	_, err := opened(t, dir).Stage(context.Background(), want)
	if !errors.As(err, target) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %T %v, want %q", err, err, text)
	}
	if snapshot(t, dir) != before {
		t.Error("something changed")
	}
}

func texts(pairs ...string) map[string][]byte {
	all := map[string][]byte{}
	for n := 0; n < len(pairs); n += 2 {
		all[pairs[n]] = []byte(pairs[n+1])
	}
	return all
}

func TestStageRefuses(t *testing.T) {
	link := func(target, name string) func(string) {
		return func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	outside := t.TempDir()
	for _, c := range []struct {
		name  string
		setup func(dir string)
		want  Want
		text  string
	}{
		{"twins", nil, Want{Write: texts("a/x", "1", "a/X", "2")}, "path a/x differs from a/X by case only"},
		{"twin folders", nil, Want{Write: texts("A/x", "1", "a/y", "2")}, "path a differs from A by case only"},
		{"twin on the disk", nil, Want{Write: texts("gkops/prod/Packages/x", "1")}, "path gkops/prod/Packages differs from gkops/prod/packages by case only"},
		{"twin file on the disk", nil, Want{Write: texts("readme", "1")}, "path readme differs from README by case only"},
		{"link", link("/etc/passwd", "gkops.yaml"), Want{Write: texts("gkops.yaml", "x")}, "path gkops.yaml is a symbolic link"},
		{"link as the lock", link("x", "gkops/prod/gkops.lock"), Want{Write: texts("gkops/prod/gkops.lock", "x")}, "gkops.lock is a symbolic link"},
		{"link on the way", link(outside, "gkops/prod"), Want{Write: texts("gkops/prod/x", "x")}, "path gkops/prod is a symbolic link, and files are to be written below it"},
		{"delete below a link", link(outside, "gkops/prod"), Want{Delete: []string{"gkops/prod/x"}}, "path gkops/prod is a symbolic link"},
		{"folder", nil, Want{Write: texts("gkops/prod", "x")}, "path gkops/prod is a folder"},
		{"file on the way", nil, Want{Write: texts("gkops.yaml/x", "x")}, "path gkops.yaml is a file, and"},
		{"submodule", func(dir string) { write(t, dir, map[string]string{"gkops/prod/.git": "gitdir: x\n"}) }, Want{Write: texts("gkops/prod/x", "x")}, "gkops/prod is another repository, or a submodule"},
		{"escape", nil, Want{Write: texts("../x", "x")}, "path ../x is not a plain relative path"},
		{"escape by delete", nil, Want{Delete: []string{"../x"}}, "path ../x is not a plain relative path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := uncommitted(t)
			if c.setup != nil {
				c.setup(dir)
			}
			bad(t, dir, c.want, new(*PathError), c.text)
		})
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Error("something was written through a link")
	}
}

func TestStageKeepsAPersonsFiles(t *testing.T) {
	dir := uncommitted(t)
	want := sampleWant()
	write(t, dir, map[string]string{
		"gkops/prod/packages/a/core/x.yaml": "edited\n", "gkops/prod/packages/b/core/z.yaml": "edited too\n", "gkops/prod/packages/c/crds/c.yaml": "mine\n",
	})
	text := "files in the way, edited by hand: gkops/prod/packages/a/core/x.yaml, gkops/prod/packages/b/core/z.yaml; not written by gkops: gkops/prod/packages/c/crds/c.yaml"
	bad(t, dir, want, new(*OccupiedError), text)
	want.Force = true
	bad(t, dir, want, new(*OccupiedError), "files in the way, not written by gkops: gkops/prod/packages/c/crds/c.yaml")
	write(t, dir, map[string]string{"gkops/prod/packages/c": "-"})
	if err := applied(t, opened(t, dir), want); err != nil {
		t.Fatal(err)
	}
	if got := snapshot(t, dir); got != sampleAfter {
		t.Error(got)
	}
}

// TestStageRestores writes owned files that are missing, and leaves what needs nothing, whoever wrote it.
func TestStageRestores(t *testing.T) {
	dir := uncommitted(t)
	write(t, dir, map[string]string{"gkops/prod/packages": "-", "gkops/prod/flux/empty.yaml": ""})
	if err := applied(t, opened(t, dir), sampleWant()); err != nil {
		t.Fatal(err)
	}
	if got := snapshot(t, dir); got != sampleAfter {
		t.Error(got)
	}
}

func TestApplyChecksAgain(t *testing.T) {
	dir := uncommitted(t)
	r := opened(t, dir)
	change, err := r.Stage(context.Background(), sampleWant())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"gkops.yaml": "edited in between\n"})
	before := snapshot(t, dir)
	var occupied *OccupiedError
	if err := r.Apply(context.Background(), change); !errors.As(err, &occupied) || fmt.Sprint(occupied.Edited) != "[gkops.yaml]" {
		t.Error(err)
	}
	if snapshot(t, dir) != before {
		t.Error("something changed")
	}
}

func TestApplyRespectsGitsLock(t *testing.T) {
	dir := uncommitted(t)
	write(t, dir, map[string]string{".git/index.lock": "git's"})
	before := snapshot(t, dir)
	err := applied(t, opened(t, dir), sampleWant())
	var locked *IndexLockedError
	if !errors.As(err, &locked) || !strings.HasSuffix(locked.File, "index.lock") {
		t.Error(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, ".git", "index.lock")); string(data) != "git's" || snapshot(t, dir) != before {
		t.Errorf("changed: %q %v", data, err)
	}
}

// TestLock lets two open repositories, as two processes have them, write at once.
func TestLock(t *testing.T) {
	dir := uncommitted(t)
	first, second := opened(t, dir), opened(t, dir)
	release, err := first.Lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	change, err := second.Stage(context.Background(), sampleWant())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Millisecond)
	defer cancel()
	var busy *BusyError
	if err := second.Apply(ctx, change); !errors.As(err, &busy) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another writes: %v", err)
	}
	done := make(chan error)
	go func() { done <- second.Apply(context.Background(), change) }()
	if err := applied(t, first, Want{Write: texts("new/x", "1")}); err != nil {
		t.Errorf("who has the lock writes: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the other is done: %v", err)
	}
	if !exists(filepath.Join(dir, "new", "x")) || !strings.Contains(snapshot(t, dir), "lock 2") {
		t.Error("one of the two is lost")
	}
}

// TestApplyAtOnce starts writers that each add their own line to what they read: none is lost.
func TestApplyAtOnce(t *testing.T) {
	dir := uncommitted(t)
	const writers = 6
	done := make(chan error, writers)
	for n := range writers {
		go func() { done <- addLine(dir, fmt.Sprintf("line %d\n", n)) }()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "gkops.yaml"))
	if err != nil || strings.Count(string(data), "line") != writers {
		t.Errorf("%q %v", data, err)
	}
}

func addLine(dir, line string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	r.disk = realDisk{lax: true}
	release, err := r.Lock(context.Background())
	if err != nil {
		return err
	}
	defer release()
	data, err := os.ReadFile(filepath.Join(dir, "gkops.yaml"))
	if err != nil {
		return err
	}
	want := Want{Write: map[string][]byte{"gkops.yaml": append(data, line...)}, Owned: map[string]catalog.Digest{"gkops.yaml": catalog.DigestOf(data)}}
	change, err := r.Stage(context.Background(), want)
	if err != nil {
		return err
	}
	return r.Apply(context.Background(), change)
}

func TestFindDrift(t *testing.T) {
	dir := uncommitted(t)
	r := opened(t, dir)
	part := func(content map[string]string) map[string]catalog.Digest {
		digests := map[string]catalog.Digest{}
		for name, text := range content {
			digests[name] = catalog.DigestOf([]byte(text))
		}
		return digests
	}
	l := &lock.Lock{
		Instances: []lock.Instance{
			{Name: "a", Parts: []lock.Part{{Name: "core", Files: part(map[string]string{"x.yaml": "x: 1\n", "y.yaml": "y: other\n", "gone.yaml": "1", "link.yaml": "2"})}}},
			{Name: "b", Parts: []lock.Part{{Name: "core", Files: part(map[string]string{"z.yaml": "z: 1\n"})}}},
		},
		Files: part(map[string]string{"flux/crlf.yaml": "a\nb\n", "flux/folder": "x"}),
	}
	write(t, dir, map[string]string{"gkops/prod/mine.txt": "hello", "gkops/prod/flux/crlf.yaml": "a\r\nb\r\n", "gkops/prod/flux/folder/inner": "x", "gkops/prod/own/a": "1", "gkops/prod/packages/a/gkops.lock": "2"})
	if err := os.Symlink("x.yaml", filepath.Join(dir, "gkops/prod/packages/a/core/link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "gkops/prod/etc")); err != nil {
		t.Fatal(err)
	}
	want := []Drift{
		{"etc", Foreign}, {"flux/crlf.yaml", Endings}, {"flux/folder", Special}, {"mine.txt", Foreign}, {"own/a", Foreign},
		{"packages/a/core/gone.yaml", Missing}, {"packages/a/core/link.yaml", Special}, {"packages/a/core/y.yaml", Edited}, {"packages/a/gkops.lock", Foreign},
	}
	tree, err := r.WorkFS()
	if err != nil {
		t.Fatal(err)
	}
	got, err := FindDrift(context.Background(), tree, l, "gkops/prod")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	none, err := FindDrift(context.Background(), tree, l, "gkops/other")
	if err != nil || len(none) != len(l.Paths()) || none[0].Kind != Missing {
		t.Error(none, err)
	}
}

// TestApplyAcrossDevices stages beside the work tree, as it does when the repository is on another device.
func TestApplyAcrossDevices(t *testing.T) {
	dir := uncommitted(t)
	r := opened(t, dir)
	change, err := r.Stage(context.Background(), sampleWant())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(r.own(), 0o755); err != nil {
		t.Fatal(err)
	}
	j, err := r.prepareIn(context.Background(), r.file(besideFolder), change)
	if err != nil {
		t.Fatal(err)
	}
	if got := git(t, dir, "status", "--porcelain", "--", besideFolder); got != "" {
		t.Errorf("git sees %q", got)
	}
	said, err := opened(t, dir).Recover(context.Background())
	if err != nil || said != fmt.Sprintf("the interrupted write of %d files was completed", len(j.Steps)) {
		t.Errorf("%q %v", said, err)
	}
	if got := snapshot(t, dir); got != sampleAfter {
		t.Error(got)
	}
	leftover(t, dir)
}

func TestForeignJournalIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"stage":"/elsewhere","steps":[]}`, `{"stage":"STAGE","steps":[{"path":"../x","new":"sha256:1"}]}`, `{`, "",
	} {
		dir := uncommitted(t)
		r := opened(t, dir)
		write(t, dir, map[string]string{".git/gkops/journal": strings.Replace(text, "STAGE", r.own(stageFolder), 1)})
		before := snapshot(t, dir)
		if said, err := r.Recover(context.Background()); err == nil || snapshot(t, dir) != before {
			t.Errorf("%s: %q", text, said)
		}
	}
}

var _ fs.FS = (*treeFS)(nil)

func TestStageTreeIsStageOfATree(t *testing.T) {
	tree := fstest.MapFS{
		"gkops/a.yaml":    {Data: []byte("a"), Mode: 0o644},
		"gkops/old.yaml":  {Data: []byte("old"), Mode: 0o644},
		"gkops/mine.yaml": {Data: []byte("mine"), Mode: 0o644},
		"gkops/link.yaml": {Data: []byte("x"), Mode: fs.ModeSymlink | 0o777},
		"file":            {Data: []byte("f"), Mode: 0o644},
	}
	owned := map[string]catalog.Digest{"gkops/a.yaml": catalog.DigestOf([]byte("a")), "gkops/old.yaml": catalog.DigestOf([]byte("other"))}
	stage := func(want Want) (Change, error) {
		want.Owned = owned
		return StageTree(context.Background(), tree, want)
	}
	change, err := stage(Want{Write: map[string][]byte{"gkops/a.yaml": []byte("b"), "gkops/new/x.yaml": nil, "gkops/gkops.lock": []byte("l")}, Delete: []string{"gkops/none.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"gkops/a.yaml": []byte("b"), "gkops/new/x.yaml": {}, "gkops/gkops.lock": []byte("l")}
	if diff := cmp.Diff(want, change.Files()); diff != "" {
		t.Error(diff)
	}
	if change, err = stage(Want{Write: map[string][]byte{"gkops/a.yaml": []byte("a")}}); err != nil || !change.Empty() {
		t.Errorf("the same bytes change %v, %v", change.Files(), err)
	}
	for name, c := range map[string]struct {
		want  Want
		error string
	}{
		"edited":              {Want{Delete: []string{"gkops/old.yaml"}}, "edited by hand: gkops/old.yaml"},
		"foreign":             {Want{Write: map[string][]byte{"gkops/mine.yaml": nil}}, "not written by gkops: gkops/mine.yaml"},
		"link":                {Want{Write: map[string][]byte{"gkops/link.yaml": nil}}, "a symbolic link"},
		"below a link":        {Want{Write: map[string][]byte{"gkops/link.yaml/x": nil}}, "a symbolic link"},
		"below a file":        {Want{Write: map[string][]byte{"file/x.yaml": nil}}, "a file, and files are to be written below it"},
		"outside":             {Want{Write: map[string][]byte{"../x": nil}}, "../x"},
		"delete below a file": {Want{Delete: []string{"gkops/link.yaml/x"}}, "a symbolic link"},
	} {
		if _, err := stage(c.want); err == nil || !strings.Contains(err.Error(), c.error) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if change, err = stage(Want{Delete: []string{"gkops/old.yaml"}, Force: true}); err != nil || len(change.Deleted()) != 1 {
		t.Errorf("force: %v, %v", change.Deleted(), err)
	}
}
