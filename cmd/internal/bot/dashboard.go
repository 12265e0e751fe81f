package bot

import (
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

// Render is the body of the issue.
func (b Board) Render(entries []Entry) string {
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
	if len(entries) == 0 {
		out.WriteString("\nNothing is pending.\n")
	}
	data, err := json.Marshal(b.Seen)
	if err != nil {
		panic("times have a JSON form: " + err.Error())
	}
	out.WriteString("\n" + dashboardStart + string(data) + markerEnd + "\n")
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

// sortEntries orders entries by section and text.
func sortEntries(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return strings.Compare(a.Section+a.Text, b.Section+b.Text) })
}
