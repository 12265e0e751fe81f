package document

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// json reads a chunk that starts with { as a stream of JSON objects, which kubectl tries before YAML. It is false when the first
// or the second value is not JSON: a YAML flow mapping starts with the same character, and a comment may follow it.
func (r *reader) json(c chunk) (bool, error) {
	found := len(r.docs)
	text := string(c.text)
	at, line := 0, c.contentLine
	for {
		at, line = skipJSONSpace(text, at, line)
		if at == len(text) {
			return true, nil
		}
		end, nextLine, err := r.scanner.runJSON(text[at:], line)
		switch {
		case err != nil && err.Hint == notJSON && len(r.docs)-found <= 1:
			r.docs = r.docs[:found]
			return false, nil
		case err != nil:
			return false, err
		case len(r.docs) >= maxDocs:
			return false, fault(line, "the file has more than %d documents", maxDocs)
		case text[at] != '{':
			return false, fault(line, "the document is no JSON object")
		}
		r.docs = append(r.docs, r.jsonDocument(c.text[at:at+end], line))
		at, line = at+end, nextLine
	}
}

// jsonDocument is a document whose nodes are built on first use.
func (r *reader) jsonDocument(raw []byte, line int) Document {
	return Document{File: r.file, Line: line, Raw: raw, body: &body{head: r.scanner.object(), parse: func() *yaml.Node {
		var s scanner
		if _, _, err := s.runJSON(string(raw), line); err != nil {
			return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: line}
		}
		return s.build(0)
	}}}
}

// notJSON marks a fault of the grammar, behind which there may be YAML.
const notJSON = "the file starts like JSON"

// runJSON reads one JSON value from the start of a text onto the tape. It returns where the value ends and the line there.
func (s *scanner) runJSON(text string, line int) (end, lastLine int, err *SyntaxError) {
	s.reset(text, s.tape, line)
	if s.jsonValue() {
		return s.at, s.line, nil
	}
	if s.fault != nil {
		return 0, 0, s.fault
	}
	if s.full() {
		return 0, 0, fault(s.line, "the document has more than %d values, or is nested more than %d deep", maxNodes, maxDepth)
	}
	return 0, 0, &SyntaxError{Line: s.line, Reason: "the JSON is broken", Hint: notJSON}
}

func skipJSONSpace(text string, at, line int) (int, int) {
	for ; at < len(text); at++ {
		switch text[at] {
		case '\n':
			line++
		case ' ', '\t', '\r':
		default:
			return at, line
		}
	}
	return at, line
}

func (s *scanner) jsonSpace() { s.at, s.line = skipJSONSpace(s.text, s.at, s.line) }

func (s *scanner) jsonValue() bool {
	if s.at >= len(s.text) || s.full() {
		return false
	}
	switch c := s.text[s.at]; {
	case c == '{':
		return s.jsonObject()
	case c == '[':
		return s.jsonArray()
	case c == '"':
		e, ok := s.jsonString()
		s.emit(e)
		return ok
	case c == '-' || c >= '0' && c <= '9':
		return s.jsonNumber()
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(s.text[s.at:], word) {
			s.emit(event{kind: scalarEvent, line: int32(s.line), start: int32(s.at), end: int32(s.at + len(word))})
			s.at += len(word)
			return true
		}
	}
	return false
}

func (s *scanner) jsonArray() bool {
	outer := s.begin(seqStart, false)
	s.at++
	if s.jsonSpace(); s.flowEnd(']') {
		s.finish(outer)
		return true
	}
	for {
		s.jsonSpace()
		if !s.jsonValue() {
			return false
		}
		if s.jsonSpace(); s.flowEnd(']') {
			s.finish(outer)
			return true
		}
		if !s.flowEnd(',') {
			return false
		}
	}
}

func (s *scanner) jsonObject() bool {
	outer := s.begin(mapStart, false)
	s.maps = append(s.maps, openMap{base: len(s.keys)})
	s.at++
	if s.jsonSpace(); s.flowEnd('}') {
		s.closeMap()
		s.finish(outer)
		return true
	}
	for {
		if s.jsonSpace(); !s.jsonKey() {
			return false
		}
		if s.jsonSpace(); !s.jsonValue() {
			return false
		}
		if s.jsonSpace(); s.flowEnd('}') {
			s.closeMap()
			s.finish(outer)
			return true
		}
		if !s.flowEnd(',') {
			return false
		}
	}
}

// jsonKey reads a key with its colon.
func (s *scanner) jsonKey() bool {
	if s.at >= len(s.text) || s.text[s.at] != '"' || s.full() {
		return false
	}
	e, ok := s.jsonString()
	if !ok {
		return false
	}
	key := s.decode(&e)
	if len(key) > maxKey {
		s.fault = longKey(s.line, key)
		return false
	}
	if !s.addKey(key) {
		s.fault = fault(s.line, "the key %q is given twice, first in line %d", shorten(key), s.firstLine(key))
		return false
	}
	s.emit(e)
	s.jsonSpace()
	return s.flowEnd(':')
}

func (s *scanner) jsonString() (event, bool) {
	e := event{kind: scalarEvent, form: jsonForm, line: int32(s.line), start: int32(s.at + 1)}
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			e.end = int32(i)
			s.at = i + 1
			return e, true
		case c < ' ':
			return e, false
		case c == '\\':
			size := jsonEscapeSize(s.text[i:])
			if size == 0 {
				return e, false
			}
			e.folded = true
			i += size - 1
		}
	}
	return e, false
}

func jsonEscapeSize(text string) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) >= 6 {
			if _, ok := hexRune(text[2:6]); ok {
				return 6
			}
		}
	}
	return 0
}

// decodeJSON reads the inside of a JSON string that has escapes; halves of surrogate pairs become U+FFFD, as in kubectl.
func decodeJSON(text string) string {
	var out string
	if err := json.Unmarshal([]byte(`"`+text+`"`), &out); err != nil {
		return string(utf8.RuneError)
	}
	return out
}

// jsonNumber reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func (s *scanner) jsonNumber() bool {
	e := event{kind: scalarEvent, line: int32(s.line), start: int32(s.at)}
	rest := strings.TrimPrefix(s.text[s.at:], "-")
	whole := digits(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[whole:]
	if rest != "" && rest[0] == '.' {
		fraction := digits(rest[1:])
		if fraction == 0 {
			return false
		}
		rest = rest[1+fraction:]
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		power := trimSign(rest[1:])
		if digits(power) == 0 {
			return false
		}
		rest = power[digits(power):]
	}
	s.at = len(s.text) - len(rest)
	e.end = int32(s.at)
	if kind, _ := resolve(s.text[e.start:e.end]); kind == stringScalar {
		s.fault = fault(s.line, "the number %s is too large", shorten(s.text[e.start:e.end]))
		return false
	}
	s.emit(e)
	return true
}
