package examples_test

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/examples"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
)

// shelf answers the solver from releases that were read before.
type shelf map[string][]release

func (s shelf) Candidates(_ context.Context, pkg string) ([]resolver.Candidate, error) {
	var candidates []resolver.Candidate
	for _, r := range s[pkg] {
		candidates = append(candidates, resolver.Candidate{Registry: "examples", Version: r.version})
	}
	return candidates, nil
}

func (s shelf) Needs(_ context.Context, pkg string, c resolver.Candidate) (resolver.Needs, error) {
	i := slices.IndexFunc(s[pkg], func(r release) bool { return r.version.Compare(c.Version) == 0 })
	manifest := s[pkg][i].manifest
	needs := resolver.Needs{Namespaced: manifest.Namespaced()}
	for _, dependency := range manifest.Dependencies {
		requirement, err := dependency.Requirement()
		if err != nil {
			return resolver.Needs{}, err
		}
		needs.Dependencies = append(needs.Dependencies, requirement)
	}
	for _, component := range manifest.Components {
		requirement, err := component.Requirement()
		if err != nil {
			return resolver.Needs{}, err
		}
		needs.Components = append(needs.Components, resolver.Component{Package: component.Name, Name: component.InstalledName, Range: requirement.Range})
	}
	return needs, nil
}

// solve is the plan for packages, as "instance version" in one line, or the error.
func solve(all shelf, roots ...resolver.Root) (string, error) {
	plan, err := resolver.Solve(context.Background(), all, resolver.Problem{Registries: []string{"examples"}, Roots: roots})
	if err != nil {
		return "", err
	}
	var chosen []string
	for _, instance := range plan.Instances {
		chosen = append(chosen, instance.Instance+" "+instance.Version.String())
	}
	return strings.Join(chosen, ", "), nil
}

// TestReadmeTellsTheTruth holds what README.md says of the answers.
func TestReadmeTellsTheTruth(t *testing.T) {
	all := shelf(releases(t))
	for names, want := range map[string]string{
		"key-operator":                  "key-operator v1.2.0+1",
		"storefront":                    "key-operator v1.2.0+1, storefront v3.2.1+1",
		"status-page":                   "alert-router v0.4.0+1, metrics-crds v2.1.0+1, metrics-store v1.2.0+1, status-page v1.1.0+1",
		"legacy-exporter metrics-store": "legacy-exporter v0.9.1+1, metrics-crds v1.4.0+1, metrics-store v1.0.0+1",
		"tasks":                         "db-operator v0.9.0+1, tasks v1.1.0+1, tasks-store v16.0.0+2",
		"dns-cache":                     "dns-cache v1.1.0+1",
	} {
		var roots []resolver.Root
		for _, name := range strings.Fields(names) {
			roots = append(roots, resolver.Root{Package: name})
		}
		if got, err := solve(all, roots...); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", names, got, err, want)
		}
	}
	var no *resolver.NoSolutionError
	if got, err := solve(all, resolver.Root{Package: "legacy-exporter"}, resolver.Root{Package: "alert-router"}); !errors.As(err, &no) {
		t.Errorf("legacy-exporter with alert-router: %s, %v; want no solution", got, err)
	}
}

// TestWorkspacesHaveAnAnswer reads each workspace as gkops does and solves each of its clusters.
func TestWorkspacesHaveAnAnswer(t *testing.T) {
	all := shelf(releases(t))
	files, err := fs.Glob(examples.Workspaces(), "*/gkops.yaml")
	if err != nil || len(files) != 2 {
		t.Fatalf("workspaces %v, %v", files, err)
	}
	answers := map[string]string{
		"flux/prod": "alert-router v0.4.0+1, db-operator v0.9.0+1, key-operator v1.2.0+1, metrics-crds v2.1.0+1, metrics-store v1.2.0+1, " +
			"orders-db v16.0.0+2, reports-db v16.0.0+2, status-page v1.1.0+1, storefront v3.2.1+1",
		"argocd/staging": "db-operator v0.9.0+1, key-operator v1.2.0+1, metrics-crds v2.1.0+1, metrics-store v1.2.0+1, storefront v3.2.1+1, " +
			"tasks-platform v1.1.0+1, tasks-platform-store v16.0.0+2",
		"argocd/prod": "db-operator v0.9.0+1, key-operator v1.2.0+1, metrics-crds v2.1.0+1, metrics-store v1.2.0+1, storefront v3.1.0+1, " +
			"tasks-platform v1.1.0+1, tasks-platform-store v16.0.0+2",
	}
	for _, file := range files {
		data, err := fs.ReadFile(examples.Workspaces(), file)
		if err != nil {
			t.Fatal(err)
		}
		w, err := workspace.Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, cluster := range w.Clusters {
			var roots []resolver.Root
			for _, wanted := range w.Effective(cluster.Name) {
				checkValues(t, file, wanted, all[wanted.Name])
				roots = append(roots, resolver.Root{Instance: wanted.Instance(), Package: wanted.Name, Range: wanted.Range()})
			}
			name := path.Dir(file) + "/" + cluster.Name
			if got, err := solve(all, roots...); err != nil || got != answers[name] {
				t.Errorf("%s: %s, %v; want %s", name, got, err, answers[name])
			}
		}
	}
}

// checkValues holds that a workspace sets only values that the newest release knows, and every one that it requires.
func checkValues(t *testing.T, file string, wanted workspace.Package, versions []release) {
	t.Helper()
	newest := slices.MaxFunc(versions, func(a, b release) int { return a.version.Compare(b.version) })
	for name := range wanted.Values {
		if _, known := newest.manifest.ValueDefinitions[name]; !known {
			t.Errorf("%s: %s has no value %s", file, wanted.Instance(), name)
		}
	}
	for name, definition := range newest.manifest.ValueDefinitions {
		if _, set := wanted.Values[name]; definition.Constraints.Required && !set {
			t.Errorf("%s: %s needs the value %s", file, wanted.Instance(), name)
		}
	}
}

var _ resolver.Catalog = shelf{}
