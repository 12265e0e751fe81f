package cli

import (
	"os"
	"path/filepath"
)

// memory is what the bot remembers of the repositories of a server: files beside its clones.
type memory struct{ folder, server string }

func (m memory) file(path string) string {
	return filepath.Join(m.folder, folderOf(m.server+"/"+path)+".json")
}

// Recall reads the file of a repository.
func (m memory) Recall(path string) []byte {
	text, err := os.ReadFile(m.file(path))
	if err != nil {
		return nil // what cannot be read is asked again
	}
	return text
}

// Keep writes the file of a repository, in one step. What cannot be written is forgotten: it may be lost at any time.
func (m memory) Keep(path string, text []byte) {
	file := m.file(path)
	if text == nil || os.MkdirAll(m.folder, 0o777) != nil || os.WriteFile(file+".new", text, 0o666) != nil || os.Rename(file+".new", file) != nil {
		_ = os.Remove(file)
	}
}
