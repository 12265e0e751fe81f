package resolver

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// publicSet is what a file of cases from another project says of itself.
type publicSet struct {
	name                        string
	all, carried, same, differs int
	left                        map[string]int // by reason
}

// The cases that other projects test their solvers with pass as far as they carry over, each of them once, and docs/resolver-proof.md says
// how many do, how many have another answer by our rules, and why the rest is left out.
func TestPublicSets(t *testing.T) {
	page, err := os.ReadFile("../docs/resolver-proof.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for line := range strings.Lines(string(page)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| packse |") || strings.HasPrefix(line, "| dep |") || strings.HasPrefix(line, "| pub |") {
			told = append(told, line)
		}
	}
	var want []string
	var sets []publicSet
	for name, all := range map[string]int{"packse": 148, "dep": 39, "pub": 97} {
		set := readPublic(t, name)
		if set.all != all {
			t.Errorf("%s: %d cases are accounted for, and the set has %d", name, set.all, all)
		}
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(a, b publicSet) int { return b.all - a.all })
	for _, s := range sets {
		want = append(want, fmt.Sprintf("| %s | %d | %d | %d | %d | %d |", s.name, s.all, s.carried, s.same, s.differs, s.all-s.carried))
	}
	for _, s := range sets {
		for _, reason := range slices.Sorted(maps.Keys(s.left)) {
			want = append(want, fmt.Sprintf("| %s | %d | %s |", s.name, s.left[reason], reason))
		}
	}
	if diff := gocmp.Diff(want, told); diff != "" {
		t.Errorf("docs/resolver-proof.md says something else: -counted +told\n%s", diff)
	}
}

// readPublic counts the cases of a set and checks each.
func readPublic(t *testing.T, name string) publicSet {
	t.Helper()
	file := "testdata/public-" + name + ".txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases := parseScenarios(t, file, string(data))
	set := publicSet{name: name, left: map[string]int{}}
	seen := map[string]bool{}
	once := func(id string) {
		if seen[id] {
			t.Errorf("%s: %s is there twice", file, id)
		}
		seen[id] = true
		set.all++
	}
	for line := range strings.Lines(cases.head) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), "# left out: "); is {
			id, reason, _ := strings.Cut(rest, " | ")
			once(id)
			set.left[reason]++
		}
	}
	for _, c := range cases.list {
		id, other := "", false
		for _, line := range c.given {
			if of, is := strings.CutPrefix(line, "# of: "); is {
				id = of
			}
			other = other || strings.HasPrefix(line, "# differs: ")
		}
		if id == "" {
			t.Errorf("%s:%d: the case does not say which one it is", file, c.line)
		}
		once(id)
		set.carried++
		if other {
			set.differs++
		} else {
			set.same++
		}
		c.check(t)
	}
	return set
}
