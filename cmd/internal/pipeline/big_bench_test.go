package pipeline

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gkops.dev/gkops/golden/big"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/location"
)

// BenchmarkBigRegistry solves for 50 packages of a registry of 10,000 with 200,000 versions, which is a folder: warm reads it with nothing
// in memory, as a command does; loaded asks again what was read already. The folder holds the whole index, and of the packages
// those that any version of the 50 may need. peak-MB is the most memory that the process ever had, the made-up registry included.
func BenchmarkBigRegistry(b *testing.B) {
	made := big.Make(10000, 20)
	asked := made.Ask(1, 50)
	dir := b.TempDir()
	if err := made.Write(dir, made.Reachable(asked)); err != nil {
		b.Fatal(err)
	}
	problem := resolver.Problem{Registries: []string{"big"}}
	for i, p := range asked {
		problem.Roots = append(problem.Roots, resolver.Root{Package: made.Packages[p].Name, Where: fmt.Sprintf("gkops.yaml:%d", i+1)})
	}
	made = nil
	b.Run("warm", func(b *testing.B) {
		b.ReportAllocs()
		before := processorTime(b)
		for range b.N {
			solveIn(b.Context(), b, openFolder(b, dir), problem)
		}
		b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		b.ReportMetric(peak(b), "peak-MB")
	})
	b.Run("loaded", func(b *testing.B) {
		b.ReportAllocs()
		project := openFolder(b, dir)
		solveIn(b.Context(), b, project, problem)
		b.ResetTimer()
		before := processorTime(b)
		for range b.N {
			solveIn(b.Context(), b, project, problem)
		}
		b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
	})
}

func openFolder(b *testing.B, dir string) *Project {
	b.Helper()
	opener, err := location.NewOpener(location.Options{Base: dir, HTTP: http.DefaultClient, Warn: func(string) {}})
	if err != nil {
		b.Fatal(err)
	}
	registry, err := opener.Open("big", dir)
	if err != nil {
		b.Fatal(err)
	}
	return &Project{registries: catalog.NewSet(registry)}
}

func solveIn(ctx context.Context, b *testing.B, project *Project, problem resolver.Problem) {
	b.Helper()
	plan, err := resolver.Solve(ctx, offers{project: project}, problem)
	if err != nil {
		b.Fatal(err)
	}
	if len(plan.Instances) < 200 {
		b.Fatalf("only %d instances", len(plan.Instances))
	}
}

// processorTime is what all threads of the process have used, which a busy machine changes less than the time on the wall.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peak is the most memory that the process had at any time.
func peak(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if text, is := strings.CutPrefix(line, "VmHWM:"); is {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")))
			if err != nil {
				b.Fatal(err)
			}
			return float64(kilobytes) / 1000
		}
	}
	b.Fatal("the system does not say how much memory the process had")
	return 0
}
