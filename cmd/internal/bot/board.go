package bot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/remote"
)

// dashboard is where the dashboard of a repository is kept: in an issue, or on a forge without issues in a file on a branch of its own.
type dashboard struct {
	issues []forge.Issue // the first is it, the others are what two bots at once made too many
	branch bool
	body   string
}

// The place of a dashboard on a forge without issues. People tick its boxes by editing the file.
const (
	dashboardBranch = Prefix + "dashboard"
	dashboardFile   = "dashboard.md"
)

// readBoard reads the dashboard.
func (v *visit) readBoard(ctx context.Context) (dashboard, error) {
	var d dashboard
	issues, err := v.forge.Issues(ctx, v.info.Path)
	switch {
	case errors.Is(err, forge.ErrUnsupported):
		d.branch = true
		d.body, err = v.boardFile(ctx)
	case err == nil:
		d.issues = slices.DeleteFunc(issues, func(i forge.Issue) bool { return !strings.Contains(i.Body, dashboardStart) })
		if len(d.issues) > 0 {
			d.body = d.issues[0].Body
		}
	}
	v.board = ParseBoard(d.body)
	return d, err
}

// boardFile reads the dashboard from its branch; empty when there is none.
func (v *visit) boardFile(ctx context.Context) (string, error) {
	tip := v.branches[dashboardBranch]
	if tip == "" {
		return "", nil
	}
	if err := v.clone.Fetch(ctx, 1, tip); err != nil {
		return "", err
	}
	tree, err := v.clone.Store().FS(ctx, tip)
	if err != nil {
		return "", err
	}
	data, err := fs.ReadFile(tree, dashboardFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return string(data), err
}

// writeBoard brings the dashboard to what it should say. One is made when there is something to say.
func (v *visit) writeBoard(ctx context.Context, d dashboard, entries []Entry) error {
	if v.dry {
		return nil
	}
	for _, twin := range d.issues[min(len(d.issues), 1):] {
		twin.Open = false
		if _, err := v.forge.PutIssue(ctx, v.info.Path, twin); err != nil {
			return err
		}
	}
	body := v.board.Render(entries, longestBoard)
	if d.branch {
		body = "# " + DashboardTitle + "\n\n" + body
	}
	if d.body == "" && v.settled(entries) || trimmed(d.body) == trimmed(body) {
		return nil
	}
	if d.branch {
		return v.pushBoard(ctx, body)
	}
	issue := forge.Issue{}
	if len(d.issues) > 0 {
		issue = d.issues[0]
	}
	issue.Title, issue.Body, issue.Open = DashboardTitle, body, true
	_, err := v.forge.PutIssue(ctx, v.info.Path, issue)
	return err
}

// pushBoard commits the dashboard to its branch. When somebody else was there first, the next run goes on from what they wrote.
func (v *visit) pushBoard(ctx context.Context, body string) error {
	tip := v.branches[dashboardBranch]
	person := gitops.Person{Name: v.who.Name, Email: v.who.Email, When: v.now.UTC()}
	c := gitops.NewCommit{
		Files:  []gitops.FileChange{{Path: dashboardFile, Data: []byte(body)}},
		Author: person, Committer: person, Message: "Tell what is pending", Sign: v.sign,
	}
	if tip != "" {
		c.Parents = []string{tip}
	}
	id, err := v.clone.Store().Commit(ctx, c)
	if err == nil {
		err = v.clone.Push(ctx, dashboardBranch, id, tip)
	}
	var lease *remote.LeaseError
	if errors.As(err, &lease) {
		return nil
	}
	if err == nil {
		v.branches[dashboardBranch] = id
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
			if o.Kind == Manual {
				break // nobody but its command makes it anew
			}
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
		e := Entry{Section: "Held", Text: moveLine(c.Prospect), Why: why}
		if approve != "" {
			e.Section, e.Tick = "Needs approval", approve
		}
		if why == "blocked" {
			e.Section, e.Why = "Blocked", fmt.Sprintf("something else does not allow it: gkops why %s@%s", c.Package, c.Newest)
		}
		all = append(all, e)
	}
	all = append(all, found.held...)
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
	for n := range all {
		all[n].Why = v.redact(all[n].Why)
	}
	sortEntries(all)
	return all
}

// moveLine is the move of an instance to the newest version.
func moveLine(p pipeline.Prospect) string {
	if p.From.IsZero() {
		return fmt.Sprintf("%s of %s: new, %s", word(p.Instance), word(p.Cluster), word(p.Newest.String()))
	}
	return fmt.Sprintf("%s of %s: %s to %s", word(p.Instance), word(p.Cluster), word(p.From.String()), word(p.Newest.String()))
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
