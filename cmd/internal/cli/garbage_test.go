package cli

import (
	"math"
	"runtime/debug"
	"testing"

	"gkops.dev/gkops/compat"
)

// TestGarbageOfLargeTreesIsCollected is about the whole process, so nothing runs beside it.
func TestGarbageOfLargeTreesIsCollected(t *testing.T) {
	half := make([]byte, smallTree/2+1)
	large := []compat.File{{Name: "a", Read: func() ([]byte, error) { return half, nil }}, {Name: "b", Read: func() ([]byte, error) { return half, nil }}}
	percent, most := settings()
	restore := collectLate(Env{Getenv: func(string) string { return "" }}, large)
	for i, want := range [][2]int64{{lateGarbage, limit}, {lateGarbage, limit}, {garbage, math.MaxInt64}} {
		if p, m := settings(); p != want[0] || m != want[1] {
			t.Errorf("after %d files: %d percent, at most %d bytes, want %v", i, p, m, want)
		}
		if i < len(large) {
			if _, err := large[i].Read(); err != nil {
				t.Fatal(err)
			}
		}
	}
	restore()
	if p, m := settings(); p != percent || m != most {
		t.Errorf("put back to %d percent and %d bytes, it was %d and %d", p, m, percent, most)
	}
	collectLate(Env{Getenv: func(name string) string { return map[string]string{"GOGC": "50"}[name] }}, nil)()
	if p, m := settings(); p != percent || m != most {
		t.Errorf("what the environment sets was changed to %d percent and %d bytes", p, m)
	}
}

// settings are those of the collector.
func settings() (percent, most int64) {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return int64(p), debug.SetMemoryLimit(-1)
}
