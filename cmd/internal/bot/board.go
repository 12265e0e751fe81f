package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/forge"
)

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
	for n := range all {
		all[n].Why = v.redact(all[n].Why)
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
