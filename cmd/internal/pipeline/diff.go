package pipeline

import (
	"context"
	"strings"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/review"
)

// Diff compares two revisions object by object; an empty head is the work tree.
func (p *Project) Diff(ctx context.Context, base, head string) (*review.Report, error) {
	before, err := p.tree(ctx, base)
	if gitops.IsUnborn(err) {
		before, err = nil, nil // before the first commit there is nothing
	}
	if err != nil {
		return nil, err
	}
	after, err := p.tree(ctx, head)
	if err != nil {
		return nil, err
	}
	return review.Compare(ctx, before, after, review.Options{Scope: clusterOf})
}

// clusterOf is the cluster whose generated folder a file lies in, empty for one that lies in none.
func clusterOf(file string) string {
	rest, inside := strings.CutPrefix(file, Folder+"/")
	if !inside {
		return ""
	}
	cluster, _, _ := strings.Cut(rest, "/")
	return cluster
}
