package compat

import "gkops.dev/gkops/compat/finding"

// Fresh is what head says and base did not: a finding of the same rule and text about the same object is the same one, wherever
// it stands; one that head has more often counts as often. head keeps its order.
func Fresh(head, base []finding.Finding) []finding.Finding {
	known := map[finding.Finding]int{}
	for _, f := range base {
		known[withoutPlace(f)]++
	}
	fresh := []finding.Finding{}
	for _, f := range head {
		if same := withoutPlace(f); known[same] > 0 {
			known[same]--
			continue
		}
		fresh = append(fresh, f)
	}
	return fresh
}

// withoutPlace is a finding as it stays when its object moves. One that names no object is known by its file.
func withoutPlace(f finding.Finding) finding.Finding {
	f.Line = 0
	if f.Object.Name != "" {
		f.File = ""
	}
	return f
}
