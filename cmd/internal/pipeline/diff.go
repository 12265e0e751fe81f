package pipeline

import (
	"context"

	"gkops.dev/gkops/gitops/review"
)

// Diff compares two revisions object by object; an empty head is the work tree.
func (p *Project) Diff(ctx context.Context, base, head string) (*review.Report, error) {
	before, err := p.tree(ctx, base)
	if err != nil {
		return nil, err
	}
	after, err := p.tree(ctx, head)
	if err != nil {
		return nil, err
	}
	return review.Compare(ctx, before, after, review.Options{})
}
