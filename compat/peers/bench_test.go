//go:build peers

package peers

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkMirror reads every manifest of the mirror in GKOPS_SHARED, gkops and kubeconform in turn, as programs with two threads. gkops
// (GKOPS_BENCH_PROGRAM) judges kinds, fields and custom resources for one minor. kubeconform has no schemas without a network: it
// splits and parses the documents and looks for a schema in an empty folder, which is the least that it ever does.
func BenchmarkMirror(b *testing.B) {
	mirror := filepath.Join(os.Getenv("GKOPS_SHARED"), "mirror")
	bin := b.TempDir()
	install := exec.Command("go", "install", "github.com/yannh/kubeconform/cmd/kubeconform@"+kubeconform[len("github.com/yannh/kubeconform@"):])
	install.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := install.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	none := filepath.Join(b.TempDir(), "{{.ResourceKind}}.json")
	for _, program := range []struct {
		name string
		args []string
	}{
		{"gkops", []string{os.Getenv("GKOPS_BENCH_PROGRAM"), "compat", mirror, "--kubernetes", "1.34"}},
		{"kubeconform-without-schemas", []string{filepath.Join(bin, "kubeconform"), "-n", "2", "-ignore-missing-schemas", "-schema-location", none, mirror}},
	} {
		b.Run("program="+program.name, func(b *testing.B) {
			var peak int64
			for b.Loop() {
				cmd := exec.Command(program.args[0], program.args[1:]...)
				cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
				var exit *exec.ExitError
				if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
					b.Fatal(err)
				}
				peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
			}
			b.ReportMetric(float64(peak)*1024, "peak-B")
		})
	}
}
