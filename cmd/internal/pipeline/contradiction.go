package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"gkops.dev/gkops/compat"
	lifecycle "gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/compat/schema"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

// Contradiction is a range of Kubernetes versions that somebody states for a version and that its objects do not fit: a fault of who
// states it. Its JSON is a stable schema.
type Contradiction struct {
	Range      string   `json:"range"`
	Source     string   `json:"source"`
	Kubernetes []string `json:"kubernetes"` // the known minors of the range that the objects do not fit
	Because    string   `json:"because"`    // an object that says so, with its place
}

// contradictions holds what is stated of a version to what its objects say. Only statements that it works are held to them: what is
// kept out for other reasons than objects is no fault.
func contradictions(known catalog.Known, measured compat.Interval, minors []lifecycle.Minor) ([]Contradiction, error) {
	var all []Contradiction
	low, high := lifecycle.Minor(0), lifecycle.Minor(0)
	if measured.Min != "" {
		var err error
		if low, err = lifecycle.ParseMinor(measured.Min); err != nil {
			return nil, err
		}
		if high, err = lifecycle.ParseMinor(measured.Max); err != nil {
			return nil, err
		}
	}
	for _, s := range known {
		stated, err := catalog.ParseKubernetesRange(s.Kubernetes)
		if err != nil || s.Evidence.Result == catalog.Fails {
			continue // says nothing of what works
		}
		c := Contradiction{Range: s.Kubernetes, Source: s.Source()}
		for _, minor := range minors {
			v, err := catalog.ParseKubernetes(minor.String())
			if err != nil {
				return nil, err
			}
			if !stated.Allows(v) || minor >= low && minor <= high {
				continue
			}
			c.Kubernetes = append(c.Kubernetes, minor.String())
			because := measured.MaxBecause
			if minor < low && len(measured.MinBecause) > 0 || len(because) == 0 {
				because = measured.MinBecause
			}
			if len(because) > 0 && c.Because == "" {
				c.Because = because[0].Message
				if because[0].File != "" {
					c.Because += fmt.Sprintf(" (%s:%d)", because[0].File, because[0].Line)
				}
			}
		}
		if len(c.Kubernetes) > 0 {
			all = append(all, c)
		}
	}
	return all, nil
}

// contradicted holds what is known of an installed version to the objects that the work tree has of it.
func (p *Project) contradicted(ctx context.Context, cluster string, i lock.Instance, known catalog.Known) ([]Contradiction, error) {
	work, err := p.repository.WorkFS()
	if err != nil {
		return nil, err
	}
	knowledge, err := lifecycle.Load()
	if err != nil {
		return nil, err
	}
	var files []compat.File
	for _, part := range i.Parts {
		for _, name := range slices.Sorted(maps.Keys(part.Files)) {
			full := path.Join(clusterFolder(cluster), "packages", i.Name, part.Name, name)
			files = append(files, compat.File{Name: full, Read: func() ([]byte, error) { return fs.ReadFile(work, full) }})
		}
	}
	report, err := compat.CheckFiles(ctx, files, compat.Target{Knowledge: knowledge, Schemas: schema.Schemas{}})
	if err != nil {
		return nil, err
	}
	return contradictions(known, report.Interval, minors(knowledge))
}

// minors are all known ones.
func minors(knowledge *lifecycle.Knowledge) []lifecycle.Minor {
	var all []lifecycle.Minor
	for minor := knowledge.Oldest; minor <= knowledge.Newest; minor++ {
		all = append(all, minor)
	}
	return all
}

// tellContradictions completes what is said of a package where some cluster has the version, so that its objects are at hand.
func (p *Project) tellContradictions(ctx context.Context, info *Info, known catalog.Known) error {
	for _, c := range p.workspace.Clusters {
		held := p.locks[c.Name]
		if held == nil || len(info.Contradictions) > 0 {
			continue
		}
		for _, i := range held.Instances {
			if i.Package != info.Release.Package || i.Version != info.Release.Version.String() || i.Registry != info.Release.Registry || i.Removal != nil {
				continue
			}
			var err error
			if info.Contradictions, err = p.contradicted(ctx, c.Name, i, known); err != nil {
				return err
			}
			break
		}
	}
	return nil
}
