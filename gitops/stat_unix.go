//go:build unix

package gitops

import (
	"io/fs"
	"syscall"
)

// device is the number of the device that a file is on.
func device(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Dev)
	}
	return 0
}
