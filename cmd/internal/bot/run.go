package bot

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/forge"
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

func (r *Run) visit(ctx context.Context, path string, log *slog.Logger, result *Result) error {
	v, err := r.arrive(ctx, path, log)
	var none *pipeline.NoWorkspaceError
	if errors.As(err, &none) {
		result.Notes = append(result.Notes, "it has no gkops.yaml")
		return nil
	}
	if err != nil {
		return err
	}
	if v == nil {
		result.Notes = append(result.Notes, "it is archived or empty")
		return nil
	}
	boards, err := v.readBoard(ctx)
	if err != nil {
		return err
	}
	found, err := look(ctx, v.project, v.board, Scene{Now: v.now})
	if err != nil {
		return err
	}
	promotions, err := v.promotions(ctx, found.scene)
	if err != nil {
		found.faults = append(found.faults, err)
	}
	found.wishes = append(found.wishes, promotions...)
	Rank(found.wishes)
	var stopped error
	for _, w := range found.wishes {
		out, err := v.fulfil(ctx, w)
		if err != nil {
			out.State, out.Why = Failed, explained(err)
			if refused(err) {
				out.State = Blocked
			} else if stopped == nil {
				stopped = fmt.Errorf("pull of %s: %w", w.Branch, err)
			}
		}
		out.Why = r.redacted(out.Why)
		log.Info("pull", "branch", w.Branch, "state", string(out.State), "why", out.Why)
		result.Pulls = append(result.Pulls, out)
		if stopped != nil && !known(stopped) {
			return errors.Join(append(found.faults, stopped)...)
		}
	}
	if len(found.faults) == 0 {
		ended, err := v.supersede(ctx, found.wishes)
		result.Pulls = append(result.Pulls, ended...)
		if err != nil {
			return err
		}
	}
	v.board.forget(found.waiting)
	entries := v.entries(found, result.Pulls)
	for n := range entries {
		entries[n].Why = r.redacted(entries[n].Why)
	}
	return errors.Join(append(found.faults, stopped, v.writeBoard(ctx, boards, entries))...)
}

// arrive looks at a repository; nil when there is nothing to do in it.
func (r *Run) arrive(ctx context.Context, path string, log *slog.Logger) (*visit, error) {
	info, err := r.Forge.Repository(ctx, path)
	if err != nil || info.Archived || info.Default == "" {
		return nil, err
	}
	v := &visit{forge: r.Forge, kind: r.Kind, world: r.World, who: r.Identity, log: log, dry: r.DryRun, now: r.World.Now(), info: info}
	if v.clone, err = r.Clone(info.Path, info.CloneURL); err != nil {
		return nil, err
	}
	refs, err := v.clone.Refs(ctx)
	if err != nil {
		return nil, err
	}
	v.branches = map[string]string{}
	for name, id := range refs.ByName {
		if branch, is := strings.CutPrefix(name, "refs/heads/"); is {
			v.branches[branch] = id
		}
	}
	if v.base = v.branches[info.Default]; v.base == "" {
		return nil, nil
	}
	if err := v.clone.Fetch(ctx, 1, v.base); err != nil {
		return nil, err
	}
	tree, err := v.clone.Store().FS(ctx, v.base)
	if err != nil {
		return nil, err
	}
	if v.project, err = pipeline.OpenCommit(ctx, r.World, pipeline.Commit{ID: v.base, Tree: tree, Origin: info.CloneURL}); err != nil {
		return nil, err
	}
	if v.open, err = r.Forge.Pulls(ctx, path, forge.PullQuery{State: forge.Open}); err != nil {
		return nil, err
	}
	v.budget = NewBudget(v.project.Workspace().Policy.Limits, v.open, v.now)
	return v, nil
}

// readBoard reads the dashboard, and the others of which two bots at once made one too many. There is none on a forge without issues.
func (v *visit) readBoard(ctx context.Context) ([]forge.Issue, error) {
	issues, err := v.forge.Issues(ctx, v.info.Path)
	if err != nil && !errors.Is(err, forge.ErrUnsupported) {
		return nil, err
	}
	boards := slices.DeleteFunc(issues, func(i forge.Issue) bool { return !strings.Contains(i.Body, dashboardStart) })
	v.board = ParseBoard("")
	if len(boards) > 0 {
		v.board = ParseBoard(boards[0].Body)
	}
	return boards, nil
}

// writeBoard brings the dashboard to what it should say. One is opened when there is something to say.
func (v *visit) writeBoard(ctx context.Context, boards []forge.Issue, entries []Entry) error {
	if v.dry {
		return nil
	}
	for _, twin := range boards[min(len(boards), 1):] {
		twin.Open = false
		if _, err := v.forge.PutIssue(ctx, v.info.Path, twin); err != nil {
			return err
		}
	}
	var issue forge.Issue
	if len(boards) > 0 {
		issue = boards[0]
	}
	body := v.board.Render(entries)
	if issue.Number == 0 && len(entries) == 0 && len(v.board.Seen) == 0 || trimmed(issue.Body) == trimmed(body) {
		return nil
	}
	issue.Title, issue.Body, issue.Open = DashboardTitle, body, true
	_, err := v.forge.PutIssue(ctx, v.info.Path, issue)
	if errors.Is(err, forge.ErrUnsupported) {
		return nil
	}
	return err
}

// entries are the lines of the dashboard.
func (v *visit) entries(found survey, pulls []Outcome) []Entry {
	sections := map[State]string{
		Opened: "Open", Updated: "Open", Unchanged: "Open", Later: "Open", Left: "Edited by a person", Held: "Held",
		Blocked: "Blocked", Failed: "Blocked", Refused: "Closed by a person",
	}
	var all []Entry
	for _, o := range pulls {
		e := Entry{Section: sections[o.State], Text: word(o.Title), Why: o.Why}
		if e.Section == "" {
			continue
		}
		if o.Number != 0 {
			e.Text = fmt.Sprintf("#%d ", o.Number) + e.Text
		}
		switch o.State {
		case Refused:
			e.Tick, e.Why = "retry "+o.Branch, ""
		case Left:
			e.Tick = "rebase " + o.Branch
		case Opened, Updated, Unchanged, Later:
			e.Why = ""
		}
		all = append(all, e)
	}
	for _, c := range found.candidates {
		why, approve := found.scene.Waiting(c)
		if why == "" {
			continue
		}
		e := Entry{Section: "Held", Text: fmt.Sprintf("%s of %s: %s to %s", word(c.Instance), word(c.Cluster), word(c.From.String()), word(c.Newest.String())), Why: why}
		if approve != "" {
			e.Section, e.Tick = "Needs approval", approve
		}
		if why == "blocked" {
			e.Section, e.Why = "Blocked", fmt.Sprintf("something else does not allow it: gkops why %s@%s", c.Package, c.Newest)
		}
		all = append(all, e)
	}
	for _, u := range found.unreadable {
		all = append(all, Entry{Section: "Could not be read", Text: word(u.Package), Why: u.Err.Error()})
	}
	for _, err := range found.notes {
		all = append(all, Entry{Section: "Could not be read", Text: "advisories", Why: err.Error()})
	}
	for _, err := range found.faults {
		all = append(all, Entry{Section: "Blocked", Text: "a cluster as a whole", Why: explained(err)})
	}
	for _, tick := range approvals(v.board, found.candidates, all) {
		all = append(all, Entry{Section: "Needs approval", Text: word(strings.TrimPrefix(tick, "approve ")) + " is approved", Tick: tick, Ticked: true})
	}
	sortEntries(all)
	return all
}

// approvals are the ticks that go on to hold: taken away, they would take back what they allowed.
func approvals(b Board, candidates []Candidate, entries []Entry) []string {
	var ticks []string
	for _, c := range candidates {
		tick := ApproveKey(c.Package, c.To)
		told := slices.Contains(ticks, tick) || slices.ContainsFunc(entries, func(e Entry) bool { return e.Tick == tick })
		if b.Ticks[tick] && c.Prospect.Moves() && !told {
			ticks = append(ticks, tick)
		}
	}
	slices.Sort(ticks)
	return ticks
}

// timeout bounds one repository.
const timeout = 15 * time.Minute
