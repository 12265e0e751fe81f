package cli

import (
	"fmt"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/resolver/catalog"
)

// factJSON is one fact in the stable schema of 'gkops info -o json': the keys of facts.yaml, and where it stands.
type factJSON struct {
	catalog.Fact
	Registry string `json:"registry"`
	Overlay  bool   `json:"overlay,omitempty"`
	File     string `json:"file"`
}

func factsJSON(statements []catalog.Statement) []factJSON {
	var all []factJSON
	for _, s := range statements {
		all = append(all, factJSON{s.Fact, s.Registry, s.Overlay, s.File})
	}
	return all
}

// versionsOf are the versions of a registry; the withdrawn ones are marked.
func versionsOf(info *pipeline.Info, registry string) []string {
	var all []string
	for _, v := range info.Versions[registry] {
		if info.Withdrawn[registry+" "+v] != "" {
			v += " (withdrawn)"
		}
		all = append(all, v)
	}
	return all
}

// factRows are the facts about a version, one row each, with how they are known.
func factRows(info *pipeline.Info) [][]string {
	var rows [][]string
	for _, s := range info.Facts {
		row := func(label, format string, args ...any) {
			text := strings.TrimSpace(fmt.Sprintf(format, args...))
			rows = append(rows, []string{label, printable(fmt.Sprintf("%s (%s)", text, s.Source()))})
		}
		if s.Kubernetes != "" {
			row("kubernetes:", "%s", s.Kubernetes)
		}
		for _, d := range s.Requires {
			row("needs:", "%s %s", d.Name, d.Version)
		}
		for _, c := range s.Conflicts {
			row("conflicts:", "%s", strings.Join(strings.Fields(c.Name+" "+c.Version+" "+c.Reason), " "))
		}
		for _, p := range s.Provides {
			row("provides:", "%s %s", p.Name, p.Version)
		}
		for _, a := range s.APIs.Serves {
			row("serves:", "%s of %s: %s", a.Kind, a.Group, strings.Join(a.Versions, ", "))
		}
		for _, a := range s.APIs.Uses {
			row("uses:", "%s of %s: %s", a.Kind, a.Group, strings.Join(a.Versions, ", "))
		}
		if s.UpgradeFrom != "" {
			row("upgrade from:", "%s", s.UpgradeFrom)
		}
		if s.Yanked != "" {
			row("withdrawn:", "%s", s.Yanked)
		}
		if s.Prerelease != "" {
			row("prerelease:", "%s", s.Prerelease)
		}
		if s.Deprecated != "" {
			row("deprecated:", "%s", deprecation(s.Fact))
		}
	}
	for _, c := range info.Contradictions {
		rows = append(rows, []string{"contradicted:", printable(fmt.Sprintf("%s (%s): its objects do not fit %s: %s", c.Range, c.Source,
			strings.Join(c.Kubernetes, ", "), c.Because))})
	}
	for _, f := range info.Fits {
		if f.Fits != "unknown" {
			rows = append(rows, []string{"fits:", fmt.Sprintf("%s (Kubernetes %s): %s", f.Cluster, f.Kubernetes, f.Fits)})
		}
	}
	return rows
}

func deprecation(f catalog.Fact) string {
	if f.Replacement == "" {
		return f.Deprecated
	}
	return f.Deprecated + "; use " + f.Replacement
}

// knownLines tell what a lock knows of a version.
func knownLines(kubernetes string, f lock.Facts) []string {
	var lines []string
	for _, d := range f.Kubernetes {
		lines = append(lines, printable(fmt.Sprintf("fits Kubernetes %s: %s (%s)", kubernetes, d.Range, d.Source)))
	}
	if f.Yanked != "" {
		lines = append(lines, printable("was withdrawn: "+f.Yanked))
	}
	if f.Prerelease != "" {
		lines = append(lines, printable("is a prerelease: "+f.Prerelease))
	}
	if f.Deprecated != "" {
		lines = append(lines, printable("is deprecated: "+f.Deprecated))
	}
	return lines
}
