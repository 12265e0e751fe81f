package bot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge/forgetest"
	"gkops.dev/gkops/gitops/remote"
)

// BenchmarkBot runs the bot over bare repositories with 20 packages each: cloning them, with nothing to do, with one upgrade each, and once
// more. Each is one run: -benchtime 1x. GKOPS_BOT_REPOSITORIES says how many repositories, 200 when it is not set. The memory is the most that
// the process has had so far, with the forge, which is in it.
func BenchmarkBot(b *testing.B) {
	count := 200
	if text := os.Getenv("GKOPS_BOT_REPOSITORIES"); text != "" {
		if _, err := fmt.Sscan(text, &count); err != nil {
			b.Fatal(err)
		}
	}
	t := &testing.T{}
	f := &fleet{t: t, server: forgetest.New(b), registry: b.TempDir(), now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	var index, wanted strings.Builder
	for n := range 20 {
		pkg := fmt.Sprintf("p%02d", n)
		f.publish(pkg, "v1.0.0")
		fmt.Fprintf(&index, "- {name: %s, latestVersion: v1.0.0}\n", pkg)
		fmt.Fprintf(&wanted, "  - name: %s\n", pkg)
	}
	f.write("index.yaml", "packages:\n"+index.String())
	f.packages = wanted.String()
	files := f.rendered()
	run := &bot.Run{
		Forge: f.server.As("bot"), World: f.world(), Workers: 2, Identity: bot.Identity{Name: "gkops", Email: "gkops@example.org"},
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Memory: &kept{},
	}
	cache := b.TempDir()
	run.Clone = func(path, url string) (bot.Clone, error) {
		return remote.Open(url, filepath.Join(cache, strings.ReplaceAll(path, "/", "-")), remote.Options{})
	}
	for n := range count {
		path := fmt.Sprintf("team/r%03d", n)
		f.server.Add(b, path, files)
		run.Repositories = append(run.Repositories, path)
	}
	rounds := func(name string, state bot.State, want int) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				results, err := run.Do(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				got := 0
				for _, r := range results {
					if r.Err() != nil {
						b.Fatal(r.Err())
					}
					got += r.Count(state)
				}
				if got != want {
					b.Fatalf("%d pulls are %s, want %d", got, state, want)
				}
			}
			b.ReportMetric(peak(b), "peak-bytes")
		})
	}
	rounds("clone", bot.Opened, 0)
	rounds("nothing", bot.Opened, 0)
	f.publish("p00", "v1.0.0", "v1.1.0")
	rounds("upgrade", bot.Opened, count)
	rounds("again", bot.Unchanged, count)
}

// peak is the most memory that the process has had, as Linux counts it; elsewhere what Go has from the system.
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		kilobytes := 0.0
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); n == 1 {
			return kilobytes * 1024
		}
	}
	if err == nil {
		b.Log("the kernel does not say what the process has had")
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return float64(memory.Sys)
}
