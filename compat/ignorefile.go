package compat

import (
	"fmt"
	"strconv"

	"gkops.dev/gkops/compat/document"
)

// IgnoreFile is the name of the file with ignore rules that lies beside manifests that no workspace has.
const IgnoreFile = ".gkops-compat.yaml"

// ParseIgnores reads a file of ignore rules strictly: a list of them under the key ignore. file names it in errors, which are of
// type *document.SyntaxError, and in the places of the rules. An empty file has none.
func ParseIgnores(file string, data []byte) ([]Ignore, error) {
	docs, err := document.Parse(file, data)
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	if len(docs) > 1 {
		return nil, &document.SyntaxError{File: file, Line: docs[1].Line, Reason: "a second document: want one list of ignore rules"}
	}
	var content struct {
		Ignore []Ignore `yaml:"ignore"`
	}
	if err := docs[0].Decode(&content); err != nil {
		return nil, err
	}
	for i := range content.Ignore {
		node := document.Lookup(docs[0].Root(), "ignore", strconv.Itoa(i))
		content.Ignore[i].Where = fmt.Sprintf("%s:%d", file, node.Line)
	}
	return content.Ignore, nil
}
