//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is where a program was built. The tests run by `make e2e`, which builds them.
func place(t *testing.T, program string) string {
	t.Helper()
	name := "GKOPS_E2E_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(program))
	built := os.Getenv(name)
	if built == "" {
		t.Fatalf("%s is not set: run the end-to-end tests with `make e2e`, which builds %s", name, program)
	}
	return built
}

// start runs a program until the test ends, its output in a file that is shown when the test fails. It returns what says that the program
// ended by itself.
func start(t *testing.T, dir, program string, env []string, args ...string) <-chan error {
	t.Helper()
	return startAs(t, dir, filepath.Base(program), program, env, args...)
}

// startAs runs a program under another name: one program may have several roles.
func startAs(t *testing.T, dir, as, program string, env []string, args ...string) <-chan error {
	t.Helper()
	name := filepath.Join(dir, as+".log")
	log, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(append(os.Environ(), "GOGC=400"), env...) // memory is cheaper here than processors
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	stopping, ended, died := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(ended)
		defer close(died)
		err := cmd.Wait()
		select {
		case <-stopping:
		default:
			died <- fmt.Errorf("%s ended by itself (%v):\n%s", as, err, tail(name, 10))
		}
	}()
	t.Cleanup(func() {
		close(stopping)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(3 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		log.Close()
		state := cmd.ProcessState
		t.Logf("%s took %.1f s of processor", as, (state.UserTime() + state.SystemTime()).Seconds())
		if t.Failed() {
			t.Logf("the end of %s:\n%s", filepath.Base(name), tail(name, 25))
		}
	})
	return died
}

// tail is the last lines of a file, or what they begin with.
func tail(name string, lines int) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	all = all[max(0, len(all)-lines):]
	for n, line := range all {
		all[n] = line[:min(len(line), 500)]
	}
	return strings.Join(all, "\n")
}

// output runs a program to its end and returns what it printed. Its failure is the test's.
func output(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	data, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, data)
	}
	return string(data)
}

// try runs a program to its end and returns what it printed to stdout, also when it says no.
func try(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	data, err := cmd.Output()
	return string(data), err
}

// eventually asks until there is no error, or fails with the last one.
func eventually(t *testing.T, within time.Duration, what string, ask func(ctx context.Context) error) {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil {
			if took := time.Since(begin); took > time.Second {
				t.Logf("%s after %.1fs", what, took.Seconds())
			}
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not %s within %s: %v", what, within, err)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// moduleDir is where the source of a module that a folder below this one pins was unpacked.
func moduleDir(t *testing.T, folder, module string) string {
	t.Helper()
	return strings.TrimSpace(output(t, folder, []string{"GOFLAGS=-mod=readonly"}, "go", "list", "-m", "-f", "{{.Dir}}", module))
}

func fail(format string, args ...any) error { return fmt.Errorf(format, args...) }
