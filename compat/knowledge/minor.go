package knowledge

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Minor is a Kubernetes minor version: 34 for 1.34. Zero is none.
type Minor int

// String is "1.34".
func (m Minor) String() string {
	if m == 0 {
		return ""
	}
	return "1." + strconv.Itoa(int(m))
}

// ParseMinor reads a Kubernetes version and drops what is behind the minor: "1.34", "v1.34.2", "1.31.10-eks-1234", "1.31+".
func ParseMinor(version string) (Minor, error) {
	text := strings.TrimPrefix(strings.TrimSpace(version), "v")
	major, rest, found := strings.Cut(text, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.Atoi(rest[:end])
	if major != "1" || !found || err != nil || n <= 0 || n > 999 || !suffix(rest[end:]) {
		return 0, fmt.Errorf("%q is no Kubernetes version: want 1.34 or 1.34.2", version)
	}
	return Minor(n), nil
}

// suffix reports whether a text may follow the minor: nothing, a patch version, or what vendors add.
func suffix(s string) bool {
	if s == "" || s[0] == '+' || s[0] == '-' {
		return true
	}
	return s[0] == '.' && len(s) > 1 && (s[1] >= '0' && s[1] <= '9' || s[1] == 'x')
}

// base is the minor of the lowest bit of Minors.
const base Minor = 1

// Minors is a set of minors from 1.1 to 1.64.
type Minors uint64

// Only is the set of one minor.
func Only(m Minor) Minors {
	if m < base || m >= base+64 {
		return 0
	}
	return 1 << (m - base)
}

// Between is the set of all minors from one to another, both included.
func Between(first, last Minor) Minors {
	var s Minors
	for m := first; m <= last; m++ {
		s |= Only(m)
	}
	return s
}

// Has reports whether a minor is in the set.
func (s Minors) Has(m Minor) bool { return s&Only(m) != 0 }

// First is the oldest minor of the set, zero when it is empty.
func (s Minors) First() Minor {
	if s == 0 {
		return 0
	}
	return base + Minor(bits.TrailingZeros64(uint64(s)))
}

// Last is the newest minor of the set, zero when it is empty.
func (s Minors) Last() Minor {
	if s == 0 {
		return 0
	}
	return base + Minor(63-bits.LeadingZeros64(uint64(s)))
}

// After is the oldest minor of the set that is newer than m, zero when there is none.
func (s Minors) After(m Minor) Minor { return (s &^ Between(base, m)).First() }

// Before is the newest minor of the set that is older than m, zero when there is none.
func (s Minors) Before(m Minor) Minor { return (s & Between(base, m-1)).Last() }

// String is the set as ranges: "1.24 to 1.28, 1.30".
func (s Minors) String() string {
	var parts []string
	for m := s.First(); m != 0; m = s.After(m) {
		first := m
		for s.Has(m + 1) {
			m++
		}
		if first == m {
			parts = append(parts, m.String())
			continue
		}
		parts = append(parts, first.String()+" to "+m.String())
	}
	return strings.Join(parts, ", ")
}
