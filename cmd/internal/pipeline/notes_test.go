package pipeline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/review"
)

// TestNotes follows the addresses of files to the pages of their forge.
func TestNotes(t *testing.T) {
	for _, c := range []struct{ file, name, page, since string }{
		{"https://raw.githubusercontent.com/a/b/V/install.yaml", "a/b", "https://github.com/a/b/releases/tag/V", "https://github.com/a/b/compare/OLD...V"},
		{"https://raw.githubusercontent.com/a/b/refs/tags/V/install.yaml", "a/b", "https://github.com/a/b/releases/tag/V", "https://github.com/a/b/compare/OLD...V"},
		{"https://github.com/a/b/releases/download/V/x.yaml", "a/b", "https://github.com/a/b/releases/tag/V", "https://github.com/a/b/compare/OLD...V"},
		{"https://gitlab.com/group/sub/b/-/raw/V/deploy/x.yaml", "gitlab.com/group/sub/b", "https://gitlab.com/group/sub/b/-/releases/V", "https://gitlab.com/group/sub/b/-/compare/OLD...V"},
		{"https://git.example.org/g/b/-/releases/V/downloads/x.yaml", "git.example.org/g/b", "https://git.example.org/g/b/-/releases/V", "https://git.example.org/g/b/-/compare/OLD...V"},
		{"https://codeberg.org/a/b/raw/tag/V/x.yaml", "codeberg.org/a/b", "https://codeberg.org/a/b/releases/tag/V", "https://codeberg.org/a/b/compare/OLD...V"},
		{"https://git.example.org/a/b/releases/download/V/x.yaml", "git.example.org/a/b", "https://git.example.org/a/b/releases/tag/V", "https://git.example.org/a/b/compare/OLD...V"},
	} {
		fill := strings.NewReplacer("OLD", "v1.1.0", "V", "v1.2.0").Replace
		at := func(tag string) lock.Instance {
			address := strings.ReplaceAll(c.file, "V", tag)
			return lock.Instance{Name: "x", Sources: []lock.Source{{URL: address}, {URL: address + "?again"}}}
		}
		old, now := at("v1.1.0"), at("v1.2.0")
		page, since := review.Link{Label: c.name + " v1.2.0", URL: fill(c.page)}, review.Link{Label: "all since v1.1.0", URL: fill(c.since)}
		if diff := cmp.Diff([]review.Link{page, since}, notes(&lock.Lock{Instances: []lock.Instance{old}}, now)); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.file, diff)
		}
		if diff := cmp.Diff([]review.Link{page}, notes(nil, now)); diff != "" {
			t.Errorf("%s, new: -want +got\n%s", c.file, diff)
		}
		if got := notes(&lock.Lock{Instances: []lock.Instance{now}}, now); len(got) > 0 {
			t.Errorf("%s: the same version has the notes %v", c.file, got)
		}
	}
}

func TestNoNotes(t *testing.T) {
	for _, file := range []string{"", "install.yaml", "https://raw.githubusercontent.com/a/b/main/x.yaml", "https://codeberg.org/a/b/raw/branch/v1/x.yaml", "http://github.com/a/b/releases/download/v1/x.yaml",
		"https://user:pw@github.com/a/b/releases/download/v1/x.yaml", "https://example.org/v1/x.yaml", "https://gitlab.com/a/b/-/blob/v1/x.yaml", "oci://ghcr.io/a/b:v1", "https://github.com/a/b/releases/latest/download/x.yaml", "://"} {
		if got := notes(nil, lock.Instance{Name: "x", Sources: []lock.Source{{URL: file}}}); len(got) > 0 {
			t.Errorf("%s has the notes %v", file, got)
		}
	}
}

// TestNotesOfCommits: a commit has no page of a release, and what changed since another one has.
func TestNotesOfCommits(t *testing.T) {
	at := func(id string) lock.Instance {
		return lock.Instance{Name: "x", Sources: []lock.Source{{URL: "https://raw.githubusercontent.com/a/b/" + id + "/x.yaml"}}}
	}
	old, now := strings.Repeat("0a", 20), strings.Repeat("1b", 20)
	want := []review.Link{{Label: "all since 0a0a0a0a0a", URL: "https://github.com/a/b/compare/" + old + "..." + now}}
	if diff := cmp.Diff(want, notes(&lock.Lock{Instances: []lock.Instance{at(old)}}, at(now))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
