//go:build !unix

package gitops

import "io/fs"

// device is not known here.
func device(fs.FileInfo) uint64 { return 0 }
