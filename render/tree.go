package render

import (
	"context"
	"errors"
)

// Tree renders instances for a cluster.
func Tree(ctx context.Context, c Cluster, instances []Instance) (*Output, error) {
	return nil, errors.New("render is not written yet")
}
