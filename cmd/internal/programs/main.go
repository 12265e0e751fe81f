// Command programs builds the real programs that the end-to-end tests run, each from a Go module below golden/e2e, and runs a
// command with their places in its environment.
//
//	programs TIER [COMMAND [ARG...]]
//
// Without a command nothing is built: it says what is missing, and the exit status is 1 when something is.
//
// What was built stays in a folder named for the hash of what it was built from, below $XDG_CACHE_HOME/gkops/e2e or ~/.cache, so
// that nothing is built twice. One program is built at a time, however many of this command run: side by side, builds hinder each
// other. The command gets GKOPS_E2E_ETCD, GKOPS_E2E_KUBE_APISERVER_1_37 and so on, and runs in a network namespace of its own
// that has nothing but loopback.
//
// It knows how Go programs are built and named. It refuses to know what is tested.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

func main() {
	err := run(os.Args[1:])
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "programs: %v\n", err)
	}
	switch missing := (*missingError)(nil); {
	case errors.As(err, &missing):
		os.Exit(1)
	case err != nil:
		os.Exit(2)
	}
}

// missingError says what a tier cannot run without.
type missingError struct {
	tier     string
	programs []string
}

func (e *missingError) Error() string {
	return fmt.Sprintf("the end-to-end tests (%s) cannot run, these are missing:\n  %s", e.tier, strings.Join(e.programs, "\n  "))
}

// notInstalled lists the programs of the system that these need and this machine lacks, with the Debian package that has them.
func notInstalled(wanted []program) []string {
	needs := [][2]string{{"unshare", "util-linux"}, {"ip", "iproute2"}, {"git", "git"}}
	if slices.ContainsFunc(wanted, func(p program) bool { return p.name == "argocd" }) {
		needs = append(needs, [2]string{"redis-server", "redis-server"})
	}
	var missing []string
	for _, need := range needs {
		if _, err := exec.LookPath(need[0]); err != nil {
			missing = append(missing, fmt.Sprintf("%s (Debian: apt-get install %s)", need[0], need[1]))
		}
	}
	return missing
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: programs %s [COMMAND [ARG...]]", strings.Join(tierNames(), "|"))
	}
	wanted, err := tier(args[0])
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("find the cache: %w", err)
	}
	cache = filepath.Join(cache, "gkops", "e2e")
	missing := notInstalled(wanted)
	if len(args) == 1 {
		for _, p := range wanted {
			if place, err := p.place(cache); err != nil {
				return err
			} else if _, err := os.Stat(place); err != nil {
				missing = append(missing, p.name+" (built once, by 'make "+task(args[0])+"')")
			}
		}
	}
	if len(missing) > 0 {
		return &missingError{tier: args[0], programs: missing}
	}
	if len(args) == 1 {
		return nil
	}
	environment := os.Environ()
	for _, p := range wanted {
		place, err := p.built(cache)
		if err != nil {
			return err
		}
		environment = append(environment, p.variable()+"="+place)
	}
	return apart(environment, args[1:])
}

// apart runs a command in a network namespace that has only loopback: what is tested needs no network, and nobody outside can
// reach it. It has a namespace of process ids too: when the command ends, however it does, or this one, the kernel ends all that
// was started.
func apart(environment, args []string) error {
	runtime.LockOSThread() // the kernel takes the thread that starts a child for its parent
	script := `ip link set lo up && exec "$@"`
	cmd := exec.Command("unshare", append([]string{"-rn", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"}, args...)...)
	cmd.Env = environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}

// program is one program of a module below golden/e2e.
type program struct {
	name   string // of the program and of its variable: kube-apiserver-1.37
	folder string // of its module below golden/e2e
	path   string // the main package
	flags  string // for the linker
	tags   string // for the compiler, which then takes C too: the database of Gitea is written in it
}

// module is the folder of the module that the program is built from.
func (p program) module() string { return filepath.Join("golden", "e2e", p.folder) }

// place is where the program is below the cache when it is built.
func (p program) place(cache string) (string, error) {
	key, err := p.key(p.module())
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, key, p.name), nil
}

// built is the place of the program below the cache; it is built when it is not there.
func (p program) built(cache string) (string, error) {
	module := p.module()
	place, err := p.place(cache)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(place); err == nil {
		return place, nil
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	building := flock.New(filepath.Join(cache, "building"))
	if err := building.Lock(); err != nil {
		return "", fmt.Errorf("wait for other builds: %w", err)
	}
	defer building.Unlock()
	if _, err := os.Stat(place); err == nil { // somebody was quicker
		return place, nil
	}
	fmt.Fprintf(os.Stderr, "programs: building %s (once, it takes minutes)\n", p.name)
	fresh := place + ".new"
	cmd := exec.Command("go", "build", "-mod=readonly", "-trimpath", "-tags", p.tags, "-ldflags", "-s -w "+p.flags, "-o", fresh, p.path)
	cmd.Dir, cmd.Stderr = module, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+p.cgo())
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build %s from %s: %w", p.name, module, err)
	}
	if err := os.Rename(fresh, place); err != nil {
		return "", fmt.Errorf("keep %s: %w", p.name, err)
	}
	return place, nil
}

// key is the hash of everything that the program is made of: its modules, the flags and the compiler.
func (p program) key(module string) (string, error) {
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", fmt.Errorf("read the module of %s: %w (run it from the root of the repository)", p.name, err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
	}
	if p.tags != "" {
		fmt.Fprintf(hash, "%s\n", p.tags)
	}
	fmt.Fprintf(hash, "%s\n%s\n%s %s/%s\n", p.path, p.flags, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return fmt.Sprintf("%x", hash.Sum(nil))[:24], nil
}

func (p program) cgo() string {
	if p.tags == "" {
		return "0"
	}
	return "1"
}

func (p program) variable() string {
	return "GKOPS_E2E_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(p.name))
}

// tiers are the programs that each group of end-to-end tests runs.
func tiers() map[string][]program {
	flux := []program{
		{name: "source-controller", folder: "source-controller", path: "github.com/fluxcd/source-controller"},
		{name: "kustomize-controller", folder: "kustomize-controller", path: "github.com/fluxcd/kustomize-controller"},
		{name: "helm-controller", folder: "helm-controller", path: "github.com/fluxcd/helm-controller"},
	}
	argocd := []program{
		{name: "argocd", folder: "argocd", path: "github.com/argoproj/argo-cd/v3/cmd"},
		{name: "helm", folder: "helm", path: "helm.sh/helm/v4/cmd/helm"}, // what Argo CD renders charts with
	}
	gitea := []program{{name: "gitea", folder: "gitea", path: "code.gitea.io/gitea", tags: "sqlite,sqlite_unlock_notify"}}
	dryrun := slices.DeleteFunc(cluster(), func(p program) bool { return p.name != "etcd" && !strings.HasPrefix(p.name, "kube-apiserver") })
	return map[string][]program{
		"flux": slices.Concat(cluster(), flux), "argocd": slices.Concat(cluster(), argocd), "bot": slices.Concat(cluster(), flux, gitea),
		"dryrun": dryrun, "gitea": gitea, "all": slices.Concat(cluster(), flux, gitea, argocd),
	}
}

// tier lists the programs of a tier.
func tier(name string) ([]program, error) {
	if programs, there := tiers()[name]; there {
		return programs, nil
	}
	return nil, fmt.Errorf("no tier %q: there are %s", name, strings.Join(tierNames(), ", "))
}

// task is what runs the tests of a tier.
func task(tier string) string {
	if tier == "all" {
		return "e2e"
	}
	return "e2e-" + tier
}

func tierNames() []string { return slices.Sorted(maps.Keys(tiers())) }

// cluster is what every tier runs on: API servers of the oldest and the newest minor that can be built, and what makes workloads
// ready.
func cluster() []program {
	programs := []program{
		{name: "etcd", folder: "etcd", path: "go.etcd.io/etcd/server/v3"},
		{name: "kwok", folder: "kwok", path: "sigs.k8s.io/kwok/cmd/kwok"},
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		programs = append(programs, kubernetes(name, "1.37", "2"), kubernetes(name, "1.30", "14"))
	}
	return programs
}

// kubernetes is a program of Kubernetes. It says its version only when the linker tells it.
func kubernetes(name, minor, patch string) program {
	major, second, _ := strings.Cut(minor, ".")
	at := "-X k8s.io/component-base/version."
	return program{
		name: name + "-" + minor, folder: "kubernetes-" + minor, path: "k8s.io/kubernetes/cmd/" + name,
		flags: fmt.Sprintf("%sgitVersion=v%s.%s %sgitMajor=%s %sgitMinor=%s", at, minor, patch, at, major, at, second),
	}
}
