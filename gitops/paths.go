package gitops

import (
	"io/fs"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PathError says why a path is not written.
type PathError struct{ Path, Reason, Advice string }

// Error names the path and the reason.
func (e *PathError) Error() string { return "path " + quoted(e.Path) + " " + e.Reason }

// Hint says what to do, when there is something.
func (e *PathError) Hint() string { return e.Advice }

// quoted shows a path as it is when it is plain, so that nothing in it plays with a terminal.
func quoted(name string) string {
	plain := func(r rune) bool { return r > ' ' && r < 0x7f && r != '"' }
	if len(name) <= 300 && strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	short := name[:min(len(name), 300)]
	var out strings.Builder
	for _, r := range short {
		if plain(r) || r == ' ' {
			out.WriteRune(r)
			continue
		}
		out.WriteRune('\ufffd')
	}
	return `"` + out.String() + `"`
}

// The longest names that file systems in use take, in bytes.
const (
	maxSegment = 255
	maxPath    = 4000
)

// checkPath refuses what could leave the work tree, reach into .git, or be another file on another system.
func checkPath(name string) error {
	refuse := func(reason string) error { return &PathError{Path: name, Reason: reason} }
	switch {
	case !fs.ValidPath(name) || name == ".":
		return refuse("is not a plain relative path")
	case len(name) > maxPath:
		return refuse("is too long")
	case !utf8.ValidString(name):
		return refuse("is not UTF-8")
	}
	for segment := range strings.SplitSeq(name, "/") {
		if reason := refused(segment); reason != "" {
			return refuse(reason)
		}
	}
	return nil
}

// refused says what is wrong with one element of a path, or nothing.
func refused(segment string) string {
	switch {
	case len(segment) > maxSegment:
		return "has an element of more than 255 bytes"
	case strings.ContainsFunc(segment, invisible):
		return "holds a control, invisible or right-to-left character"
	case strings.ContainsAny(segment, `<>:"|?*\`):
		return "holds a character that Windows does not take"
	case strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") || strings.HasPrefix(segment, " "):
		return "has an element that begins or ends with a blank, or ends with a dot"
	case reservedByGit(segment):
		return "reaches into git's own files"
	case reservedByWindows(segment):
		return "has an element that is a device on Windows"
	}
	return ""
}

// invisible are runes that change what a person sees without being seen: controls, marks of direction, joiners.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

func reservedByGit(segment string) bool {
	lower := strings.ToLower(segment)
	return lower == ".git" || lower == ".gitmodules" || strings.HasPrefix(lower, "git~") || strings.HasPrefix(lower, "gitmod~")
}

func reservedByWindows(segment string) bool {
	name, _, _ := strings.Cut(strings.ToLower(segment), ".")
	name = strings.TrimRight(name, " ")
	if slices.Contains([]string{"con", "prn", "aux", "nul", "conin$", "conout$"}, name) {
		return true
	}
	port := strings.TrimPrefix(strings.TrimPrefix(name, "com"), "lpt")
	return port != name && len([]rune(port)) == 1 && strings.Contains("0123456789¹²³", port)
}

// folded is a name as a file system without case sees it.
func folded(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// checkTwins refuses two paths that are one file where case does not count, also when only folders differ.
func checkTwins(names []string) error {
	seen := map[string]string{}
	for _, name := range names {
		for prefix := range prefixes(name) {
			key := folded(prefix)
			if twin, twice := seen[key]; twice && twin != prefix {
				return &PathError{Path: prefix, Reason: "differs from " + quoted(twin) + " by case only"}
			}
			seen[key] = prefix
		}
	}
	return nil
}

// prefixes are the folders that a path lies in, outermost first, and the path itself.
func prefixes(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := range len(name) {
			if name[n] == '/' && !yield(name[:n]) {
				return
			}
		}
		yield(name)
	}
}
