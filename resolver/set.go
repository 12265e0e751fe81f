package resolver

import "math/bits"

// set is a set of small integers: the state of a node is one of them. Element absent says that the node is not in the
// plan, element i+1 that it is, with candidate i. Sets are values: no operation changes one. The first 64 elements need no
// memory of their own. Two sets are only combined when they belong to the same package, so that they are equally long.
type set struct {
	low  uint64
	high []uint64 // elements 64 and up; nil when there are none in the package
}

// absent is the element that stands for "not in the plan".
const absent = 0

// emptySet has room for size elements and holds none.
func emptySet(size int) set {
	if size <= 64 {
		return set{}
	}
	return set{high: make([]uint64, (size-1)/64)}
}

// fullSet holds the elements 0 to size-1.
func fullSet(size int) set { return interval(size, 0, size) }

// interval holds the elements from first up to, not including, end.
func interval(size, first, end int) set {
	s := emptySet(size)
	s.low = ones(first, end, 0)
	for i := range s.high {
		s.high[i] = ones(first, end, 64*(i+1))
	}
	return s
}

// ones is the word whose bits are the elements from first up to end, for the word that starts at base.
func ones(first, end, base int) uint64 {
	from, to := max(first-base, 0), min(end-base, 64)
	if from >= to {
		return 0
	}
	return ^uint64(0) >> (64 - (to - from)) << from
}

// single holds one element.
func single(size, element int) set { return interval(size, element, element+1) }

func (s set) has(element int) bool {
	if element < 64 {
		return s.low>>element&1 == 1
	}
	return s.high[element/64-1]>>(element%64)&1 == 1
}

func (s set) and(t set) set {
	return s.merge(t, func(a, b uint64) uint64 { return a & b })
}

func (s set) or(t set) set {
	return s.merge(t, func(a, b uint64) uint64 { return a | b })
}

func (s set) without(t set) set {
	return s.merge(t, func(a, b uint64) uint64 { return a &^ b })
}

func (s set) merge(t set, op func(a, b uint64) uint64) set {
	r := set{low: op(s.low, t.low)}
	if s.high == nil {
		return r
	}
	r.high = make([]uint64, len(s.high))
	for i := range s.high {
		r.high[i] = op(s.high[i], t.high[i])
	}
	return r
}

func (s set) empty() bool {
	if s.low != 0 {
		return false
	}
	for _, word := range s.high {
		if word != 0 {
			return false
		}
	}
	return true
}

// within reports whether every element of s is one of t.
func (s set) within(t set) bool {
	if s.low&^t.low != 0 {
		return false
	}
	for i, word := range s.high {
		if word&^t.high[i] != 0 {
			return false
		}
	}
	return true
}

// disjoint reports whether s and t have no element in common.
func (s set) disjoint(t set) bool {
	if s.low&t.low != 0 {
		return false
	}
	for i, word := range s.high {
		if word&t.high[i] != 0 {
			return false
		}
	}
	return true
}

func (s set) equal(t set) bool { return s.within(t) && t.within(s) }

// count is the number of elements.
func (s set) count() int {
	n := bits.OnesCount64(s.low)
	for _, word := range s.high {
		n += bits.OnesCount64(word)
	}
	return n
}

// highest is the greatest element from first up to end, or -1.
func (s set) highest(first, end int) int {
	for base := (end - 1) / 64 * 64; base >= 0 && base+64 > first; base -= 64 {
		if word := s.word(base) & ones(first, end, base); word != 0 {
			return base + 63 - bits.LeadingZeros64(word)
		}
	}
	return -1
}

// lowest is the least element from first up to end, or -1.
func (s set) lowest(first, end int) int {
	for base := first / 64 * 64; base < end; base += 64 {
		if word := s.word(base) & ones(first, end, base); word != 0 {
			return base + bits.TrailingZeros64(word)
		}
	}
	return -1
}

func (s set) word(base int) uint64 {
	if base == 0 {
		return s.low
	}
	return s.high[base/64-1]
}
