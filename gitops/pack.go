package gitops

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// packWriter makes a pack of whole objects and its index, version 2, as Git stores many objects at once. It compresses for speed:
// Git's own housekeeping packs them tighter later.
type packWriter struct {
	data    bytes.Buffer
	deflate *zlib.Writer
	entries []packEntry
}

type packEntry struct {
	hash   plumbing.Hash
	offset uint32
	crc    uint32
}

func newPackWriter(count int) (*packWriter, error) {
	p := &packWriter{}
	deflate, err := zlib.NewWriterLevel(io.Discard, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	p.deflate = deflate
	p.data.WriteString("PACK")
	p.data.Write(binary.BigEndian.AppendUint32(nil, 2))
	p.data.Write(binary.BigEndian.AppendUint32(nil, uint32(count)))
	return p, nil
}

// maxPack bounds a pack, so that offsets fit into 31 bits.
const maxPack = 1 << 30

func (p *packWriter) add(hash plumbing.Hash, kind plumbing.ObjectType, content []byte) error {
	if p.data.Len()+len(content) > maxPack {
		return errors.New("the commit has more than 1 GiB")
	}
	start := p.data.Len()
	size := uint64(len(content))
	first := byte(kind)<<4 | byte(size&0x0f)
	for size >>= 4; size > 0; size >>= 7 {
		p.data.WriteByte(first | 0x80)
		first = byte(size & 0x7f)
	}
	p.data.WriteByte(first)
	p.deflate.Reset(&p.data)
	if _, err := p.deflate.Write(content); err != nil {
		return err
	}
	if err := p.deflate.Close(); err != nil {
		return err
	}
	p.entries = append(p.entries, packEntry{hash: hash, offset: uint32(start), crc: crc32.ChecksumIEEE(p.data.Bytes()[start:])})
	return nil
}

// finish gives the pack and its index.
func (p *packWriter) finish() (pack, index []byte) {
	sum := sha1.Sum(p.data.Bytes())
	p.data.Write(sum[:])
	slices.SortFunc(p.entries, func(a, b packEntry) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	index = append(index, 0xff, 't', 'O', 'c', 0, 0, 0, 2)
	n := 0
	for first := range 256 {
		for n < len(p.entries) && int(p.entries[n].hash[0]) <= first {
			n++
		}
		index = binary.BigEndian.AppendUint32(index, uint32(n))
	}
	for _, e := range p.entries {
		index = append(index, e.hash[:]...)
	}
	for _, e := range p.entries {
		index = binary.BigEndian.AppendUint32(index, e.crc)
	}
	for _, e := range p.entries {
		index = binary.BigEndian.AppendUint32(index, e.offset)
	}
	index = append(index, sum[:]...)
	end := sha1.Sum(index)
	return p.data.Bytes(), append(index, end[:]...)
}

// storePack puts a pack into the repository. The index comes last: without it there is no pack.
func (r *Repository) storePack(pack, index []byte) error {
	folder := filepath.Join(r.common, "objects", "pack")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	name := filepath.Join(folder, fmt.Sprintf("pack-%x", pack[len(pack)-sha1.Size:]))
	for _, file := range []struct {
		suffix string
		data   []byte
	}{{".pack", pack}, {".idx", index}} {
		if exists(name + file.suffix) {
			continue
		}
		temporary := filepath.Join(folder, "tmp_pack_gkops"+file.suffix)
		if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := r.disk.Create(temporary, file.data); err != nil {
			return errors.Join(err, os.Remove(temporary))
		}
		if err := os.Chmod(temporary, 0o444); err != nil {
			return err
		}
		if err := r.disk.Rename(temporary, name+file.suffix); err != nil {
			return errors.Join(err, os.Remove(temporary))
		}
	}
	return nil
}
