package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/schema"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/render"
)

// UnfitError says that what a change would bring does not fit the cluster: its Kubernetes version, or the definitions of its custom
// resources. Nothing was written.
type UnfitError struct {
	Kubernetes string
	Findings   []finding.Finding // all of them errors
}

// Error tells the first findings.
func (e *UnfitError) Error() string {
	const most = 5
	var out strings.Builder
	fmt.Fprintf(&out, "what this brings does not fit the cluster (Kubernetes %s):", e.Kubernetes)
	for i, f := range e.Findings {
		if i == most {
			fmt.Fprintf(&out, "\n  and %d more", len(e.Findings)-most)
			break
		}
		fmt.Fprintf(&out, "\n  %s:%d: %s [%s]", f.File, f.Line, f.Message, f.Rule)
	}
	return out.String()
}

// Hint says how to go on.
func (e *UnfitError) Hint() string {
	return "take another version, or, when it is known to be right, accept it under policy.ignore in gkops.yaml with a reason"
}

// judged is what a check says about the tree of one cluster.
type judged struct {
	findings []finding.Finding // of the instances that the plan changes; what the workspace accepts is not among them
	facts    []compat.Fact     // that concern an instance that the plan changes
	parts    map[string]*compat.Report
}

// judge checks the rendered tree of a cluster as a whole, and tells what concerns the instances that the plan changes: what was
// there before is no news. A cluster with another Kubernetes version changes all of them.
func (p *Project) judge(ctx context.Context, w *workspace.Workspace, done *planned, held *lock.Lock) (*judged, error) {
	changed := changedInstances(held, done.lock)
	if len(changed) == 0 {
		return &judged{}, nil
	}
	root := path.Join(clusterFolder(done.lock.Cluster), "packages") + "/"
	part := func(file string) string {
		rest, inside := strings.CutPrefix(file, root)
		if !inside {
			return ""
		}
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	var files []compat.File
	for name, data := range done.files {
		if part(name) != "" && path.Base(name) != "kustomization.yaml" {
			files = append(files, compat.File{Name: name, Read: func() ([]byte, error) { return data, nil }})
		}
	}
	slices.SortFunc(files, func(a, b compat.File) int { return compareStrings(a.Name, b.Name) })
	earlier, err := p.replaced(ctx, done.lock.Cluster, held, changed)
	if err != nil {
		return nil, err
	}
	report, err := compat.CheckFiles(ctx, files, compat.Target{Kubernetes: done.lock.Kubernetes, Schemas: schema.Schemas{}, Earlier: earlier})
	if err != nil {
		return nil, err
	}
	if report.Findings, err = p.accepted(report.Findings, w); err != nil {
		return nil, err
	}
	j := &judged{parts: report.Split(part)}
	for _, f := range report.Findings {
		if changed[part(f.File)] && !(f.Rule == compat.Missing && render.BringsKind(f.Object.Group(), f.Object.Kind)) {
			j.findings = append(j.findings, f)
		}
	}
	for _, f := range compat.Facts(j.parts, nil, earlier) {
		if changed[f.Part] || changed[f.With] {
			j.facts = append(j.facts, f)
		}
	}
	return j, nil
}

// replaced are the definitions that the instances which change have in the work tree: who uses what goes is told where it was last.
func (p *Project) replaced(ctx context.Context, cluster string, held *lock.Lock, changed map[string]bool) ([]compat.Definition, error) {
	if held == nil {
		return nil, nil
	}
	work, err := p.grounds.WorkFS()
	if err != nil {
		return nil, err
	}
	var files []compat.File
	from := map[string]string{}
	for _, i := range held.Instances {
		for _, part := range i.Parts {
			for name := range part.Files {
				full := path.Join(clusterFolder(cluster), "packages", i.Name, part.Name, name)
				if _, err := fs.Stat(work, full); err != nil || !changed[i.Name] || !strings.HasPrefix(name, "customresourcedefinition.") {
					continue // a file that is gone is told by verify
				}
				from[full] = i.Name + " " + i.Version
				files = append(files, compat.File{Name: full, Read: func() ([]byte, error) { return fs.ReadFile(work, full) }})
			}
		}
	}
	slices.SortFunc(files, func(a, b compat.File) int { return compareStrings(a.Name, b.Name) })
	report, err := compat.CheckFiles(ctx, files, compat.Target{})
	if err != nil {
		return nil, err
	}
	for n := range report.Definitions {
		report.Definitions[n].From = from[report.Definitions[n].File]
	}
	return report.Definitions, nil
}

// changedInstances are those whose rendered bytes are not what the lock has, all of them for another Kubernetes version. One that
// leaves is not judged any more.
func changedInstances(held, fresh *lock.Lock) map[string]bool {
	changed := map[string]bool{}
	for _, i := range fresh.Instances {
		if i.Removal != nil {
			continue
		}
		var was *lock.Instance
		if held != nil && held.Kubernetes == fresh.Kubernetes {
			was = held.Instance(i.Name)
		}
		if was == nil || !slices.EqualFunc(was.Parts, i.Parts, func(a, b lock.Part) bool { return a.Name == b.Name && a.Hash == b.Hash }) {
			changed[i.Name] = true
		}
	}
	return changed
}

// accepted takes away what the workspace ignores. Rules that match nothing here may match elsewhere.
func (p *Project) accepted(findings []finding.Finding, w *workspace.Workspace) ([]finding.Finding, error) {
	today := time.Time{} // without a clock no rule has run out
	if p.world.Now != nil {
		today = p.world.Now()
	}
	kept, _, err := compat.Apply(findings, IgnoreRules(w), today)
	return slices.DeleteFunc(kept, func(f finding.Finding) bool { return f.Rule == compat.IgnoreUnused }), err
}

// most is how many findings of one rule are told of one instance.
const most = 3

// folded tells the first findings of a rule for each instance, and counts the rest.
func folded(findings []finding.Finding, cluster string) []finding.Finding {
	type group struct{ instance, rule string }
	seen := map[group]int{}
	var out []finding.Finding
	for _, f := range findings {
		rest := strings.TrimPrefix(f.File, path.Join(clusterFolder(cluster), "packages")+"/")
		instance, _, _ := strings.Cut(rest, "/")
		g := group{instance, f.Rule}
		if seen[g]++; seen[g] <= most || f.Severity == finding.Info {
			out = append(out, f)
		}
	}
	counts := map[group]bool{}
	for _, f := range findings {
		rest := strings.TrimPrefix(f.File, path.Join(clusterFolder(cluster), "packages")+"/")
		instance, _, _ := strings.Cut(rest, "/")
		g := group{instance, f.Rule}
		if more := seen[g] - most; more > 0 && f.Severity != finding.Info && !counts[g] {
			counts[g] = true
			out = append(out, finding.Finding{Rule: f.Rule, Severity: f.Severity,
				Message: fmt.Sprintf("%s: %d more like this: 'gkops compat %s' tells all", instance, more, clusterFolder(cluster))})
		}
	}
	return out
}
