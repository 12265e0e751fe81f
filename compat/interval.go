package compat

import (
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/compat/knowledge"
)

// Interval is the Kubernetes minors that a tree fits, as far as they are known. Both ends are empty when it fits none. An end
// without a reason is where knowledge ends.
type Interval struct {
	Min        string            `json:"min"`
	Max        string            `json:"max"`
	MinBecause []finding.Finding `json:"minBecause,omitempty"`
	MaxBecause []finding.Finding `json:"maxBecause,omitempty"`
}

// limit is the minors that something in a tree allows, where they are not all.
type limit struct {
	minors knowledge.Minors
	why    finding.Finding
}

func (c *checker) limit(minors knowledge.Minors, why finding.Finding, out *result) {
	if minors&c.known.Minors() != c.known.Minors() {
		out.limits = append(out.limits, limit{minors & c.known.Minors(), why})
	}
}

// interval is the newest run of minors that every limit allows.
func (c *checker) interval(limits []limit) Interval {
	fits := c.known.Minors()
	for _, l := range limits {
		fits &= l.minors
	}
	if fits == 0 {
		return c.contradiction(limits)
	}
	last := fits.Last()
	first := last
	for fits.Has(first - 1) {
		first--
	}
	in := Interval{Min: first.String(), Max: last.String()}
	for _, l := range limits {
		if first > c.known.Oldest && !l.minors.Has(first-1) {
			in.MinBecause = append(in.MinBecause, l.why)
		}
		if last < c.known.Newest && !l.minors.Has(last+1) {
			in.MaxBecause = append(in.MaxBecause, l.why)
		}
	}
	in.sort()
	return in
}

// contradiction is the interval of a tree that fits no minor: the reasons are those that end first and those that begin last.
func (c *checker) contradiction(limits []limit) Interval {
	var in Interval
	last, first := c.known.Newest, knowledge.Minor(0)
	for _, l := range limits {
		last = min(last, l.minors.Last())
		first = max(first, l.minors.First())
	}
	for _, l := range limits {
		switch {
		case l.minors.Last() == last:
			in.MaxBecause = append(in.MaxBecause, l.why)
		case l.minors.First() == first:
			in.MinBecause = append(in.MinBecause, l.why)
		}
	}
	in.sort()
	return in
}

func (in *Interval) sort() {
	finding.Sort(in.MinBecause)
	finding.Sort(in.MaxBecause)
}
