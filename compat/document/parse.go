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
	maxNodes = 1_000_000 // of one document
	maxDocs  = 200_000   // of one file
	maxMarks = 400_000   // characters that may make a node, and
	maxSlow  = 4 << 20   // bytes of a document that the YAML libraries have to read: a node costs them 2 us and 500 bytes
)

// Parse splits a file into its documents: YAML documents, the objects of a JSON stream, and the items of any List, recursively.
// Empty documents are dropped. Names and kinds are not asked for, see CheckObject. It returns a *SyntaxError for what cannot be
// read or what kubectl and a person would read differently; then there are no documents, never some of them.
func Parse(file string, data []byte) ([]Document, error) {
	var p Parser
	return p.Parse(file, data)
}

// Parser is for many files: the memory of one serves the next. It is used by one goroutine at a time; its zero value is ready.
type Parser struct{ scanner scanner }

// maxKept is how many events of a document a Parser keeps the memory of: nearly every document has fewer.
const maxKept = 1 << 18

// Parse is the function Parse.
func (p *Parser) Parse(file string, data []byte) ([]Document, error) {
	r := reader{file: file, scanner: &p.scanner}
	docs, err := parseStream(&r, data)
	p.scanner.reset("", p.scanner.tape, 1)
	if cap(p.scanner.tape) > maxKept {
		p.scanner = scanner{}
	}
	if err != nil {
		return nil, located(err, file)
	}
	return docs, nil
}

// ParseOne reads a file that holds exactly one document, such as a configuration file; a List is not expanded. It returns a
// *SyntaxError as Parse does, and when there is no document or a second one.
func ParseOne(file string, data []byte) (*Document, error) {
	docs, err := parseChunks(&reader{file: file, scanner: &scanner{}, eager: true}, data)
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

func parseStream(r *reader, data []byte) ([]Document, error) {
	docs, err := parseChunks(r, data)
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
func parseChunks(r *reader, data []byte) ([]Document, error) {
	data, err := checkEncoding(data)
	if err != nil {
		return nil, err
	}
	for c := range split(data) {
		if err := r.chunk(c); err != nil {
			return nil, err
		}
		if len(r.docs) > maxDocs {
			return nil, fault(c.contentLine, "the file has more than %d documents", maxDocs)
		}
	}
	return r.docs, nil
}

// reader collects the documents of one file.
type reader struct {
	file    string
	docs    []Document
	scanner *scanner // its memory serves every chunk
	eager   bool     // the nodes are wanted at once
}

// chunk reads one chunk: as JSON when it may be that, with the scanner when it is plain, else with the YAML library.
func (r *reader) chunk(c chunk) error {
	if c.inline && c.parsed[0] == '.' {
		return fault(c.line, "content stands behind the end of a document (...)")
	}
	if c.json() {
		if ok, err := r.json(c); ok || err != nil {
			return err
		}
	}
	if r.scan(c) {
		return nil
	}
	if !c.inline && r.scanner.full() {
		return tooLarge(c)
	}
	root, err := parseNode(c)
	if err != nil || root == nil {
		return err
	}
	doc := newDocument(r.file, root)
	doc.Raw, doc.Line = c.raw, c.contentLine
	r.docs = append(r.docs, doc)
	return nil
}

// scan takes a plain document; its nodes are built on first use, by the same code on the same text, so that nothing can go wrong
// then that did not go wrong now.
func (r *reader) scan(c chunk) bool {
	if c.inline {
		return false
	}
	if !r.scanner.run(plainLines(c.parsed), r.scanner.tape) {
		return false
	}
	events, offset := len(r.scanner.tape), c.line-1
	doc := Document{File: r.file, Line: c.contentLine, Raw: c.raw}
	doc.Verbatim = c.text[0] != '{' && bytes.HasSuffix(c.raw, []byte("\n")) && bytes.IndexByte(c.raw, '\r') < 0
	doc.body = &body{head: r.scanner.object(), parse: func() *yaml.Node {
		var s scanner
		s.run(plainLines(c.parsed), make([]event, 0, events))
		return s.build(offset)
	}}
	if r.eager {
		doc.body.root.Store(r.scanner.build(offset))
	}
	r.docs = append(r.docs, doc)
	return true
}

// plainLines is a text with line feeds only; YAML makes no difference.
func plainLines(text []byte) string {
	if bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	return string(text)
}

// parseNode reads a chunk with the YAML library and gives it kubectl's meaning; nil when the document is null.
func parseNode(c chunk) (*yaml.Node, error) {
	if len(c.parsed) > maxSlow || marks(c.parsed) > maxMarks {
		return nil, &SyntaxError{Line: c.contentLine, Reason: fmt.Sprintf("the document is too large to read (%d bytes)", len(c.parsed)),
			Hint: "plain block style and JSON may be larger: no anchors, tags, or flow collections over several lines"}
	}
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
	if err != nil {
		return nil, err
	}
	if root != nil {
		if err := rootFault(root); err != nil {
			return nil, err
		}
	}
	return root, agrees(c, root)
}

// tooLarge is a plain document that has too much in it, or is nested too deep.
func tooLarge(c chunk) error {
	return &SyntaxError{Line: c.contentLine, Hint: "split it: an object that is as large fits no cluster",
		Reason: fmt.Sprintf("the document has more than %d values or comments, or is nested more than %d deep", maxNodes, maxDepth)}
}

// marks bounds the nodes of a text: each but the first needs one of these characters.
func marks(text []byte) int {
	count := 0
	for _, mark := range []string{"\n", ",", ":", "-", "[", "{", "?"} {
		count += bytes.Count(text, []byte(mark))
	}
	return count
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
