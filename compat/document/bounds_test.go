//go:build unix

package document

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostile are inputs made to cost much more than their size.
func hostile() map[string]func() string {
	repeat := strings.Repeat
	return map[string]func() string{
		"alias bomb 9x9": func() string {
			out := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
			for i := 1; i < 9; i++ {
				out += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, repeat(fmt.Sprintf("*a%d, ", i-1), 8), i-1)
			}
			return out
		},
		"alias bomb of merges": func() string {
			out := "a0: &a0 {k0: v}\n"
			for i := 1; i < 40; i++ {
				out += fmt.Sprintf("a%d: &a%d\n  <<: [*a%d, *a%d]\n  k%d: {x: *a%d, z: *a%d}\n", i, i, i-1, i-1, i, i-1, i-1)
			}
			return out
		},
		"anchor in itself":            func() string { return "a: &a\n  b: *a\n" },
		"anchor merged into itself":   func() string { return "a: &a\n  b: c\n  <<: *a\n" },
		"200k nested lists, flow":     func() string { return "a: " + repeat("[", 200_000) + repeat("]", 200_000) },
		"200k nested lists, open":     func() string { return "a: " + repeat("[", 200_000) },
		"200k nested lists, block":    func() string { return "a:\n" + repeat("- ", 200_000) + "x\n" },
		"200k nested mappings, flow":  func() string { return "a: " + repeat("{a: ", 200_000) },
		"200k nested mappings, JSON":  func() string { return repeat(`{"a":`, 200_000) + "1" + repeat("}", 200_000) },
		"nested mappings, block":      nestedBlock,
		"50 MB plain":                 func() string { return "a: " + repeat("x", 50<<20) + "\n" },
		"50 MB plain words":           func() string { return "a: " + repeat("xyz ", 50<<18) + "\n" },
		"8 MB double quoted":          func() string { return `a: "` + repeat(`\n`, 4<<20) + "\"\n" },
		"8 MB single quoted":          func() string { return "a: '" + repeat("''", 4<<20) + "'\n" },
		"8 MB literal":                func() string { return "a: |\n" + repeat("  xyz abc\n", 800<<10) },
		"8 MB folded":                 func() string { return "a: >\n" + repeat("  xyz abc\n", 800<<10) },
		"50 MB JSON string":           func() string { return `{"a": "` + repeat("x", 50<<20) + `"}` },
		"50 MB behind an anchor":      func() string { return "a: &a " + repeat("x", 50<<20) + "\n" },
		"50 MB key":                   func() string { return repeat("x", 50<<20) + ": y\n" },
		"8 MB of comments":            func() string { return "a: b\n" + repeat("#\n", 4<<20) },
		"8 MB of list items":          func() string { return "a:\n" + repeat("- b\n", 2<<20) },
		"8 MB of flow list items":     func() string { return "a: [" + repeat("b, ", 3<<20) + "c]\n" },
		"8 MB of documents":           func() string { return repeat("a: b\n---\n", 1<<20) },
		"8 MB of JSON documents":      func() string { return repeat(`{"a":1}`, 3<<20) },
		"8 MB of JSON numbers":        func() string { return `{"a":[` + repeat("1,", 4<<20) + `1]}` },
		"8 MB of blank lines":         func() string { return "a: b\n" + repeat("\n", 8<<20) },
		"8 MB of separators":          func() string { return repeat("---\n", 2<<20) },
		"100 MB":                      func() string { return repeat("x", 100<<20) },
		"100k keys":                   func() string { return keyed(100_000) },
		"100k keys, JSON":             func() string { return jsonKeyed(100_000) },
		"4 MB of flow scalars":        func() string { return "a: [\n" + repeat("b,", 2<<20-10) + "]\n" },
		"1 MB of anchors":             func() string { return "a: &x y\n" + "b:\n" + repeat("- &y z\n", 1<<17) },
		"1 MB of aliases":             func() string { return "a: &x y\n" + "b:\n" + repeat("- *x\n", 1<<17) },
		"1 MB of comments, slowly":    func() string { return "a: &x y\n" + repeat("# c\n", 1<<18) },
		"1 MB of line comments":       func() string { return "a: &x y\nb:\n" + repeat("- z # c\n", 1<<17) },
		"1 MB of indented comments":   func() string { return "a: &x y\nb:\n  c: d\n" + repeat("  # c\n\n", 1<<17) },
		"as much as the library gets": func() string { return "a: &x [" + repeat("y, ", 390_000) + "]\n" },
		"1 MB of keys behind anchors": func() string { return "z: &z y\n" + keyed(80_000) },
		"1 MB of tags":                func() string { return "a:\n" + repeat("- !!str x\n", 100_000) },
		"1 MB of question marks":      func() string { return "a: &x\n" + repeat("  ? y\n", 150_000) },
		"1 MB of open quotes":         func() string { return "a: \"" + repeat("\\\n", 1<<19) },
		"1 MB of folded quotes":       func() string { return "a: &x \"" + repeat("b\n ", 1<<18) + "\"\n" },
	}
}

func nestedBlock() string {
	var out strings.Builder
	for i := range 3000 {
		out.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return out.String()
}

func keyed(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "key%d: v\n", i)
	}
	return out.String()
}

func jsonKeyed(n int) string {
	var out strings.Builder
	out.WriteString(`{"a": 1`)
	for i := range n {
		fmt.Fprintf(&out, `, "key%d": "v"`, i)
	}
	return out.String() + "}"
}

// bound is the processor time that hostile input may take. On a machine that does nothing else it is under a second; whoever shares
// a core and its caches with others gets the more, and what blows up takes minutes.
const bound = 4 * time.Second

// TestHostileInputIsCheap holds every such input to a bound of processor time and 256 MB, whether it is refused or read with all its nodes.
func TestHostileInputIsCheap(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			data := []byte(text())
			t.Logf("%d bytes", len(data))
			spent, allocated := measured(func() { readAll(t, data) })
			if spent > bound {
				t.Errorf("it takes %v", spent)
			}
			if allocated > 256<<20 {
				t.Errorf("it takes %d MB", allocated>>20)
			}
		})
	}
}

// readAll parses and builds every document; the only error may be a *SyntaxError.
func readAll(t *testing.T, data []byte) {
	docs, err := Parse("hostile.yaml", data)
	var syntax *SyntaxError
	if err != nil && !errors.As(err, &syntax) {
		t.Errorf("%T: %v", err, err)
	}
	for _, doc := range docs[:min(len(docs), 1000)] {
		doc.Root()
	}
	t.Logf("%d documents, %.120v", len(docs), err)
}

// measured is the processor time that a function takes, whatever else the machine does, and the highest size of the heap above what it started with.
func measured(run func()) (time.Duration, uint64) {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	peak := make(chan uint64)
	go func() {
		highest := before.HeapAlloc
		for {
			select {
			case <-done:
				peak <- highest
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&now)
				highest = max(highest, now.HeapAlloc)
			}
		}
	}()
	start := processorTime()
	run()
	spent := processorTime() - start
	close(done)
	return spent, <-peak - before.HeapAlloc
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
