package compat

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/compat/finding"
)

func TestFreshKnowsAFindingThatMoved(t *testing.T) {
	object := finding.Object{APIVersion: "v1", Kind: "Pod", Name: "a"}
	at := func(file string, line int, o finding.Object) finding.Finding {
		return finding.Finding{Rule: Removed, Severity: finding.Error, Message: "m", File: file, Line: line, Object: o}
	}
	base := []finding.Finding{at("old.yaml", 3, object), at("bad.yaml", 1, finding.Object{})}
	head := []finding.Finding{
		at("new.yaml", 9, object),            // moved
		at("new.yaml", 20, object),           // once more
		at("bad.yaml", 2, finding.Object{}),  // the same file
		at("bad2.yaml", 2, finding.Object{}), // another file
	}
	if diff := cmp.Diff([]finding.Finding{head[1], head[3]}, Fresh(head, base)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
