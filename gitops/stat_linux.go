package gitops

import (
	"io/fs"
	"syscall"
	"time"
)

// fileNumbers are the time of the last change of a file's description, and its numbers.
func fileNumbers(info fs.FileInfo) (time.Time, numbers) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return info.ModTime(), numbers{}
	}
	changed := time.Unix(int64(stat.Ctim.Sec), int64(stat.Ctim.Nsec))
	return changed, numbers{device: uint32(stat.Dev), inode: uint32(stat.Ino), user: stat.Uid, group: stat.Gid}
}
