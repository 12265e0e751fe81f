package gitops

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

// large makes a repository of 20,400 files in 340 folders.
func large(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	git(b, dir, "init", "-q", "--template=")
	files := map[string]string{}
	for folder := range 340 {
		for n := range 60 {
			files[fmt.Sprintf("gkops/prod/packages/p%03d/core/object-%02d.yaml", folder, n)] = fmt.Sprintf("kind: ConfigMap\nfolder: %d\nnumber: %d\n", folder, n)
		}
	}
	write(b, dir, files)
	git(b, dir, "add", "-A")
	git(b, dir, "commit", "-q", "-m", "first")
	git(b, dir, "gc", "-q")
	git(b, dir, "status")
	return dir
}

// BenchmarkCommit200Of20400 commits 200 changed files, opening the repository each time.
func BenchmarkCommit200Of20400(b *testing.B) {
	dir := large(b)
	round := 0
	for b.Loop() {
		b.StopTimer()
		round++
		var paths []string
		files := map[string]string{}
		for n := range 200 {
			name := fmt.Sprintf("gkops/prod/packages/p%03d/core/object-%02d.yaml", n, n%60)
			files[name] = fmt.Sprintf("kind: ConfigMap\nround: %d of %d\n", round, n)
			paths = append(paths, name)
		}
		write(b, dir, files)
		b.StartTimer()
		r, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Commit(context.Background(), Change{paths: paths}, options("x")); err != nil {
			b.Fatal(err)
		}
	}
}

// generated makes a tree of 1,500 files and 25 MB, and its lock.
func generated(b *testing.B) (string, *lock.Lock, Want) {
	b.Helper()
	dir := b.TempDir()
	if _, err := Init(dir); err != nil {
		b.Fatal(err)
	}
	l := &lock.Lock{Files: map[string]catalog.Digest{}}
	want := Want{Write: map[string][]byte{}}
	files := map[string]string{}
	for n := range 1500 {
		name := fmt.Sprintf("packages/p%02d/core/object-%d.yaml", n%20, n)
		data := bytes.Repeat([]byte(fmt.Sprintf("number: %d\n", n)), 1500)
		l.Files[name] = catalog.DigestOf(data)
		want.Write["gkops/prod/"+name] = data
		files["gkops/prod/"+name] = string(data)
	}
	write(b, dir, files)
	return dir, l, want
}

func BenchmarkFindDrift(b *testing.B) {
	dir, l, _ := generated(b)
	for b.Loop() {
		r, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		tree, err := r.WorkFS()
		if err != nil {
			b.Fatal(err)
		}
		if drift, err := FindDrift(context.Background(), tree, l, "gkops/prod"); err != nil || len(drift) > 0 {
			b.Fatal(drift, err)
		}
	}
}

func BenchmarkStageNothing(b *testing.B) {
	dir, _, want := generated(b)
	for b.Loop() {
		r, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if change, err := r.Stage(context.Background(), want); err != nil || !change.Empty() {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	dir, l, want := generated(b)
	_ = l
	for b.Loop() {
		b.StopTimer()
		if err := os.RemoveAll(filepath.Join(dir, "gkops")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		r, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		change, err := r.Stage(context.Background(), want)
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Apply(context.Background(), change); err != nil {
			b.Fatal(err)
		}
	}
}
