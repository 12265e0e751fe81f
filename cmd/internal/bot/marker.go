package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Marker is what the bot notes in the body of a pull for itself. It stands in the last line, where no text of a package does.
type Marker struct {
	Kind    Kind     `json:"kind"`
	Targets []string `json:"targets,omitempty"` // what the pull brings, see Group.Targets
	Title   string   `json:"title"`             // as the bot gave it
	Base    string   `json:"base"`              // as the bot gave it
	Risk    string   `json:"risk,omitempty"`    // of the review
	Ended   bool     `json:"ended,omitempty"`   // the bot itself closed the pull
}

// Kind is what a pull is for.
type Kind string

// The kinds of pulls.
const (
	Upgrade   Kind = "upgrade"
	Promotion Kind = "promotion"
	Removal   Kind = "removal" // the next step of removals that are under way
	Manual    Kind = "manual"  // opened by a command; the bot keeps it on its base and never closes it
)

const (
	markerStart = "<!-- gkops:pull "
	markerEnd   = " -->"
)

// String is the marker as a line.
func (m Marker) String() string {
	data, err := json.Marshal(m) // which writes < and > as escapes
	if err != nil {
		panic("a Marker is plain data: " + err.Error())
	}
	return markerStart + string(data) + markerEnd
}

// FindMarker reads the marker of a body, from its last line alone.
func FindMarker(body string) (Marker, bool) {
	var m Marker
	body = strings.TrimRight(body, " \r\n\t")
	line := body[strings.LastIndexByte(body, '\n')+1:]
	if !strings.HasPrefix(line, markerStart) || !strings.HasSuffix(line, markerEnd) {
		return m, false
	}
	err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(line, markerStart), markerEnd)), &m)
	return m, err == nil && m.Kind != ""
}

// Same reports whether two pulls bring the same.
func (m Marker) Same(other Marker) bool {
	return m.Kind == other.Kind && !m.Ended && slices.Equal(m.Targets, other.Targets)
}

// trailer is the line of a commit message that says what the bot has put into the commit.
var trailer = regexp.MustCompile(`(?m)^Gkops-Plan: (sha256:[0-9a-f]{64})$`)

// PlanDigest is the digest of a commit of the bot: of its branch, its parent and every file that it changes, nil for one that goes.
func PlanDigest(branch, parent string, files map[string][]byte) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q\n", branch, parent)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := "gone"
		if files[name] != nil {
			sum := sha256.Sum256(files[name])
			content = hex.EncodeToString(sum[:])
		}
		fmt.Fprintf(hash, "%q %s\n", name, content)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil))
}

// withTrailer is a commit message with the digest of its commit.
func withTrailer(message, digest string) string {
	return strings.TrimRight(message, "\n") + "\n\nGkops-Plan: " + digest + "\n"
}

// planDigestOf is the digest that a commit message gives, empty when it gives none.
func planDigestOf(message string) string {
	found := trailer.FindAllStringSubmatch(message, -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1][1]
}
