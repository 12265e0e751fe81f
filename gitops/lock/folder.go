package lock

import (
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// FolderHash is one digest for a folder: the digest of one line per file, "<name> <digest>\n", sorted by name as bytes. Names are
// relative to the folder, slash-separated. The mode of a file does not count, and an empty folder has the digest of no bytes.
func FolderHash(files map[string]catalog.Digest) catalog.Digest {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		lines.WriteString(name + " " + string(files[name]) + "\n")
	}
	return catalog.DigestOf([]byte(lines.String()))
}
