// Command bench runs the benchmarks of the project, peers among them, and writes docs/benchmarks.md and, for benchstat,
// docs/benchmarks.txt.
//
// It knows Go's benchmark format and nothing of what is measured.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// packages are those with benchmarks.
var packages = [...]string{"./cmd/internal/cli", "./cmd/internal/pipeline", "./render/...", "./resolver/...", "./gitops/...", "./compat/..."}

func main() {
	if err := measure(); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func measure() error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "gkops")
	if err := command(nil, os.Stderr, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/gkops"); err != nil {
		return err
	}
	var raw bytes.Buffer
	args := []string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "300ms", "-count", "5", "-p", "1"}
	if os.Getenv("GKOPS_SHARED") != "" {
		args = append(args, "-tags", "peers,real") // the real registries and their mirror are at hand
	}
	args = append(args, packages[:]...)
	if err := command([]string{"GKOPS_BENCH_PROGRAM=" + program}, io.MultiWriter(&raw, os.Stdout), "go", args...); err != nil {
		return err
	}
	// The rounds of the bot build on one another: each is one run, over 200 repositories.
	if err := command(nil, io.MultiWriter(&raw, os.Stdout), "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "1x", "./cmd/internal/bot"); err != nil {
		return err
	}
	if err := os.WriteFile("docs/benchmarks.txt", raw.Bytes(), 0o644); err != nil {
		return err
	}
	text, err := page(raw.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile("docs/benchmarks.md", text, 0o644)
}

func command(env []string, out io.Writer, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return nil
}

// row is one benchmark with all its runs.
type row struct {
	pkg, name string
	values    map[string][]float64
}

// page is docs/benchmarks.md: the machine, and the median of every benchmark.
func page(raw []byte) ([]byte, error) {
	rows, config, err := read(raw)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no benchmark ran")
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Benchmarks\n\nMade by `make bench`; the runs are in [benchmarks.txt](benchmarks.txt), for benchstat. Medians of five runs.\n"+
		"Rows of cmd/internal/cli are whole processes: their memory and allocations are those of the harness, not of gkops.\n"+
		"Rows of cmd/internal/bot are one run each, over 200 repositories with 20 packages; their memory is the most that the process has had so far, the forge included.\n\n")
	fmt.Fprintf(&out, "Machine: %s, %d processors, %s/%s, %s.\n", config["cpu"], runtime.NumCPU(), config["goos"], config["goarch"], runtime.Version())
	last := ""
	for _, r := range rows {
		if r.pkg != last {
			last = r.pkg
			fmt.Fprintf(&out, "\n## %s\n\n| benchmark | time | memory | allocations |\n|---|---:|---:|---:|\n", strings.TrimPrefix(last, "gkops.dev/gkops/"))
		}
		memory, allocations := kilobytes(median(r.values["B/op"])), count(median(r.values["allocs/op"]))
		if peak := r.values["peak-bytes"]; peak != nil {
			memory, allocations = kilobytes(median(peak)), ""
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", r.name, seconds(median(r.values["sec/op"])), memory, allocations)
	}
	return out.Bytes(), nil
}

func read(raw []byte) ([]*row, map[string]string, error) {
	reader := benchfmt.NewReader(bytes.NewReader(raw), "benchmarks.txt")
	var rows []*row
	config := map[string]string{}
	for reader.Scan() {
		result, isResult := reader.Result().(*benchfmt.Result)
		if !isResult {
			continue
		}
		for _, c := range result.Config {
			config[c.Key] = string(c.Value)
		}
		pkg, name := result.GetConfig("pkg"), result.Name.String()
		n := slices.IndexFunc(rows, func(r *row) bool { return r.pkg == pkg && r.name == name })
		if n < 0 {
			rows = append(rows, &row{pkg: pkg, name: name, values: map[string][]float64{}})
			n = len(rows) - 1
		}
		for _, v := range result.Values {
			rows[n].values[v.Unit] = append(rows[n].values[v.Unit], v.Value)
		}
	}
	return rows, config, reader.Err()
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func seconds(v float64) string {
	switch {
	case v >= 1:
		return fmt.Sprintf("%.2f s", v)
	case v >= 1e-3:
		return fmt.Sprintf("%.1f ms", v*1e3)
	case v >= 1e-6:
		return fmt.Sprintf("%.1f µs", v*1e6)
	}
	return fmt.Sprintf("%.0f ns", v*1e9)
}

func kilobytes(v float64) string {
	if v >= 1e6 {
		return fmt.Sprintf("%.1f MB", v/1e6)
	}
	return fmt.Sprintf("%.1f kB", v/1e3)
}

func count(v float64) string { return fmt.Sprintf("%.0f", v) }
