package review

import (
	"slices"
	"strings"
)

// Op is what happened to a line: it is kept, it comes or it goes; a Gap stands for lines that are not told, and a Note for a
// sentence about a value that may not be shown.
type Op byte

// The operations, as a diff writes them.
const (
	Keep   Op = ' '
	Insert Op = '+'
	Delete Op = '-'
	Gap    Op = '.'
	Note   Op = '~'
)

// Line is one line of a hunk.
type Line struct {
	Op   Op
	Text string
}

// nearby is how many lines are kept on both sides of a change.
const nearby = 3

// Lines is the hunk as lines of YAML, with what lies far from a change left out.
func (h Hunk) Lines() []Line {
	if h.Redacted != nil {
		return []Line{{Note, h.Name() + ": " + h.Redacted.Sizes(h.Change)}}
	}
	if h.Change == Reordered {
		return compareItems(split(h.Old), split(h.New))
	}
	return withContext(compareLines(split(h.Old), split(h.New)))
}

// compareItems compares lists item by item, so that no line is taken for one of another item.
func compareItems(old, new []string) []Line {
	var lines []Line
	for _, item := range compareLines(items(old), items(new)) {
		for _, text := range strings.Split(item.Text, "\n") {
			lines = append(lines, Line{item.Op, text})
		}
	}
	return lines
}

// items joins the lines of each list item; a line before the first stands alone.
func items(lines []string) []string {
	var joined []string
	for _, line := range lines {
		if strings.HasPrefix(line, "- ") || len(joined) == 0 || !strings.HasPrefix(joined[len(joined)-1], "- ") {
			joined = append(joined, line)
			continue
		}
		joined[len(joined)-1] += "\n" + line
	}
	return joined
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func compareLines(old, new []string) []Line {
	var lines []Line
	i, j := 0, 0
	for _, anchor := range append(common(old, new), [2]int{len(old), len(new)}) {
		for ; i < anchor[0]; i++ {
			lines = append(lines, Line{Delete, old[i]})
		}
		for ; j < anchor[1]; j++ {
			lines = append(lines, Line{Insert, new[j]})
		}
		if i < len(old) {
			lines = append(lines, Line{Keep, old[i]})
		}
		i, j = i+1, j+1
	}
	return lines
}

// withContext leaves out kept lines that are far from a change, except the first, which names the field.
func withContext(lines []Line) []Line {
	near := make([]bool, len(lines))
	for i, line := range lines {
		if line.Op == Keep {
			near[i] = near[i] || i == 0
			continue
		}
		for k := max(0, i-nearby); k <= min(len(lines)-1, i+nearby); k++ {
			near[k] = true
		}
	}
	var kept []Line
	for i, line := range lines {
		switch {
		case near[i]:
			kept = append(kept, line)
		case len(kept) > 0 && kept[len(kept)-1].Op != Gap:
			kept = append(kept, Line{Op: Gap})
		}
	}
	if n := len(kept); n > 0 && kept[n-1].Op == Gap {
		kept = kept[:n-1]
	}
	return kept
}

// maxEdits bounds the search for the shortest edit: time and memory grow with its square.
const maxEdits = 1000

// common pairs the indices of what two lists have in common, in order, as many as possible (Myers, "An O(ND) Difference
// Algorithm", 1986). When more than maxEdits differ, only what is the same at both ends is paired.
func common(old, new []string) [][2]int {
	start := 0
	for start < len(old) && start < len(new) && old[start] == new[start] {
		start++
	}
	end := 0
	for end < len(old)-start && end < len(new)-start && old[len(old)-1-end] == new[len(new)-1-end] {
		end++
	}
	pairs := make([][2]int, 0, min(len(old), len(new)))
	for i := range start {
		pairs = append(pairs, [2]int{i, i})
	}
	for _, pair := range between(old[start:len(old)-end], new[start:len(new)-end]) {
		pairs = append(pairs, [2]int{start + pair[0], start + pair[1]})
	}
	for i := range end {
		pairs = append(pairs, [2]int{len(old) - end + i, len(new) - end + i})
	}
	return pairs
}

// long is how many lines two lists have together before the search is cut at lines that each has just once.
const long = 2000

// between pairs what two lists have in common whose ends differ. Long lists are first cut at the lines that both have exactly once
// and in the same order (as in Bram Cohen's patience diff), so that the cost does not grow with the square of the differences.
func between(old, new []string) [][2]int {
	if len(old)+len(new) <= long {
		return shortest(old, new)
	}
	anchors := unique(old, new)
	if len(anchors) == 0 {
		return shortest(old, new)
	}
	var pairs [][2]int
	i, j := 0, 0
	for _, anchor := range append(anchors, [2]int{len(old), len(new)}) {
		for _, pair := range common(old[i:anchor[0]], new[j:anchor[1]]) {
			pairs = append(pairs, [2]int{i + pair[0], j + pair[1]})
		}
		if anchor[0] < len(old) {
			pairs = append(pairs, anchor)
		}
		i, j = anchor[0]+1, anchor[1]+1
	}
	return pairs
}

// unique pairs the lines that both lists have exactly once, as many as are in the same order.
func unique(old, new []string) [][2]int {
	type count struct{ old, new, at int }
	counts := make(map[string]*count, len(old))
	for i, line := range old {
		if c := counts[line]; c != nil {
			c.old++
			continue
		}
		counts[line] = &count{old: 1, at: i}
	}
	for _, line := range new {
		if c := counts[line]; c != nil {
			c.new++
		}
	}
	var pairs [][2]int
	for j, line := range new {
		if c := counts[line]; c != nil && c.old == 1 && c.new == 1 {
			pairs = append(pairs, [2]int{c.at, j})
		}
	}
	return rising(pairs)
}

// rising is a longest part of some pairs, ordered by their second place, whose first places rise too (patience sorting).
func rising(pairs [][2]int) [][2]int {
	piles := []int{} // index of the last pair of the best run of each length
	before := make([]int, len(pairs))
	for n, pair := range pairs {
		k, _ := slices.BinarySearchFunc(piles, pair[0], func(m, at int) int { return pairs[m][0] - at })
		before[n] = -1
		if k > 0 {
			before[n] = piles[k-1]
		}
		if k == len(piles) {
			piles = append(piles, n)
			continue
		}
		piles[k] = n
	}
	if len(piles) == 0 {
		return nil
	}
	var run [][2]int
	for n := piles[len(piles)-1]; n >= 0; n = before[n] {
		run = append(run, pairs[n])
	}
	slices.Reverse(run)
	return run
}

// shortest walks forward and keeps the furthest point of every diagonal for every number of edits.
func shortest(old, new []string) [][2]int {
	n, m := len(old), len(new)
	if n == 0 || m == 0 {
		return nil
	}
	limit := min(n+m, maxEdits)
	furthest := make([]int, 2*limit+2)
	var trace [][]int
	for edits := range limit + 1 {
		trace = append(trace, slices.Clone(furthest[limit-edits:limit+edits+1]))
		for k := -edits; k <= edits; k += 2 {
			x := step(furthest, limit, k, edits)
			for x < n && x-k < m && old[x] == new[x-k] {
				x++
			}
			furthest[limit+k] = x
			if x >= n && x-k >= m {
				return backtrack(trace, n, m)
			}
		}
	}
	return nil
}

// step is the start on diagonal k after one more edit.
func step(furthest []int, limit, k, edits int) int {
	if inserts(furthest, limit, k, edits) {
		return furthest[limit+k+1]
	}
	return furthest[limit+k-1] + 1
}

// inserts reports whether diagonal k is best reached by an insertion, from the diagonal above, and not by a deletion. The entry
// of diagonal 0 is at index zero.
func inserts(furthest []int, zero, k, edits int) bool {
	return k == -edits || k != edits && furthest[zero+k-1] < furthest[zero+k+1]
}

// backtrack reads the common pairs off the trace. trace[e] holds the diagonals -e to e as they were before edit e.
func backtrack(trace [][]int, x, y int) [][2]int {
	var pairs [][2]int
	keep := func(until int) {
		for x > until {
			x, y = x-1, y-1
			pairs = append(pairs, [2]int{x, y})
		}
	}
	for edits := len(trace) - 1; edits > 0; edits-- {
		before, k := trace[edits], x-y
		if inserts(before, edits, k, edits) {
			keep(before[edits+k+1])
			x, y = before[edits+k+1], before[edits+k+1]-k-1
			continue
		}
		keep(before[edits+k-1] + 1)
		x, y = before[edits+k-1], before[edits+k-1]-k+1
	}
	keep(0)
	slices.Reverse(pairs)
	return pairs
}
