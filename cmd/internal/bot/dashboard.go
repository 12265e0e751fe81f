package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gkops.dev/gkops/resolver/catalog"
)

// DashboardTitle is the title of the issue that lists everything that is pending.
const DashboardTitle = "gkops: what is pending"

// longestBoard is how many bytes a dashboard may have: GitHub takes 65,536 characters, the others more.
const longestBoard = 60_000

const dashboardStart = "<!-- gkops:dashboard "

// Board is what the dashboard of a repository says: what people ticked, and when versions were seen first.
type Board struct {
	Ticks map[string]bool
	Seen  map[string]time.Time // by package and version
}

// ticked finds the boxes that a person ticked.
var ticked = regexp.MustCompile(`(?m)^- \[[xX]\] <!-- gkops:tick ([a-z0-9./ -]+) -->`)

// ParseBoard reads the body of the issue. What cannot be read says nothing.
func ParseBoard(body string) Board {
	b := Board{Ticks: map[string]bool{}, Seen: map[string]time.Time{}}
	for _, found := range ticked.FindAllStringSubmatch(body, -1) {
		b.Ticks[found[1]] = true
	}
	body = strings.TrimRight(body, " \r\n\t")
	line := body[strings.LastIndexByte(body, '\n')+1:]
	if strings.HasPrefix(line, dashboardStart) && strings.HasSuffix(line, markerEnd) {
		if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(line, dashboardStart), markerEnd)), &b.Seen); err != nil || b.Seen == nil {
			b.Seen = map[string]time.Time{}
		}
	}
	return b
}

// Approved reports whether a person approved a major version of a package.
func (b Board) Approved(pkg string, v catalog.Version) bool { return b.Ticks[ApproveKey(pkg, v)] }

// See notes when a version was seen first, and says when that was.
func (b Board) See(pkg string, v catalog.Version, now time.Time) time.Time {
	key := pkg + " " + v.String()
	if at, known := b.Seen[key]; known {
		return at
	}
	b.Seen[key] = now.UTC().Truncate(time.Second)
	return b.Seen[key]
}

// Entry is one line of the dashboard.
type Entry struct {
	Section string // one of sections
	Text    string // markdown that is safe
	Why     string // a text of others, shown as it is; empty for none
	Tick    string // what a tick does, as "rebase gkops/upgrade/web"; empty for no box
	Ticked  bool
}

// sections are the parts of the dashboard in order.
func sections() []string {
	return []string{"Open", "Edited by a person", "Held", "Needs approval", "Blocked", "Closed by a person", "Could not be read"}
}

// Render is the body of the dashboard, of at most so many characters. Where all is too long, first the reasons of entries are left out,
// from the last on, then entries, which are counted. What a person has ticked and what the bot notes for itself stays.
func (b Board) Render(entries []Entry, most int) string {
	data, err := json.Marshal(b.Seen)
	if err != nil {
		panic("times have a JSON form: " + err.Error())
	}
	foot := "\n" + dashboardStart + string(data) + markerEnd + "\n"
	shown := slices.Clone(entries)
	body := rendered(shown, 0)
	for n := len(shown) - 1; n >= 0 && len(body)+len(foot) > most; n-- {
		if shown[n].Why != "" {
			shown[n].Why = ""
			body = rendered(shown, 0)
		}
	}
	for n := len(shown) - 1; n >= 0 && len(body)+len(foot) > most; n-- {
		if !shown[n].Ticked {
			shown = slices.Delete(shown, n, n+1)
			body = rendered(shown, len(entries)-len(shown))
		}
	}
	return body + foot
}

// rendered are entries below the titles of their sections, and how many more there are.
func rendered(entries []Entry, more int) string {
	var out strings.Builder
	out.WriteString("What gkops would change in this repository. A tick is done in the next run.\n")
	for _, section := range sections() {
		first := true
		for _, e := range entries {
			if e.Section != section {
				continue
			}
			if first {
				fmt.Fprintf(&out, "\n## %s\n\n", section)
				first = false
			}
			out.WriteString(e.line())
		}
	}
	switch {
	case more > 0:
		fmt.Fprintf(&out, "\nAnd %d more, which do not fit here.\n", more)
	case len(entries) == 0:
		out.WriteString("\nNothing is pending.\n")
	}
	return out.String()
}

func (e Entry) line() string {
	box := ""
	if e.Tick != "" {
		mark := " "
		if e.Ticked {
			mark = "x"
		}
		box = "[" + mark + "] <!-- gkops:tick " + e.Tick + " --> "
	}
	line := "- " + box + e.Text + "\n"
	if e.Why != "" {
		line += "\n" + indent(quoted(e.Why)) + "\n"
	}
	return line
}

// indent keeps a block in its list entry.
func indent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "  " + strings.Join(lines, "\n  ") + "\n"
}

// forget drops the versions that nobody waits for any more.
func (b Board) forget(waiting map[string]bool) {
	for key := range b.Seen {
		if !waiting[key] {
			delete(b.Seen, key)
		}
	}
}

// sortEntries orders entries by section, as they are shown, and text.
func sortEntries(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(slices.Index(sections(), a.Section), slices.Index(sections(), b.Section)), strings.Compare(a.Text, b.Text))
	})
}
