package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver"
	"gkops.dev/gkops/resolver/catalog"
)

// Prospect is one instance of a cluster, and the version that it would have if everything moved as far as it may.
type Prospect struct {
	Cluster, Instance, Package, Registry string
	Parent                               string
	From, To, Newest                     catalog.Version // Newest is the newest stable one of the registry, whatever binds
	Next                                 []catalog.Version
	Requires                             []string // instances of the cluster
}

// Moves reports whether the instance would get another version.
func (p Prospect) Moves() bool { return !p.From.Equal(p.To) }

// prospects are the instances of a lock by name, those that are being removed left out.
func prospects(held *lock.Lock, plan *resolver.Plan) []Prospect {
	var all []Prospect
	for _, i := range held.Instances {
		chosen := plan.Instance(i.Name)
		from, err := catalog.ParseVersion(i.Version)
		if chosen == nil || i.Removal != nil || err != nil {
			continue
		}
		all = append(all, Prospect{
			Cluster: held.Cluster, Instance: i.Name, Package: i.Package, Registry: i.Registry, Parent: i.Parent,
			From: from, To: chosen.Version, Newest: chosen.Newest, Next: chosen.Next, Requires: i.Requires,
		})
	}
	return all
}

// Unreadable is a package that could not be asked for now. Its instances stay at their versions when Version is zero, else only that
// version is not chosen.
type Unreadable struct {
	Package, Registry string
	Version           catalog.Version
	Err               error
}

// Prospects solves a cluster with everything free to move within bounds. What cannot be read binds no other package: it is told, and
// added to the bounds that it returns, with which an edit of the cluster can be proposed. It returns the errors of resolver.Solve, and
// what other bytes of a locked version give.
func (p *Project) Prospects(ctx context.Context, cluster string, b Bounds) ([]Prospect, Bounds, []Unreadable, error) {
	held := p.locks[cluster]
	if held == nil {
		return nil, b, nil, knownCluster(p.workspace, cluster)
	}
	var missing []Unreadable
	for {
		e := Edit{MoveAll: true, Bounds: map[string]Bounds{cluster: b}}
		plan, err := resolver.Solve(ctx, b.frozen(informed{p.offersTo(p.workspace, cluster), nil}, held), p.problem(p.workspace, cluster, held, e))
		if err == nil {
			return prospects(held, plan), b, missing, nil
		}
		lost, wider, ok := b.without(err, held)
		if !ok {
			return nil, b, missing, fmt.Errorf("cluster %s: %w", cluster, err)
		}
		b, missing = wider, append(missing, lost)
	}
}

// without are the bounds that leave out what an error says cannot be read. It is false for an error of another kind, and for what is
// left out already.
func (b Bounds) without(err error, held *lock.Lock) (Unreadable, Bounds, bool) {
	var unread *catalog.ReadError
	var tampered *catalog.TamperedError
	if !errors.As(err, &unread) || errors.As(err, &tampered) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unreadable{}, b, false
	}
	lost := Unreadable{Package: unread.Package, Registry: unread.Registry, Version: unread.Version, Err: err}
	locked := slices.ContainsFunc(held.Instances, func(i lock.Instance) bool {
		return i.Package == lost.Package && (lost.Version.IsZero() || i.Registry == lost.Registry && i.Version == lost.Version.String())
	})
	switch {
	case locked && !slices.Contains(b.Frozen, lost.Package):
		lost.Version = catalog.Version{}
		b.Frozen = append(slices.Clone(b.Frozen), lost.Package)
	case !lost.Version.IsZero() && !b.excludes(lost):
		b.Exclude = append(slices.Clone(b.Exclude), resolver.Exclusion{
			Package: lost.Package, Registry: lost.Registry, Version: lost.Version, Why: "it cannot be read now", Where: "registry " + lost.Registry,
		})
	default:
		return Unreadable{}, b, false
	}
	return lost, b, true
}

func (b Bounds) excludes(u Unreadable) bool {
	return slices.ContainsFunc(b.Exclude, func(e resolver.Exclusion) bool {
		return e.Package == u.Package && e.Version.Equal(u.Version) && (e.Registry == "" || e.Registry == u.Registry)
	})
}

// Advisories are the files of all registries about the locked packages, and why those of a registry cannot be read.
func (p *Project) Advisories(ctx context.Context) (files []catalog.File, unread []error) {
	var pkgs []string
	for _, l := range p.locks {
		for _, i := range l.Instances {
			pkgs = append(pkgs, i.Package)
		}
	}
	slices.Sort(pkgs)
	pkgs = slices.Compact(pkgs)
	for _, name := range p.registries.Names() {
		found, err := p.registries.Registry(name).Advisories(ctx, pkgs)
		if err != nil {
			unread = append(unread, err)
		}
		files = append(files, found...)
	}
	return files, unread
}
