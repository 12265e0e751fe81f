package review

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// longest is the length of the longest common subsequence by the textbook's table.
func longest(a, b []string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				table[i+1][j+1] = table[i][j] + 1
				continue
			}
			table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
		}
	}
	return table[len(a)][len(b)]
}

func TestCommonIsLongest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a, b := words(random), words(random)
		pairs := common(a, b)
		last := [2]int{-1, -1}
		for _, pair := range pairs {
			if pair[0] <= last[0] || pair[1] <= last[1] || a[pair[0]] != b[pair[1]] {
				t.Fatalf("common(%q, %q) = %v", a, b, pairs)
			}
			last = pair
		}
		if want := longest(a, b); len(pairs) != want {
			t.Fatalf("common(%q, %q) = %v, want %d pairs", a, b, pairs, want)
		}
	}
}

func words(random *rand.Rand) []string {
	list := make([]string, random.IntN(12))
	for i := range list {
		list[i] = string(rune('a' + random.IntN(4)))
	}
	return list
}

// TestLinesAccountForBothSides holds that kept and deleted lines are the old text, and kept and inserted ones the new.
func TestLinesAccountForBothSides(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		old, new := words(random), words(random)
		var before, after []string
		for _, line := range compareLines(old, new) {
			if line.Op != Insert {
				before = append(before, line.Text)
			}
			if line.Op != Delete {
				after = append(after, line.Text)
			}
		}
		if !slices.Equal(before, old) || !slices.Equal(after, new) {
			t.Fatalf("lines of %q and %q are %q and %q", old, new, before, after)
		}
	}
}

func TestHugeDifferenceEnds(t *testing.T) {
	old := strings.Split(strings.Repeat("a\n", 20_000), "\n")
	new := strings.Split("x\n"+strings.Repeat("b\n", 20_000), "\n")
	if pairs := common(old, new); len(pairs) != 1 {
		t.Errorf("%d pairs, want the empty line at the end", len(pairs))
	}
}

func TestContextIsKeptAroundChanges(t *testing.T) {
	old := "key: |\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n"
	hunk := Hunk{Change: Changed, Old: old, New: strings.Replace(old, "7\n", "seven\n", 1)}
	var got []string
	for _, line := range hunk.Lines() {
		got = append(got, string(rune(line.Op))+line.Text)
	}
	want := " key: | . 4 5 6 -7 +seven 8 9 10"
	if text := strings.Join(got, ""); text != " key: |. 4 5 6-7+seven 8 9 10" {
		t.Errorf("lines %q, want %q", got, want)
	}
}
