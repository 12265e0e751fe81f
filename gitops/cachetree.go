package gitops

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"strconv"
	"strings"
)

// cacheTree is what the index knows of trees: the object of a folder whose entries are exactly that tree. A count below 0 means
// that it is not known.
type cacheTree struct {
	name  string
	count int
	id    [sha1.Size]byte
	below []*cacheTree
}

var errCacheTree = errors.New("cut off")

func parseCacheTree(data []byte) (*cacheTree, []byte, error) {
	name, rest, found := bytes.Cut(data, []byte{0})
	line, rest, ended := bytes.Cut(rest, []byte{'\n'})
	first, second, spaced := strings.Cut(string(line), " ")
	count, err := strconv.Atoi(first)
	folders, err2 := strconv.Atoi(second)
	if !found || !ended || !spaced || err != nil || err2 != nil || folders < 0 || folders > len(rest) {
		return nil, nil, errCacheTree
	}
	t := &cacheTree{name: string(name), count: count}
	if count >= 0 {
		if len(rest) < sha1.Size {
			return nil, nil, errCacheTree
		}
		rest = rest[copy(t.id[:], rest):]
	}
	for range folders {
		var folder *cacheTree
		if folder, rest, err = parseCacheTree(rest); err != nil {
			return nil, nil, err
		}
		t.below = append(t.below, folder)
	}
	return t, rest, nil
}

func (t *cacheTree) append(out []byte) []byte {
	out = append(out, t.name...)
	out = append(out, 0)
	out = strconv.AppendInt(out, int64(t.count), 10)
	out = append(out, ' ')
	out = strconv.AppendInt(out, int64(len(t.below)), 10)
	out = append(out, '\n')
	if t.count >= 0 {
		out = append(out, t.id[:]...)
	}
	for _, folder := range t.below {
		out = folder.append(out)
	}
	return out
}

// forget marks the folders of a path as not known.
func (t *cacheTree) forget(path string) {
	t.count = -1
	first, rest, below := strings.Cut(path, "/")
	for n, folder := range t.below {
		if folder.name != first {
			continue
		}
		if below {
			folder.forget(rest)
			return
		}
		t.below = append(t.below[:n], t.below[n+1:]...) // a file where a folder was
		return
	}
}
