//go:build !linux && !darwin

package gitops

import (
	"io/fs"
	"time"
)

// fileNumbers are not known here; Git then reads the file once.
func fileNumbers(info fs.FileInfo) (time.Time, numbers) { return info.ModTime(), numbers{} }
