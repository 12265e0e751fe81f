package gitops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gkops.dev/gkops/resolver/catalog"
)

// faultyDisk is the real disk until a call with a number; then it does what fault says.
type faultyDisk struct {
	disk
	mutex sync.Mutex
	calls int
	fault func(call int, op, name string, data []byte) error
}

func (d *faultyDisk) call(op, name string, data []byte, do func() error) error {
	d.mutex.Lock()
	d.calls++
	call := d.calls
	d.mutex.Unlock()
	if err := d.fault(call, op, name, data); err != nil {
		return err
	}
	return do()
}

func (d *faultyDisk) Mkdir(name string) error {
	return d.call("mkdir", name, nil, func() error { return d.disk.Mkdir(name) })
}
func (d *faultyDisk) Create(name string, data []byte) error {
	return d.call("create", name, data, func() error { return d.disk.Create(name, data) })
}
func (d *faultyDisk) Fill(name string, data []byte) error {
	return d.call("fill", name, data, func() error { return d.disk.Fill(name, data) })
}
func (d *faultyDisk) Append(name string, data []byte, make bool) error {
	return d.call("append", name, data, func() error { return d.disk.Append(name, data, make) })
}
func (d *faultyDisk) Link(name, second string) error {
	return d.call("link", second, nil, func() error { return d.disk.Link(name, second) })
}
func (d *faultyDisk) Rename(from, to string) error {
	return d.call("rename", to, nil, func() error { return d.disk.Rename(from, to) })
}
func (d *faultyDisk) Remove(name string) error {
	return d.call("remove", name, nil, func() error { return d.disk.Remove(name) })
}
func (d *faultyDisk) RemoveAll(name string) error {
	return d.call("removeall", name, nil, func() error { return d.disk.RemoveAll(name) })
}
func (d *faultyDisk) Sync(folder string) error {
	return d.call("sync", folder, nil, func() error { return d.disk.Sync(folder) })
}

// TestMain runs the tests, or, as a child of one of them, one write that is killed in the middle.
func TestMain(m *testing.M) {
	dir, kill := os.Getenv("GKOPS_TEST_REPOSITORY"), os.Getenv("GKOPS_TEST_KILL")
	if dir == "" {
		os.Exit(m.Run())
	}
	at, _ := strconv.Atoi(kill)
	if err := killed(dir, at, os.Getenv("GKOPS_TEST_DO")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// killed does one thing in a repository and kills this process at a call of the disk; a file that is being written is then half there.
func killed(dir string, at int, do string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	r.disk = &faultyDisk{disk: realDisk{lax: true}, fault: func(call int, op, name string, data []byte) error {
		if call < at {
			return nil
		}
		if half := data[:len(data)/2]; call == at && (op == "create" || op == "fill") && at%2 == 0 {
			_ = os.WriteFile(name, half, 0o644)
		}
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
		select {}
	}}
	if do == "commit" {
		_, err = r.Commit(context.Background(), sampleCommit(), options("killed"))
		return err
	}
	change, err := r.Stage(context.Background(), sampleWant())
	if err != nil {
		return err
	}
	return r.Apply(context.Background(), change)
}

// child runs killed in a process of its own, and reports whether it was killed.
func child(t *testing.T, dir string, at int, do string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(gitEnv(), "GKOPS_TEST_REPOSITORY="+dir, "GKOPS_TEST_KILL="+strconv.Itoa(at), "GKOPS_TEST_DO="+do)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false
	case errors.As(err, &exit) && exit.ExitCode() != 3:
		return true
	}
	t.Fatalf("child: %v %s", err, out)
	return false
}

// sampleWant changes the repository of workspace: replaces, creates, deletes, and empties folders.
func sampleWant() Want {
	owned := map[string]catalog.Digest{}
	for name, text := range map[string]string{
		"gkops.yaml": "a\n", "gkops/prod/gkops.lock": "lock 1\n", "gkops/prod/packages/a/core/x.yaml": "x: 1\n",
		"gkops/prod/packages/a/core/y.yaml": "y: 1\n", "gkops/prod/packages/b/core/z.yaml": "z: 1\n",
	} {
		owned[name] = catalog.DigestOf([]byte(text))
	}
	return Want{
		Write: map[string][]byte{
			"gkops.yaml": []byte("b\n"), "gkops/prod/gkops.lock": []byte("lock 2\n"), "gkops/prod/packages/a/core/x.yaml": []byte("x: 2\n"),
			"gkops/prod/packages/a/core/y.yaml": []byte("y: 1\n"), "gkops/prod/packages/c/crds/c.yaml": []byte("c: 1\n"), "gkops/prod/flux/empty.yaml": nil,
		},
		Delete: []string{"gkops/prod/packages/b/core/z.yaml", "gkops/prod/never.yaml"},
		Owned:  owned,
	}
}

const sampleAfter = `./
README "hello\n"
gkops/
gkops/prod/
gkops/prod/flux/
gkops/prod/flux/empty.yaml ""
gkops/prod/gkops.lock "lock 2\n"
gkops/prod/packages/
gkops/prod/packages/a/
gkops/prod/packages/a/core/
gkops/prod/packages/a/core/x.yaml "x: 2\n"
gkops/prod/packages/a/core/y.yaml "y: 1\n"
gkops/prod/packages/c/
gkops/prod/packages/c/crds/
gkops/prod/packages/c/crds/c.yaml "c: 1\n"
gkops.yaml "b\n"
run.sh "#!/bin/sh\n"
src/
src/main.go "package main\n"
`

func applied(t *testing.T, r *Repository, want Want) error {
	t.Helper()
	change, err := r.Stage(context.Background(), want)
	if err != nil {
		return err
	}
	return r.Apply(context.Background(), change)
}

func TestApply(t *testing.T) {
	dir := uncommitted(t)
	r := opened(t, dir)
	change, err := r.Stage(context.Background(), sampleWant())
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(change.Added(), change.Changed(), change.Deleted(), len(change.Paths()))
	want := "[gkops/prod/flux/empty.yaml gkops/prod/packages/c/crds/c.yaml] [gkops.yaml gkops/prod/gkops.lock gkops/prod/packages/a/core/x.yaml] [gkops/prod/packages/b/core/z.yaml] 8"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if last := change.steps[len(change.steps)-1].path; last != "gkops/prod/gkops.lock" {
		t.Errorf("%s is written last", last)
	}
	untouched, err := os.Stat(filepath.Join(dir, "gkops/prod/packages/a/core/y.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(context.Background(), change); err != nil {
		t.Fatal(err)
	}
	if got := snapshot(t, dir); got != sampleAfter {
		t.Error(got)
	}
	again, err := os.Stat(filepath.Join(dir, "gkops/prod/packages/a/core/y.yaml"))
	if err != nil || !os.SameFile(untouched, again) || !again.ModTime().Equal(untouched.ModTime()) {
		t.Error("a file that needs no change was written")
	}
	leftover(t, dir)
	want2 := sampleWant()
	want2.Owned = nil
	if change, err := r.Stage(context.Background(), want2); err != nil || !change.Empty() {
		t.Errorf("a second time: %v %v", change.steps, err)
	}
}

// leftover checks that only the lock file of gkops remains.
func leftover(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".git", "gkops", "*"))
	if err != nil || len(left) > 1 {
		t.Errorf("left over: %v %v", left, err)
	}
	for _, name := range []string{filepath.Join(dir, besideFolder), filepath.Join(dir, ".git", "index.lock")} {
		if exists(name) {
			t.Errorf("left over: %s", name)
		}
	}
}

// TestApplyKilled kills the process at every call of the disk: after recovery the work tree is the old or the new one.
func TestApplyKilled(t *testing.T) {
	base := uncommitted(t)
	before := snapshot(t, base)
	wasNew := false
	for at := 1; ; at++ {
		dir := copied(t, base)
		if !child(t, dir, at, "apply") {
			if at < 20 {
				t.Errorf("only %d calls", at)
			}
			break
		}
		r := opened(t, dir)
		said, err := r.Recover(context.Background())
		if err != nil {
			t.Fatalf("call %d: %v", at, err)
		}
		got := snapshot(t, dir)
		switch {
		case got == before && !wasNew:
		case got == sampleAfter:
			wasNew = true
		default:
			t.Fatalf("call %d: torn, recovery said %q:\n%s", at, said, got)
		}
		if got == sampleAfter && exists(filepath.Join(dir, ".git", "gkops", stageFolder)) || said == "" && at > 1 {
			t.Errorf("call %d: recovery said %q", at, said)
		}
		leftover(t, dir)
		if err := applied(t, r, sampleWant()); got == before && err != nil {
			t.Errorf("call %d: again: %v", at, err)
		}
		if snapshot(t, dir) != sampleAfter {
			t.Errorf("call %d: another run gives something else", at)
		}
	}
	if !wasNew {
		t.Error("never new after a kill")
	}
}

func copied(t *testing.T, dir string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(target, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return target
}

// TestApplyFails lets every call fail: once, from then on for what needs space, from then on for all.
func TestApplyFails(t *testing.T) {
	base := uncommitted(t)
	before := snapshot(t, base)
	kinds := map[string]func(at int) func(int, string, string, []byte) error{
		"once": func(at int) func(int, string, string, []byte) error {
			return func(call int, op, name string, _ []byte) error {
				if call == at {
					return &os.PathError{Op: op, Path: name, Err: syscall.EIO}
				}
				return nil
			}
		},
		"no space": func(at int) func(int, string, string, []byte) error {
			return func(call int, op, name string, _ []byte) error {
				if call >= at && (op == "create" || op == "mkdir" || op == "fill") {
					return &os.PathError{Op: op, Path: name, Err: syscall.ENOSPC}
				}
				return nil
			}
		},
		"read-only": func(at int) func(int, string, string, []byte) error {
			return func(call int, op, name string, _ []byte) error {
				if call >= at {
					return &os.PathError{Op: op, Path: name, Err: syscall.EROFS}
				}
				return nil
			}
		},
	}
	for kind, fault := range kinds {
		t.Run(kind, func(t *testing.T) {
			for at := 1; ; at++ {
				dir := copied(t, base)
				r := opened(t, dir)
				faulty := &faultyDisk{disk: realDisk{lax: true}, fault: fault(at)}
				r.disk = faulty
				err := applied(t, r, sampleWant())
				if err == nil && (faulty.calls < at || kind == "no space") {
					break
				}
				failed(t, kind, at, dir, before, err)
			}
		})
	}
}

// failed checks what is left after a failure.
func failed(t *testing.T, kind string, at int, dir, before string, err error) {
	t.Helper()
	got := snapshot(t, dir)
	var interrupted *InterruptedError
	switch {
	case err == nil && got == sampleAfter: // tidying up failed, the write is done
	case err != nil && got == before && !errors.As(err, &interrupted):
	case errors.As(err, &interrupted) && kind == "read-only":
	default:
		t.Fatalf("%s at call %d: %v\n%s", kind, at, err, got)
	}
	if kind != "read-only" {
		leftover(t, dir)
		return
	}
	if _, err := opened(t, dir).Recover(context.Background()); err != nil {
		t.Fatal(err)
	}
	if now := snapshot(t, dir); now != before && now != sampleAfter {
		t.Fatalf("%s at call %d, after recovery:\n%s", kind, at, now)
	}
	leftover(t, dir)
}

// TestRecoverGivesUp lets a person change a file between the kill and the recovery: that file stays.
func TestRecoverGivesUp(t *testing.T) {
	base := uncommitted(t)
	gaveUp := 0
	for at := 1; ; at += 3 {
		dir := copied(t, base)
		if !child(t, dir, at, "apply") {
			break
		}
		write(t, dir, map[string]string{"gkops.yaml": "a person's\n"})
		said, err := opened(t, dir).Recover(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(filepath.Join(dir, "gkops.yaml")); string(data) != "a person's\n" {
			t.Fatalf("call %d: %q %v, recovery said %q", at, data, err, said)
		}
		if strings.Contains(said, "given up, because since then these changed: gkops.yaml") {
			gaveUp++
		}
		leftover(t, dir)
	}
	if gaveUp == 0 {
		t.Error("recovery never gave up")
	}
}

func sampleCommit() Change {
	return Change{paths: []string{"gkops.yaml", "gkops/prod/packages/a/core/x.yaml", "gkops/prod/packages/c/crds/c.yaml"}}
}

// TestCommitKilled kills the process at every call of the disk during a commit.
func TestCommitKilled(t *testing.T) {
	base := workspace(t)
	write(t, base, map[string]string{
		"gkops.yaml": "b\n", "gkops/prod/packages/a/core/x.yaml": "-", "gkops/prod/packages/c/crds/c.yaml": "c\n", "README": "staged\n",
	})
	git(t, base, "add", "README")
	before, head := git(t, base, "status", "--porcelain"), git(t, base, "rev-parse", "HEAD")
	wasNew := false
	for at := 1; ; at++ {
		dir := copied(t, base)
		if !child(t, dir, at, "commit") {
			if at < 8 {
				t.Errorf("only %d calls", at)
			}
			break
		}
		said, err := opened(t, dir).Recover(context.Background())
		if err != nil {
			t.Fatalf("call %d: %v", at, err)
		}
		leftover(t, dir)
		status, now := git(t, dir, "status", "--porcelain"), git(t, dir, "rev-parse", "HEAD")
		switch {
		case status == before && now == head && !wasNew:
		case status == "M  README\n" && now != head:
			wasNew = true
		default:
			t.Fatalf("call %d: recovery said %q, status %q", at, said, status)
		}
		git(t, dir, "fsck", "--strict")
		git(t, dir, "commit", "-q", "-m", "git goes on", "README")
	}
	if !wasNew {
		t.Error("never new after a kill")
	}
}
