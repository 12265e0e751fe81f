package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/forge"
)

// Memory keeps a text for each repository from run to run. It may lose any at any time: then more is asked, and nothing else changes.
type Memory interface {
	// Recall is what was kept for a repository, nil when nothing is.
	Recall(path string) []byte
	// Keep keeps a text in place of the one before; nil keeps none.
	Keep(path string, text []byte)
}

// rest is what is remembered of a repository in which nothing was pending: no pull of gkops, no branch of it, nothing on its dashboard.
type rest struct {
	Repository forge.Repository `json:"repository"`
	Heads      string           `json:"heads"` // the digest of all branches
	Notes      []string         `json:"notes"` // why there is nothing to do, whatever registries have
}

// atRest reports whether nothing is to be done in a repository: its branches are those at which nothing was pending, and nothing is wished
// now. It asks for the list of its branches alone. What goes wrong is no rest: who asks everything tells of it.
func (r *Run) atRest(ctx context.Context, path string, log *slog.Logger) (notes []string, yes bool) {
	var was rest
	if r.Memory == nil || json.Unmarshal(r.Memory.Recall(path), &was) != nil || was.Heads == "" {
		return nil, false
	}
	v, err := r.branchesOf(ctx, was.Repository, log)
	if err != nil || v == nil || v.heads() != was.Heads {
		return nil, false
	}
	if len(was.Notes) > 0 {
		return was.Notes, true
	}
	if v.base, err = v.standOn(ctx, v.info.Default); err != nil {
		return nil, false
	}
	v.board = ParseBoard("")
	found, err := v.wanted(ctx)
	return nil, err == nil && len(found.wishes) == 0 && v.settled(v.entries(found, nil))
}

// settled reports whether a dashboard has nothing to say and to remember.
func (v *visit) settled(entries []Entry) bool { return len(entries) == 0 && len(v.board.Seen) == 0 }

// heads is the digest of all branches.
func (v *visit) heads() string {
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(v.branches)) {
		fmt.Fprintf(hash, "%q %s\n", name, v.branches[name])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// remember keeps that nothing is pending in a repository, or that something is. Branches of the bot are, whatever they are there for.
func (v *visit) remember(memory Memory, settled bool, notes []string) {
	if memory == nil || v.dry {
		return
	}
	own := slices.ContainsFunc(slices.Collect(maps.Keys(v.branches)), func(name string) bool {
		return strings.HasPrefix(name, Prefix) && name != dashboardBranch
	})
	if !settled || own {
		memory.Keep(v.info.Path, nil)
		return
	}
	text, err := json.Marshal(rest{Repository: v.info, Heads: v.heads(), Notes: notes})
	if err != nil {
		panic("a repository is plain data: " + err.Error())
	}
	memory.Keep(v.info.Path, text)
}
