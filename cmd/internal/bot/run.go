package bot

import (
	"context"
	"hash/fnv"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/review"
)

// Run is one run of the bot over repositories of a forge.
type Run struct {
	Forge        Forge
	Kind         review.Forge // whose markdown bodies are
	World        pipeline.World
	Clone        func(path, url string) (Clone, error) // a bare clone, made or used again
	Identity     Identity
	Log          *slog.Logger
	DryRun       bool
	Repositories []string // their paths
	Owner, Topic string   // found on the forge, beside Repositories
	Shard        Shard
	Workers      int // repositories at a time
	// Sign makes the signature of a commit; nil leaves commits unsigned.
	Sign   func(text []byte) (string, error)
	Memory Memory // nil: every run asks everything
	// Redact takes secrets out of what others said: a server may say a token back. Nil takes none.
	Redact func(text string) string
}

// redacted is a text of an error without secrets.
func (r *Run) redacted(text string) string {
	if r.Redact == nil {
		return text
	}
	return r.Redact(text)
}

// Shard is one of several equal parts of all repositories. The zero shard is all of them.
type Shard struct{ Index, Count int }

// Has reports whether a repository is in the shard: by the hash of its path, so that a repository stays in its shard when others come.
func (s Shard) Has(path string) bool {
	if s.Count < 2 {
		return true
	}
	hash := fnv.New32a()
	hash.Write([]byte(path))
	return int(hash.Sum32()%uint32(s.Count)) == s.Index
}

// Do brings the pulls of all repositories to what they should be. What goes wrong in one stops no other; it stands in its result. The
// error is for what concerns all of them.
func (r *Run) Do(ctx context.Context) ([]Result, error) { return r.each(ctx, r.visit) }

// each visits all repositories of the shard, some at a time.
func (r *Run) each(ctx context.Context, visit func(ctx context.Context, path string, log *slog.Logger, result *Result) error) ([]Result, error) {
	paths, err := r.paths(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(paths))
	var group errgroup.Group
	group.SetLimit(max(r.Workers, 1))
	for n, path := range paths {
		group.Go(func() error {
			results[n] = r.one(ctx, path, visit)
			return nil
		})
	}
	return results, group.Wait()
}

// paths are the repositories of the shard, sorted.
func (r *Run) paths(ctx context.Context) ([]string, error) {
	paths := slices.Clone(r.Repositories)
	if r.Owner != "" {
		found, err := r.Forge.Repositories(ctx, r.Owner, r.Topic)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !f.Archived {
				paths = append(paths, f.Path)
			}
		}
	}
	slices.Sort(paths)
	return slices.DeleteFunc(slices.Compact(paths), func(path string) bool { return !r.Shard.Has(path) }), nil
}

// timeout bounds one repository.
const timeout = 15 * time.Minute

// one is one repository.
func (r *Run) one(ctx context.Context, path string, visit func(ctx context.Context, path string, log *slog.Logger, result *Result) error) Result {
	result := Result{Repository: path, Pulls: []Outcome{}, Notes: []string{}}
	log := r.Log.With("repository", path)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := visit(ctx, path, log, &result)
	if err != nil {
		result.err, result.Error = err, r.redacted(explained(err))
		log.Error("stopped", "error", result.Error)
	}
	return result
}
