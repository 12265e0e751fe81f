package compat

import (
	"bytes"
	"errors"
	"fmt"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// file judges the documents of one file.
func (c *checker) file(parser *document.Parser, name string, data []byte) result {
	var out result
	pieces, faults := readPiecesWith(parser, name, data)
	for _, fault := range faults {
		out.findings = append(out.findings, unparsable(Unparsable, fault))
	}
	for i := range pieces {
		c.piece(&pieces[i], &out)
	}
	return out
}

// maxFaults is how many unreadable documents of one file are told: each costs time, and such a file is no manifest.
const maxFaults = 100

// readPieces reads a file, and when it has a fault every document of it on its own, so that one bad document hides no other.
func readPieces(name string, data []byte) ([]piece, []*document.SyntaxError) {
	return readPiecesWith(&document.Parser{}, name, data)
}

// readPiecesWith is readPieces with a parser that has memory to use again.
func readPiecesWith(parser *document.Parser, name string, data []byte) ([]piece, []*document.SyntaxError) {
	docs, err := parser.Parse(name, data)
	if err == nil {
		return asPieces(docs, 0), nil
	}
	var pieces []piece
	var faults []*document.SyntaxError
	for _, part := range splitParts(data) {
		if len(faults) == maxFaults {
			faults = append(faults, &document.SyntaxError{File: name, Line: part.line + 1, Reason: fmt.Sprintf(
				"%d documents before this line cannot be read: the rest of the file was not looked at", maxFaults)})
			break
		}
		docs, shift, err := parsePart(name, part)
		if err != nil {
			faults = append(faults, asSyntax(name, err, shift))
			continue
		}
		pieces = append(pieces, asPieces(docs, shift)...)
	}
	if len(faults) == 0 && len(pieces) == 0 {
		faults = append(faults, asSyntax(name, err, 0))
	}
	return pieces, faults
}

func asPieces(docs []document.Document, shift int) []piece {
	pieces := make([]piece, len(docs))
	for i := range docs {
		pieces[i] = piece{doc: &docs[i], shift: shift}
	}
	return pieces
}

// asSyntax is the fault of a part with the line that it has in the file.
func asSyntax(name string, err error, shift int) *document.SyntaxError {
	var syntax *document.SyntaxError
	if !errors.As(err, &syntax) {
		return &document.SyntaxError{File: name, Reason: err.Error(), Err: err}
	}
	moved := *syntax
	if moved.Line != 0 {
		moved.Line = max(moved.Line+shift, 1)
	}
	return &moved
}

func unparsable(rule string, fault *document.SyntaxError) finding.Finding {
	message := fault.Reason
	if fault.Hint != "" {
		message += " (" + fault.Hint + ")"
	}
	f := newFinding(rule, finding.Object{}, message)
	f.File, f.Line = fault.File, fault.Line
	return f
}

// part is what stands between two separators, and the number of lines before it.
type part struct {
	text []byte
	line int
}

// splitParts cuts a file at the lines that YAML reads as separators.
func splitParts(data []byte) []part {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var parts []part
	start, startLine, line := 0, 0, 0
	for at := 0; at < len(data); line++ {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			end = len(data) - at
		}
		if isSeparator(data[at : at+end]) {
			parts = append(parts, part{data[start:at], startLine})
			start, startLine = at, line
		}
		at += end + 1
	}
	return append(parts, part{data[start:], startLine})
}

func isSeparator(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("---"))
	return found && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r')
}

// parsePart reads one part. A list of objects at its root, which kubectl refuses, is read as the items of a List: what it holds
// was meant to be applied.
func parsePart(name string, p part) ([]document.Document, int, error) {
	docs, err := document.Parse(name, p.text)
	if err == nil {
		return docs, p.line, nil
	}
	if list, lines := asList(p.text); list != nil {
		if items, listErr := document.Parse(name, list); listErr == nil {
			return items, p.line - lines, nil
		}
	}
	return nil, p.line, err
}

// asList puts a List around a list at the root, and says by how many lines it moved.
func asList(text []byte) ([]byte, int) {
	body := text
	before := 0
	for {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 && trimmed[0] != '#' && !isSeparator(line) || len(body) == 0 {
			break
		}
		body = rest
		before++
	}
	switch {
	case bytes.HasPrefix(body, []byte("- ")), bytes.HasPrefix(body, []byte("-\n")):
		return append([]byte("apiVersion: v1\nkind: List\nitems:\n"), body...), 3 - before
	case bytes.HasPrefix(body, []byte("[")):
		list := append([]byte(`{"apiVersion":"v1","kind":"List","items":`), bytes.TrimSpace(body)...)
		return append(list, '}'), -before
	}
	return nil, 0
}
