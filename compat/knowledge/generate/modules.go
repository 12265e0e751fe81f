package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// modules hands out the files of Go modules, one module at a time, and keeps nothing on the disk.
type modules struct {
	dir  string // looked at first
	temp string // a module cache of our own
	last string // module@version whose folder is open
	path string
}

func newModules(dir string) (*modules, error) {
	temp, err := os.MkdirTemp("", "knowledge")
	return &modules{dir: dir, temp: temp}, err
}

func (m *modules) close() error { return os.RemoveAll(m.temp) }

// read calls do with the folder of a module version; the folder may be gone after the next call of read.
func (m *modules) read(ctx context.Context, module, version string, do func(dir string) error) error {
	name := module + "@" + version
	if m.last != name {
		if err := m.open(ctx, name); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	if err := do(m.path); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

func (m *modules) open(ctx context.Context, name string) error {
	m.last, m.path = name, filepath.Join(m.dir, name)
	if m.dir != "" {
		if _, err := os.Stat(m.path); err == nil {
			return nil
		}
	}
	if err := os.RemoveAll(m.temp); err != nil {
		return err
	}
	text, err := download(ctx, m.temp, name)
	for tries := 1; err != nil && tries < 4 && ctx.Err() == nil; tries++ { // a proxy may be slow for a while
		text, err = download(ctx, m.temp, name)
	}
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	var got struct{ Dir string }
	if err := json.Unmarshal(text, &got); err != nil {
		return err
	}
	m.path = got.Dir
	return nil
}

// download fetches one module into a module cache and returns what the go command says about it.
func download(ctx context.Context, cache, name string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", name)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOMODCACHE="+cache, "GOFLAGS=-modcacherw", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s%s", err, text, stderr.Bytes())
	}
	return text, nil
}
