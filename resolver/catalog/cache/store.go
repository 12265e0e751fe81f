package cache

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"gkops.dev/gkops/resolver/catalog"
)

// store is a folder of bytes by digest, objects/ab/cdef..., and of what is known of a URL, urls/<digest of the URL>. URLs are
// not written in clear, since a query may hold a token. Files appear whole, by renaming, and what is damaged counts as absent.
type store struct{ folder string }

// entry is what is known of a URL.
type entry struct {
	Digest    catalog.Digest    `json:"digest"`
	Validator catalog.Validator `json:"validator"`
	Absent    bool              `json:"absent,omitempty"` // the server said that there is no such file
}

func (s store) entryPath(address string) string {
	return filepath.Join(s.folder, "urls", catalog.DigestOf([]byte(address)).Hex())
}

func (s store) objectPath(digest catalog.Digest) string {
	hex := digest.Hex()
	return filepath.Join(s.folder, "objects", hex[:2], hex[2:])
}

// load is the remembered copy of a URL; nil bytes when there is none, or it is damaged.
func (s store) load(address string) (entry, []byte) {
	var known entry
	text, err := os.ReadFile(s.entryPath(address))
	if err != nil || json.Unmarshal(text, &known) != nil {
		return entry{}, nil
	}
	data, found := s.object(known.Digest)
	if !found {
		return entry{}, nil
	}
	return known, data
}

// isAbsent reports whether the last answer for a URL that no copy is kept of was that there is no such file.
func (s store) isAbsent(address string) bool {
	var known entry
	text, err := os.ReadFile(s.entryPath(address))
	return err == nil && json.Unmarshal(text, &known) == nil && known.Absent
}

// saveAbsent remembers that there is no such file.
func (s store) saveAbsent(address string) error {
	text, err := json.Marshal(entry{Absent: true})
	if err != nil {
		return fmt.Errorf("describe a file: %w", err)
	}
	return write(s.entryPath(address), text)
}

// object is the bytes with the digest, if they are there and undamaged.
func (s store) object(digest catalog.Digest) ([]byte, bool) {
	if _, err := catalog.ParseDigest(string(digest)); err != nil {
		return nil, false
	}
	data, err := os.ReadFile(s.objectPath(digest))
	if err != nil || catalog.DigestOf(data) != digest {
		return nil, false
	}
	if data == nil {
		data = []byte{}
	}
	return data, true
}

// save writes the bytes first and what points at them second.
func (s store) save(address string, known entry, data []byte) error {
	text, err := json.Marshal(known)
	if err != nil {
		return fmt.Errorf("describe a file: %w", err)
	}
	if _, found := s.object(known.Digest); !found {
		if err := write(s.objectPath(known.Digest), data); err != nil {
			return err
		}
	}
	return write(s.entryPath(address), text)
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the first error is the one to tell
	}
	return err
}
