package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds of what is read. They are far above what an API server takes (3 MiB for a request, 1.5 MiB for an object in etcd).
const (
	maxInput = 64 << 20
	maxDepth = 1000
	maxNodes = 1_000_000
)

// Parse splits a file into its documents: YAML documents, the objects of a JSON stream, and the items of any List, recursively.
// Empty documents are dropped. Names and kinds are not asked for, see CheckObject. It returns a *SyntaxError for what cannot be
// read or what kubectl and a person would read differently; then there are no documents, never some of them.
func Parse(file string, data []byte) ([]Document, error) {
	docs, err := parseStream(file, data)
	if err != nil {
		return nil, located(err, file)
	}
	return docs, nil
}

// ParseOne reads a file that holds exactly one document, such as a configuration file; a List is not expanded. It returns a
// *SyntaxError as Parse does, and when there is no document or a second one.
func ParseOne(file string, data []byte) (*Document, error) {
	docs, err := parseChunks(file, data)
	if err != nil {
		return nil, located(err, file)
	}
	switch len(docs) {
	case 0:
		return nil, &SyntaxError{File: file, Line: 1, Reason: "the file is empty"}
	case 1:
		return &docs[0], nil
	}
	return nil, &SyntaxError{File: file, Line: docs[1].Line, Reason: "a second document starts here, only one is allowed"}
}

// located adds the file to a fault that does not know it yet.
func located(err error, file string) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) && syntax.File == "" {
		syntax.File = file
	}
	return err
}

func parseStream(file string, data []byte) ([]Document, error) {
	docs, err := parseChunks(file, data)
	if err != nil {
		return nil, err
	}
	var out []Document
	for _, doc := range docs {
		if !strings.HasSuffix(doc.Object().Kind, "List") {
			out = append(out, doc)
			continue
		}
		if out, err = expandList(out, doc, 0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parseChunks reads every document without looking into lists.
func parseChunks(file string, data []byte) ([]Document, error) {
	data, err := checkEncoding(data)
	if err != nil {
		return nil, err
	}
	var docs []Document
	for _, c := range split(data) {
		read, err := parseChunk(file, c)
		if err != nil {
			return nil, err
		}
		docs = append(docs, read...)
	}
	return docs, nil
}

func parseChunk(file string, c chunk) ([]Document, error) {
	if len(c.raw) == 0 {
		return nil, nil
	}
	if c.text[0] == '{' {
		if docs, ok, err := parseJSON(file, c); ok || err != nil {
			return docs, err
		}
	}
	root, err := parseNode(c)
	if err != nil || root == nil {
		return nil, err
	}
	doc := newDocument(file, root)
	doc.Raw, doc.Line = c.raw, c.contentLine
	return []Document{doc}, nil
}

// parseNode reads a chunk with the YAML library and gives it kubectl's meaning; nil when the document is null.
func parseNode(c chunk) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(c.parsed))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, parserFault(err, c.line, c.parsed)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); err == nil {
		return nil, fault(c.line+more.Line-1, "a second document starts here without a --- of its own line")
	} else if !errors.Is(err, io.EOF) {
		return nil, parserFault(err, c.line, c.parsed)
	}
	n := normalizer{offset: c.line - 1}
	root, err := n.document(&document)
	if err != nil || root == nil {
		return nil, err
	}
	return root, rootFault(root)
}

// rootFault refuses a document that is no mapping.
func rootFault(root *yaml.Node) error {
	switch root.Kind {
	case yaml.MappingNode:
		return nil
	case yaml.SequenceNode:
		return &SyntaxError{Line: root.Line, Reason: "the document is a list, not a mapping", Hint: "separate objects with --- or wrap them in a List"}
	}
	return fault(root.Line, "the document is %s, not a mapping", describe(root))
}

// checkEncoding takes the byte order mark away and refuses what is not UTF-8 text.
func checkEncoding(data []byte) ([]byte, error) {
	if len(data) > maxInput {
		return nil, fault(0, "the file has %d bytes, more than %d", len(data), maxInput)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, &SyntaxError{Line: 1, Reason: "the file is UTF-16, not UTF-8", Hint: "save it as UTF-8"}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, &SyntaxError{Line: lineAt(data, i), Reason: "a NUL byte: the file is binary or UTF-16, not UTF-8", Hint: "save it as UTF-8 text"}
	}
	if !utf8.Valid(data) {
		at := 0
		for {
			r, size := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && size <= 1 {
				break
			}
			at += size
		}
		return nil, &SyntaxError{Line: lineAt(data, at), Reason: fmt.Sprintf("the byte %#02x is not UTF-8", data[at]), Hint: "save it as UTF-8"}
	}
	return data, nil
}

func lineAt(data []byte, offset int) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }
