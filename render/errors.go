package render

import (
	"fmt"
	"strconv"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// Place is where something was said: a file as its source names it, and a line, 0 when unknown.
type Place struct {
	File string
	Line int
}

// String is the place as editors take it, "file:line".
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// ObjectError says that an object of a package cannot be rendered. Hint, when there is one, says what to do.
type ObjectError struct {
	Instance string
	Object   finding.Object
	Place    Place
	Reason   string
	Hint     string
}

// Error is one line with the place first.
func (e *ObjectError) Error() string {
	return fmt.Sprintf("%s: %s of instance %s: %s", e.Place, quoted(describe(e.Object)), e.Instance, e.Reason)
}

func describe(o finding.Object) string {
	if o.Kind == "" {
		return "an object"
	}
	return o.String()
}

// Claim is one side of a conflict: an instance and where its package has the object.
type Claim struct {
	Instance, Package string
	Place             Place
}

// Conflict is an object that more than one instance ships.
type Conflict struct {
	Object finding.Object
	Claims []Claim // at least two, by instance
	Reason string  // empty, or why the two cannot be merged
}

// ConflictError says that instances ship the same objects, so that only some of them can be in one cluster. It holds every
// such object.
type ConflictError struct{ Conflicts []Conflict }

// Error names every object and who ships it.
func (e *ConflictError) Error() string {
	lines := make([]string, 0, len(e.Conflicts))
	for _, c := range e.Conflicts {
		claims := make([]string, 0, len(c.Claims))
		for _, claim := range c.Claims {
			claims = append(claims, fmt.Sprintf("instance %s (package %s, %s)", claim.Instance, claim.Package, claim.Place))
		}
		line := fmt.Sprintf("%s is in %s", c.Object, strings.Join(claims, " and in "))
		if c.Reason != "" {
			line += ": " + c.Reason
		}
		lines = append(lines, line)
	}
	return "conflict: " + strings.Join(lines, "; ")
}

// TargetError says that a target of a set value, or of a transformation, matches nothing or cannot be patched.
type TargetError struct {
	Instance string
	Value    string // the value's name, empty for a transformation
	Target   string // "Deployment web (apps/v1) /spec/replicas"
	Place    Place  // of the object, when there is one
	Reason   string
	Nearest  []string // names of objects that may have been meant
}

// Error is one line.
func (e *TargetError) Error() string {
	what := "a transformation"
	if e.Value != "" {
		what = "value " + e.Value
	}
	text := fmt.Sprintf("instance %s: %s: target %s: %s", e.Instance, what, e.Target, e.Reason)
	if e.Place.File != "" {
		text = e.Place.String() + ": " + text
	}
	if len(e.Nearest) > 0 {
		text += "; there is " + strings.Join(e.Nearest, ", ")
	}
	return text
}

// SecretError says that a value would put a secret into Git in clear, or that a reference to one cannot be written. Hint names
// the alternatives.
type SecretError struct {
	Instance, Value, Reason, Hint string
}

// Error is one line; it never holds the value.
func (e *SecretError) Error() string {
	return fmt.Sprintf("instance %s: value %s: %s", e.Instance, e.Value, e.Reason)
}

// OverrideError says that a patch or an image of the user does nothing or cannot be applied.
type OverrideError struct {
	Instance string
	What     string // "patches[1]", "images[0]"
	Reason   string
	Hint     string
}

// Error is one line.
func (e *OverrideError) Error() string {
	return fmt.Sprintf("instance %s: %s: %s", e.Instance, e.What, e.Reason)
}

// FolderError says that a kustomize package cannot be built: it wants something that is not in its folder, would run a program, or
// kustomize refuses it.
type FolderError struct {
	Instance string // empty for an overlay that belongs to none
	Place    Place  // of the kustomization
	Reason   string
	Hint     string
}

// Error is one line with the place first.
func (e *FolderError) Error() string {
	if e.Instance == "" {
		return fmt.Sprintf("%s: %s", e.Place, e.Reason)
	}
	return fmt.Sprintf("%s: instance %s: %s", e.Place, e.Instance, e.Reason)
}

// SizeError says that a folder is more than Argo CD's repository server reads for one source by default.
type SizeError struct {
	Instance     string
	Bytes, Limit int
}

// Setting is the setting of Argo CD's repository server that allows more.
const Setting = "ARGOCD_REPO_SERVER_MAX_COMBINED_DIRECTORY_MANIFESTS_SIZE"

// Error is one line.
func (e *SizeError) Error() string {
	return fmt.Sprintf("instance %s: %d bytes of manifests, and Argo CD refuses a source near or over %d; raise %s of its repo server, or use fewer packages",
		e.Instance, e.Bytes, e.Limit, Setting)
}

// quoted is a text on one line in which nothing acts on a terminal.
func quoted(text string) string {
	escaped := strconv.QuoteToASCII(text)
	return strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`)
}
