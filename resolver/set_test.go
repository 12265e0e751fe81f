package resolver

import (
	"math/rand/v2"
	"testing"
)

// A set behaves like a map of its elements, whatever the number of words.
func TestSetsAreSets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		size := 1 + r.IntN(200)
		a, mapA := randomSet(r, size)
		b, mapB := randomSet(r, size)
		and, or, without := a.and(b), a.or(b), a.without(b)
		within, disjoint, count := true, true, 0
		for e := range size {
			inA, inB := mapA[e], mapB[e]
			if and.has(e) != (inA && inB) || or.has(e) != (inA || inB) || without.has(e) != (inA && !inB) {
				t.Fatalf("size %d, element %d: in a %v, in b %v, and %v, or %v, without %v", size, e, inA, inB, and.has(e), or.has(e), without.has(e))
			}
			within = within && (!inA || inB)
			disjoint = disjoint && !(inA && inB)
			if inA {
				count++
			}
		}
		if a.within(b) != within || a.disjoint(b) != disjoint || a.count() != count || a.empty() != (count == 0) {
			t.Fatalf("size %d: within %v, disjoint %v, count %d, empty %v", size, a.within(b), a.disjoint(b), a.count(), a.empty())
		}
		first := r.IntN(size)
		end := first + 1 + r.IntN(size-first)
		lowest, highest := -1, -1
		for e := first; e < end; e++ {
			if mapA[e] {
				highest = e
				if lowest < 0 {
					lowest = e
				}
			}
		}
		if a.lowest(first, end) != lowest || a.highest(first, end) != highest {
			t.Fatalf("size %d, from %d to %d: lowest %d want %d, highest %d want %d", size, first, end, a.lowest(first, end), lowest, a.highest(first, end), highest)
		}
		if full := fullSet(size); full.count() != size || !full.without(a).or(a).equal(full) {
			t.Fatalf("size %d: the full set has %d elements", size, full.count())
		}
	}
}

// randomSet is some intervals, as a set and as a map.
func randomSet(r *rand.Rand, size int) (set, map[int]bool) {
	s, m := emptySet(size), map[int]bool{}
	for range r.IntN(4) {
		first := r.IntN(size)
		end := first + r.IntN(size-first+1)
		s = s.or(interval(size, first, end))
		for e := first; e < end; e++ {
			m[e] = true
		}
	}
	return s, m
}
