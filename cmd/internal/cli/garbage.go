package cli

import (
	"math"
	"runtime/debug"
	"sync/atomic"

	"gkops.dev/gkops/compat"
)

// How garbage is collected while manifests are judged: most of what is read is garbage at once, and the command ends soon. Up to smallTree bytes of
// manifests, it piles up to limit bytes, which saves a fifth of the time; beyond that, the memory follows what is in use.
const (
	smallTree   = 128 << 20
	limit       = 240 << 20
	lateGarbage = 400 // percent of what is in use
	garbage     = 150
)

// collectLate counts what is read of the files, and sets the collector accordingly; what it returns puts it back. Where the environment
// sets the collector, it stays so.
func collectLate(env Env, files []compat.File) (restore func()) {
	if env.Getenv("GOGC") != "" || env.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	var read atomic.Int64
	for i := range files {
		open := files[i].Read
		files[i].Read = func() ([]byte, error) {
			data, err := open()
			size := int64(len(data))
			if total := read.Add(size); total > smallTree && total-size <= smallTree {
				debug.SetGCPercent(garbage)
				debug.SetMemoryLimit(math.MaxInt64)
			}
			return data, err
		}
	}
	percent, most := debug.SetGCPercent(lateGarbage), debug.SetMemoryLimit(limit)
	return func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(most) }
}
