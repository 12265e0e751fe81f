package catalog

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// triple is a stable version.
type triple [3]uint64

func (t triple) less(u triple) bool {
	for i := range t {
		if t[i] != u[i] {
			return t[i] < u[i]
		}
	}
	return false
}

// interval holds the stable versions from low up to, not including, high.
type interval struct{ low, high triple }

func (i interval) holds(t triple) bool { return !t.less(i.low) && t.less(i.high) }

// end is above every version.
var end = triple{math.MaxUint64, math.MaxUint64, math.MaxUint64}

// isNormal reports whether a range is written as Masterminds/semver hands it back, and names stable versions alone: comparisons separated by
// one space, each of an operator and up to three numbers, groups of them by "||". Such a range can be compiled as it is; a long one is left to
// the library, which bounds them.
func isNormal(s string) bool {
	const long = 128
	if len(s) > long {
		return false
	}
	for group := range strings.SplitSeq(s, "||") {
		for comparison := range strings.SplitSeq(strings.TrimSpace(group), " ") {
			version := strings.TrimLeft(comparison, "=!<>~^")
			switch comparison[:len(comparison)-len(version)] {
			case "", "=", "!=", ">", "<", ">=", "<=", "~", "^":
			default:
				return false
			}
			parts := 0
			for number := range strings.SplitSeq(version, ".") {
				parts++
				if !isNumber(number) || parts > len(triple{}) {
					return false
				}
			}
		}
	}
	return true
}

// isNumber reports whether a text is one to nine digits, the first of several not 0.
func isNumber(s string) bool {
	if s == "" || len(s) > 9 || s[0] == '0' && len(s) > 1 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// compile turns a range in normal form into the intervals of stable versions that it allows, and says whether it names a prerelease.
// The Check of Masterminds/semver costs 0.5 us and, for a version outside, an error text.
func compile(normal string) (allowed []interval, prerelease bool, err error) {
	for group := range strings.SplitSeq(normal, "||") {
		held := []interval{{high: end}}
		for text := range strings.FieldsSeq(group) {
			c, err := parseComparison(text)
			if err != nil {
				return nil, false, err
			}
			prerelease = prerelease || c.prerelease
			held = intersect(held, c.intervals())
		}
		allowed = append(allowed, held...)
	}
	return allowed, prerelease, nil
}

func intersect(a, b []interval) []interval {
	var both []interval
	for _, x := range a {
		for _, y := range b {
			i := interval{low: x.low, high: x.high}
			if i.low.less(y.low) {
				i.low = y.low
			}
			if y.high.less(i.high) {
				i.high = y.high
			}
			if i.low.less(i.high) {
				both = append(both, i)
			}
		}
	}
	return both
}

// comparison is one operator with a version that may be partial: "1.2" and "1.2.x" have two numbers, "*" has none.
type comparison struct {
	operator   string
	at         triple
	numbers    int
	prerelease bool
}

func parseComparison(text string) (comparison, error) {
	version := strings.TrimLeft(text, "=!<>~^")
	c := comparison{operator: text[:len(text)-len(version)], numbers: 3}
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "+")
	version, _, c.prerelease = strings.Cut(version, "-")
	parts := strings.Split(version, ".")
	for i := range c.at {
		if i >= len(parts) || parts[i] == "x" || parts[i] == "X" || parts[i] == "*" || parts[i] == "" {
			c.numbers = i
			break
		}
		n, err := strconv.ParseUint(parts[i], 10, 53)
		if err != nil {
			return c, fmt.Errorf("%q: %w", text, err)
		}
		c.at[i] = n
	}
	return c, nil
}

// intervals are the stable versions that the comparison holds for, as Masterminds/semver decides it.
func (c comparison) intervals() []interval {
	switch c.operator {
	case ">":
		return []interval{{c.above(), end}}
	case ">=", "=>":
		return []interval{{c.at, end}}
	case "<":
		return []interval{{triple{}, c.at}}
	case "<=", "=<":
		return []interval{{triple{}, c.upTo()}}
	case "!=":
		same := c.same()
		return []interval{{triple{}, same.low}, {same.high, end}}
	case "~", "~>":
		return []interval{c.tilde()}
	case "^":
		return []interval{{c.at, c.caretEnd()}}
	}
	if c.numbers < 3 {
		return []interval{c.tilde()}
	}
	return []interval{c.same()}
}

// after is the first version that does not share the first n numbers.
func (c comparison) after(n int) triple {
	next := triple{}
	copy(next[:], c.at[:n])
	next[n-1]++
	return next
}

// above is the first stable version above: 1.2.4 above 1.2.3, 1.3.0 above 1.2, 1.2.3 above 1.2.3-rc.1.
func (c comparison) above() triple {
	switch {
	case c.numbers == 0:
		return c.same().high
	case c.numbers == 3 && c.prerelease:
		return c.at
	}
	return c.after(c.numbers)
}

// upTo is the end of what is not above. "<=*" holds for 0.0.x only.
func (c comparison) upTo() triple {
	if c.numbers == 0 {
		return c.after(2)
	}
	return c.above()
}

// same is what an equal version shares; nothing stable equals a prerelease, and "*" equals 0.0.0.
func (c comparison) same() interval {
	switch {
	case c.prerelease && c.numbers != 1:
		return interval{c.at, c.at}
	case c.numbers == 0:
		return interval{c.at, c.after(3)}
	}
	return interval{c.at, c.after(c.numbers)}
}

// tilde lets the patch move, or what was not written. "~*" and "~0.0.0" hold for everything.
func (c comparison) tilde() interval {
	switch {
	case c.numbers == 0 || c.numbers == 3 && c.at == triple{}:
		return interval{c.at, end}
	case c.numbers == 1:
		return interval{c.at, c.after(1)}
	}
	return interval{c.at, c.after(2)}
}

// caretEnd lets everything move behind the first number that is not zero.
func (c comparison) caretEnd() triple {
	switch {
	case c.at[0] > 0 || c.numbers == 1:
		return c.after(1)
	case c.at[1] > 0 || c.numbers == 2:
		return c.after(2)
	}
	return c.after(3)
}
