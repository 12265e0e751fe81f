package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/review"
	"gkops.dev/gkops/resolver/catalog"
)

// knowledge finds what locks and the compatibility check say of the trees of a review.
type knowledge struct {
	world      World
	base, head fs.FS
	kubernetes string          // of trees without a lock
	instance   string          // what the review is limited to
	accepted   []compat.Ignore // findings that do not count
}

// of is what is known of some clusters; the empty one is a tree that gkops did not write, of which something is known only when it is
// all that there is.
func (k knowledge) of(ctx context.Context, scopes []string) (review.Knowledge, error) {
	var known review.Knowledge
	for _, name := range scopes {
		if name == "" && len(scopes) > 1 {
			continue
		}
		if name == "" && k.written() {
			continue
		}
		if err := k.learn(ctx, name, &known); err != nil {
			return known, err
		}
	}
	return known, nil
}

// written reports whether gkops wrote something into one of the trees.
func (k knowledge) written() bool {
	for _, tree := range []fs.FS{k.base, k.head} {
		if tree != nil {
			if _, err := fs.Stat(tree, Folder); err == nil {
				return true
			}
		}
	}
	return false
}

func (k knowledge) learn(ctx context.Context, name string, known *review.Knowledge) error {
	before, after := k.lock(k.base, name), k.lock(k.head, name)
	cluster := review.Cluster{Name: name}
	if after != nil {
		cluster.Kubernetes = after.Kubernetes
		cluster.Instances, cluster.Layers = k.instances(before, after), layers(before, after)
	} else if before != nil {
		cluster.Instances = k.instances(before, &lock.Lock{})
	}
	if before != nil && after != nil && before.Kubernetes != after.Kubernetes {
		cluster.OldKubernetes = before.Kubernetes
	}
	old, err := k.check(ctx, k.base, name, before, nil)
	if err != nil {
		return err
	}
	now, err := k.check(ctx, k.head, name, after, provided(old, before))
	if err != nil {
		return err
	}
	cluster.Interval = interval(now)
	if was := interval(old); was != nil && cluster.Interval != nil && *was != *cluster.Interval {
		cluster.OldInterval = was
	}
	accepted, err := accept(now, k.accepted, k.world.Now)
	if err != nil {
		return err
	}
	known.Accepted = append(known.Accepted, accepted...)
	known.Findings, known.BaseFindings = append(known.Findings, forReview(now)...), append(known.BaseFindings, forReview(old)...)
	known.Clusters = append(known.Clusters, cluster)
	return nil
}

// lock is the lock of a cluster in a tree, nil when there is none or it cannot be read.
func (k knowledge) lock(tree fs.FS, cluster string) *lock.Lock {
	if tree == nil || cluster == "" {
		return nil
	}
	l, _, err := readLock(tree, cluster)
	if err != nil {
		k.world.Warn(fmt.Sprintf("the review knows nothing of the versions of cluster %s: %v", cluster, err))
		return nil
	}
	return l
}

// instances are the instances that differ, with who asks for them.
func (k knowledge) instances(before, after *lock.Lock) []review.Instance {
	var changed []review.Instance
	for _, s := range steps(before, after) {
		if k.instance != "" && s.Instance != k.instance {
			continue
		}
		i := review.Instance{Change: review.Changed, Name: s.Instance, Package: s.Package, Old: s.From, New: s.To}
		switch {
		case s.From == "":
			i.Change = review.Added
		case s.To == "":
			i.Change = review.Removed
		}
		i.Reasons = because(s, after)
		if now := after.Instance(s.Instance); now != nil {
			for _, fact := range [][2]string{{"withdrawn by its registry: ", now.Facts.Yanked}, {"a prerelease: ", now.Facts.Prerelease}, {"deprecated: ", now.Facts.Deprecated}} {
				if fact[1] != "" {
					i.Reasons = append(i.Reasons, fact[0]+fact[1])
				}
			}
		}
		if now := after.Instance(s.Instance); now != nil && s.From != s.To {
			i.Notes = notes(before, *now)
		}
		changed = append(changed, i)
	}
	return changed
}

// because are the reasons of a step: who needs another version than there was, else who asks for the instance.
func because(s Step, after *lock.Lock) []string {
	var reasons []string
	now := after.Instance(s.Instance)
	was, err := catalog.ParseVersion(s.From)
	if now != nil && err == nil && s.From != s.To {
		for _, r := range now.RequiredBy {
			allowed, err := catalog.ParseRange(r.Range)
			if err != nil || allowed.Allows(was) {
				continue
			}
			asker := r.By
			switch by := after.Instance(r.By); {
			case asker == "":
				asker = r.Where
			case by != nil:
				asker += " " + by.Version
			}
			reasons = append(reasons, fmt.Sprintf("%s asks for %s, which %s is not", asker, r.Range, s.From))
		}
	}
	if s.Why != "" && len(reasons) == 0 {
		reasons = append(reasons, s.Why)
	}
	return reasons
}

// layers are the parts of a cluster, with those marked that are new or have other files.
func layers(before, after *lock.Lock) []review.Layer {
	hashes := map[string]catalog.Digest{}
	if before != nil {
		for _, i := range before.Instances {
			for _, part := range i.Parts {
				hashes[i.Name+"/"+part.Name] = part.Hash
			}
		}
	}
	now := map[string]catalog.Digest{}
	for _, i := range after.Instances {
		for _, part := range i.Parts {
			now[i.Name+"/"+part.Name] = part.Hash
		}
	}
	var all []review.Layer
	for _, n := range graph(after) {
		all = append(all, review.Layer{
			ID: n.ID, Instance: n.Instance, Version: n.Version, Layer: n.Layer, DependsOn: n.DependsOn, Changed: now[n.ID] != hashes[n.ID],
		})
	}
	return all
}

// provided are the definitions of the base, with the instance and the version that each is of, as far as a lock says: a finding on the
// head then names the last that served what is gone.
func provided(old *compat.Report, before *lock.Lock) []compat.Definition {
	if old == nil {
		return nil
	}
	all := slices.Clone(old.Definitions)
	for i := range all {
		d := &all[i]
		d.From = fmt.Sprintf("%s:%d of the base", d.File, d.Line)
		steps := strings.Split(d.File, "/") // packages/<instance>/...
		if before == nil || len(steps) < 3 || steps[0] != "packages" {
			continue
		}
		if instance := before.Instance(steps[1]); instance != nil {
			d.From = instance.Name + " " + instance.Version
		}
	}
	return all
}

// check judges what one side has of a cluster; nil when it has nothing. earlier is what the side replaces.
func (k knowledge) check(ctx context.Context, tree fs.FS, cluster string, l *lock.Lock, earlier []compat.Definition) (*compat.Report, error) {
	if tree == nil {
		return nil, nil
	}
	folder, version := "", k.kubernetes
	if cluster != "" {
		folder = clusterFolder(cluster)
		if _, err := fs.Stat(tree, folder); err != nil {
			return nil, nil
		}
		var err error
		if tree, err = fs.Sub(tree, folder); err != nil {
			return nil, err
		}
	}
	if l != nil {
		version = l.Kubernetes
	}
	report, err := compat.Check(ctx, plainFiles{tree}, compat.Target{Kubernetes: version, Earlier: earlier})
	if err != nil {
		return nil, err
	}
	for i := range report.Findings {
		f := &report.Findings[i]
		f.File = path.Join(folder, f.File)
		if version == "" && f.Severity == finding.Error && bound(f.Rule) {
			f.Severity = finding.Warning // it is not known which Kubernetes it is for
		}
	}
	return report, nil
}

// bound reports whether findings of a rule hold for some versions of Kubernetes only.
func bound(rule string) bool {
	return slices.Contains([]string{compat.Removed, compat.NotYet, compat.FieldNotYet, compat.FieldRemoved, compat.RuleNotYet, compat.UnknownKind}, rule)
}

func interval(r *compat.Report) *review.Interval {
	if r == nil || r.Objects == 0 {
		return nil
	}
	return &review.Interval{Min: r.Interval.Min, Max: r.Interval.Max}
}

// forReview are the findings that a review tells: what it cannot see for itself. What only may happen with a later version is not of this
// change.
func forReview(r *compat.Report) []finding.Finding {
	if r == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f finding.Finding) bool {
		return f.Severity == finding.Info || slices.Contains([]string{compat.Unparsable, compat.Missing, compat.WillBeRemoved, compat.OffByDefault,
			compat.IgnoreExpired, compat.IgnoreUnused, compat.IgnoreNoReason}, f.Rule)
	})
}
