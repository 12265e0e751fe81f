package resolver

import (
	"context"
	"fmt"

	"gkops.dev/gkops/resolver/catalog"
)

// Catalog answers what Solve asks. Each package is asked for its candidates at most once, and only candidates that are
// tried are asked for their needs. The answers must not change while Solve runs; their order does not matter.
//
// A Catalog may also be a Prefetcher, a Namer and a Provider.
type Catalog interface {
	// Candidates lists every version of a package in every registry. It is empty, without an error, when nobody has the
	// package.
	Candidates(ctx context.Context, pkg string) ([]Candidate, error)
	// Needs says what one candidate needs.
	Needs(ctx context.Context, pkg string, c Candidate) (Needs, error)
}

// Prefetcher is a Catalog that likes to know what Solve will ask for soon, so that it can read it at once. Its methods may do
// nothing, and report no error: the question itself will.
type Prefetcher interface {
	// Prefetch says that the candidates of these packages will be asked for.
	Prefetch(ctx context.Context, pkgs []string)
	// PrefetchNeeds says that the needs of these candidates will be asked for, unless what is learned before makes others
	// preferable.
	PrefetchNeeds(ctx context.Context, of []Wanted)
}

// Wanted is a candidate of a package.
type Wanted struct {
	Package   string
	Candidate Candidate
}

// Namer is a Catalog that can list its packages, which lets an explanation suggest names near to one that nobody has.
type Namer interface {
	Names(ctx context.Context) []string
}

// Provider is a Catalog that knows virtual packages: names that no registry has to list, and that versions of real packages
// provide. Without it, a dependency can only be met by the package of its name.
type Provider interface {
	// Providers lists the real packages of which some version provides a virtual package, sorted. It is empty, without an
	// error, when none does. The candidates say which of their versions do, and in which version.
	Providers(ctx context.Context, virtual string) ([]string, error)
}

// Candidate is one version of a package in one registry.
type Candidate = catalog.Candidate

// Needs is what one candidate needs, and what it cannot be with.
type Needs struct {
	// Namespaced says that the package is installed in namespaces, any number of times; otherwise once in the cluster.
	Namespaced bool
	// Dependencies are cluster-scoped packages that must be there, or virtual packages of which one provider must be.
	Dependencies []catalog.Requirement
	// Components are private namespaced instances.
	Components []Component
	// Kubernetes are demands on the cluster's version: every one has to hold.
	Kubernetes []Demand
	// Conflicts are packages that may not be in the plan with it.
	Conflicts []Conflict
	// Serves and Uses are the custom resource APIs that its definitions serve, and that its objects are of. An object cannot be
	// in the plan with a provider of its kind that does not serve its version.
	Serves, Uses []API
	// From is the versions of this package that it can be reached from; nil means any. A first installation is not bound.
	From *Demand
}

// Component is a private namespaced instance that comes with its parent. It is named <parent>-<Name>.
type Component struct {
	Package string
	Name    string // the installed name; empty means the package's name
	Range   catalog.Range
}

// Demand is a range of versions, and who says so when it is not the package itself.
type Demand struct {
	Range  catalog.Range
	Source string
}

// Conflict is a package, or a virtual one, that may not be in the plan in a range. It does not bring that package in, and a
// virtual name does not mean the package that states the conflict.
type Conflict struct {
	Package        string
	Range          catalog.Range
	Reason, Source string
}

// API is versions of one kind of custom resource.
type API struct {
	Group, Kind string
	Versions    []string // "v1alpha2"
	Source      string
}

// Problem is what Solve has to decide.
type Problem struct {
	// Registries in list order. A candidate of another registry does not exist. Empty means every registry that the
	// catalog names, by name.
	Registries []string
	// Roots are what the workspace asks for, in file order. One without a package asks for nothing.
	Roots []Root
	// Locked is what the lock holds.
	Locked []Locked
	// Holds bind every instance of a package that is in the plan; a hold does not bring a package in.
	Holds []Hold
	// Facts are candidates that were found not to work.
	Facts []Exclusion
	// MoveAll lets everything leave its locked version.
	MoveAll bool
	// Move names the instances or packages that shall leave their locked version for the newest allowed one.
	Move []string
	// AllowDowngrade names the instances or packages that may go below their locked version.
	AllowDowngrade []string
	// Minimal picks the lowest versions instead of the newest.
	Minimal bool
	// Kubernetes is the cluster's version; with none, what packages demand of it is not judged.
	Kubernetes catalog.Version
	// KubernetesWhere is the place that says so: "gkops.yaml:9".
	KubernetesWhere string
}

// Root is one instance that the workspace asks for.
type Root struct {
	Instance string // empty means the package's name
	Package  string
	Range    catalog.Range
	Registry string // empty: the locked one, else the first listed registry that has a version in range
	Where    string // "gkops.yaml:12"
}

// Locked is one instance as the lock holds it.
type Locked struct {
	Instance, Package, Registry string
	Version                     catalog.Version
}

// Hold keeps a package within a range.
type Hold struct {
	Package       string
	Range         catalog.Range
	Reason, Where string
}

// Exclusion is a candidate that cannot be used, and why. An empty Registry means the version of every registry.
type Exclusion struct {
	Package, Registry string
	Version           catalog.Version
	Why, Where        string
}

// ProblemError says that a Problem contradicts itself before any catalog is asked, for example with one instance named
// twice.
type ProblemError struct {
	Where  string // of the second of two; may be empty
	Reason string
	Hint   string
}

// Error is the place and the reason.
func (e *ProblemError) Error() string {
	if e.Where == "" {
		return e.Reason
	}
	return fmt.Sprintf("%s: %s", e.Where, e.Reason)
}
