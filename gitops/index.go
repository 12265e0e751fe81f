package gitops

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// index is Git's index: what the next commit is to hold, and what the files looked like when that was last known. It is
// read and written byte for byte, so that entries that are not touched stay as Git wrote them.
type index struct {
	version uint32
	entries []indexEntry // sorted by path, then stage
	trees   *cacheTree   // nil when there is none
	kept    []extension
	written time.Time // of the file; zero when there is none
}

// indexEntry is one file. Fixed are the ten numbers that describe the file, 40 bytes, and its object id, 20 bytes.
type indexEntry struct {
	fixed    [60]byte
	flags    uint16
	extended uint16 // only with flagExtended
	path     string
}

type extension struct {
	name string
	data []byte
}

const (
	flagAssumeValid = 0x8000
	flagExtended    = 0x4000
	flagNameLength  = 0x0fff
	offsetMode      = 24
	offsetSize      = 36
	offsetID        = 40
)

func (e *indexEntry) stage() int   { return int(e.flags >> 12 & 3) }
func (e *indexEntry) id() []byte   { return e.fixed[offsetID:] }
func (e *indexEntry) mode() uint32 { return binary.BigEndian.Uint32(e.fixed[offsetMode:]) }
func (e *indexEntry) size() uint32 { return binary.BigEndian.Uint32(e.fixed[offsetSize:]) }

const (
	modeFile       = 0o100644
	modeExecutable = 0o100755
	modeSubmodule  = 0o160000
)

// IndexError says why the index cannot be changed.
type IndexError struct{ File, Reason, Advice string }

// Error names the file and the reason.
func (e *IndexError) Error() string { return "git index " + e.File + ": " + e.Reason }

// Hint says what to do.
func (e *IndexError) Hint() string { return e.Advice }

// readIndex reads the index of the repository; one that is not there is empty.
func (r *Repository) readIndex() (*index, error) {
	name := filepath.Join(r.dir, "index")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &index{version: 2}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the git index: %w", err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read the git index: %w", err)
	}
	x, err := parseIndex(data)
	var refused *IndexError
	if errors.As(err, &refused) {
		refused.File = name
	}
	if err != nil {
		return nil, err
	}
	x.written = info.ModTime()
	return x, nil
}

func broken(format string, args ...any) error {
	return &IndexError{Reason: fmt.Sprintf(format, args...), Advice: "'git status' says whether git can read it"}
}

// parseIndex reads versions 2 to 4. Optional extensions that a change makes stale are dropped; Git makes them again.
func parseIndex(data []byte) (*index, error) {
	if len(data) < 12+sha1.Size || string(data[:4]) != "DIRC" {
		return nil, broken("it does not start as one")
	}
	body, sum := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	if want := sha1.Sum(body); !bytes.Equal(sum, want[:]) && !bytes.Equal(sum, make([]byte, sha1.Size)) {
		return nil, broken("its checksum is wrong")
	}
	x := &index{version: binary.BigEndian.Uint32(body[4:])}
	if x.version < 2 || x.version > 4 {
		return nil, &IndexError{Reason: fmt.Sprintf("version %d is not known", x.version), Advice: "git update-index --index-version 2"}
	}
	count := binary.BigEndian.Uint32(body[8:])
	if uint64(count) > uint64(len(body)/62) {
		return nil, broken("it is cut off")
	}
	x.entries = make([]indexEntry, 0, count)
	rest, previous := body[12:], ""
	for range count {
		var entry indexEntry
		var err error
		if entry, rest, err = x.parseEntry(rest, previous); err != nil {
			return nil, err
		}
		previous = entry.path
		x.entries = append(x.entries, entry)
	}
	return x, x.parseExtensions(rest)
}

func (x *index) parseEntry(data []byte, previous string) (entry indexEntry, rest []byte, err error) {
	cut := broken("it is cut off")
	if len(data) < 62 {
		return entry, nil, cut
	}
	copy(entry.fixed[:], data)
	entry.flags = binary.BigEndian.Uint16(data[60:])
	head := 62
	if entry.flags&flagExtended != 0 {
		if len(data) < 64 || x.version < 3 {
			return entry, nil, cut
		}
		entry.extended = binary.BigEndian.Uint16(data[62:])
		head = 64
	}
	name := data[head:]
	if x.version == 4 {
		strip, used := readOffset(name)
		if used == 0 || strip > uint64(len(previous)) {
			return entry, nil, cut
		}
		end := bytes.IndexByte(name[used:], 0)
		if end < 0 {
			return entry, nil, cut
		}
		entry.path = previous[:len(previous)-int(strip)] + string(name[used:used+end])
		return entry, name[used+end+1:], nil
	}
	end := bytes.IndexByte(name, 0)
	if end < 0 {
		return entry, nil, cut
	}
	entry.path = string(name[:end])
	padded := (head + end + 8) &^ 7
	if padded > len(data) {
		return entry, nil, cut
	}
	return entry, data[padded:], nil
}

// readOffset reads a number as version 4 and packs write it. used is 0 when there is none.
func readOffset(data []byte) (value uint64, used int) {
	for n, b := range data[:min(len(data), 9)] {
		value = value<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return value, n + 1
		}
		value++
	}
	return 0, 0
}

func appendOffset(out []byte, value uint64) []byte {
	digits := []byte{byte(value & 0x7f)}
	for value >>= 7; value > 0; value >>= 7 {
		value--
		digits = append(digits, 0x80|byte(value&0x7f))
	}
	slices.Reverse(digits)
	return append(out, digits...)
}

func (x *index) parseExtensions(data []byte) error {
	for len(data) > 0 {
		if len(data) < 8 {
			return broken("it is cut off")
		}
		name, size := string(data[:4]), binary.BigEndian.Uint32(data[4:])
		if uint64(size) > uint64(len(data)-8) {
			return broken("it is cut off")
		}
		content := data[8 : 8+size]
		data = data[8+size:]
		switch {
		case name == "TREE":
			trees, rest, err := parseCacheTree(content)
			if err != nil || len(rest) > 0 {
				return broken("its list of trees cannot be read")
			}
			x.trees = trees
		case name == "REUC":
			x.kept = append(x.kept, extension{name, bytes.Clone(content)})
		case name == "link":
			return &IndexError{Reason: "it is split", Advice: "git update-index --no-split-index"}
		case name == "sdir":
			return &IndexError{Reason: "it is sparse", Advice: "git sparse-checkout set --no-sparse-index"}
		case name[0] < 'A' || name[0] > 'Z':
			return &IndexError{Reason: fmt.Sprintf("its extension %q is not known", name)}
		}
	}
	return nil
}

// bytes is the index as a file.
func (x *index) bytes() []byte {
	out := make([]byte, 0, 12+len(x.entries)*120)
	out = append(out, "DIRC"...)
	out = binary.BigEndian.AppendUint32(out, x.version)
	out = binary.BigEndian.AppendUint32(out, uint32(len(x.entries)))
	previous := ""
	for n := range x.entries {
		out = x.entries[n].append(out, x.version, previous)
		previous = x.entries[n].path
	}
	extensions := x.kept
	if x.trees != nil {
		extensions = append([]extension{{"TREE", x.trees.append(nil)}}, extensions...)
	}
	for _, e := range extensions {
		out = append(out, e.name...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(e.data)))
		out = append(out, e.data...)
	}
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

func (e *indexEntry) append(out []byte, version uint32, previous string) []byte {
	start := len(out)
	out = append(out, e.fixed[:]...)
	out = binary.BigEndian.AppendUint16(out, e.flags)
	if e.flags&flagExtended != 0 {
		out = binary.BigEndian.AppendUint16(out, e.extended)
	}
	if version == 4 {
		common := 0
		for common < min(len(previous), len(e.path)) && previous[common] == e.path[common] {
			common++
		}
		out = appendOffset(out, uint64(len(previous)-common))
		return append(append(out, e.path[common:]...), 0)
	}
	out = append(out, e.path...)
	length := len(out) - start
	return append(out, make([]byte, (length+8)&^7-length)...)
}

// compareEntries is the order of the index.
func compareEntries(a, b indexEntry) int {
	return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.stage(), b.stage()))
}
