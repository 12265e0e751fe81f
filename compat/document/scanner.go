package document

import "strings"

// scanner recognises the documents that nearly everybody writes: block mappings and lists, scalars in any style, flow collections
// on one line, comments. Whatever else it meets, and whatever it is not sure about, it refuses, and the YAML library decides.
// What it accepts, the library accepts with the same result, without duplicate keys; a fuzz test holds it to that.
type scanner struct {
	scan
	at        int // in text, at the first character of the current token
	lineStart int
	line      int // from 1
	depth     int
	open      int          // tape index of the innermost open collection, -1 at the root
	ahead     aheadKey     // found by keyAhead
	keys      []scannedKey // of all open mappings
	maps      []openMap
	index     map[indexedKey]int // the line of each key
	indexed   int                // how many mappings have many keys
	fault     *SyntaxError       // of JSON, where there is no library to ask
}

// run reads a whole document; false when it is not of the plain kind. A tape may be handed in to be written over.
func (s *scanner) run(text string, tape []event) bool {
	s.reset(text, tape, 1)
	if !plainText(text) {
		return false
	}
	if !s.nextContent() || s.column() != 0 {
		return false
	}
	if s.at == len(s.text) {
		return false
	}
	if s.text[s.at] == '{' {
		return s.flowMapping() && s.rest() && s.nextContent() && s.at == len(s.text)
	}
	return s.keyAhead() && s.mapping(0) && s.at == len(s.text)
}

// reset starts with a new text and keeps the memory.
func (s *scanner) reset(text string, tape []event, line int) {
	if len(s.index) > 1000 { // clearing costs as much as the map was ever large
		s.index = nil
	}
	clear(s.index)
	*s = scanner{scan: scan{text: text, tape: tape[:0]}, line: line, open: -1, keys: s.keys[:0], maps: s.maps[:0], index: s.index}
}

func (s *scanner) column() int { return s.at - s.lineStart }

// blank says whether the character at i separates tokens: a space or the end of the line.
func (s *scanner) blank(i int) bool {
	return i >= len(s.text) || s.text[i] == ' ' || s.text[i] == '\n'
}

func (s *scanner) emit(e event) int {
	s.tape = append(s.tape, e)
	if e.kind <= scalarEvent && e.kind != mapEnd && e.kind != seqEnd {
		s.nodes++
		if s.open >= 0 {
			s.tape[s.open].count++
		}
	}
	return len(s.tape) - 1
}

// begin opens a collection and returns what was open before.
func (s *scanner) begin(kind eventKind, flow bool) (outer int) {
	outer = s.open
	s.open = s.emit(event{kind: kind, flow: flow, line: int32(s.line), indent: int32(s.column()), start: int32(s.at)})
	s.depth++
	return outer
}

// finish closes the innermost collection.
func (s *scanner) finish(outer int) {
	kind := s.tape[s.open].kind + 1
	s.tape[s.open].next = int32(len(s.tape))
	s.tape[s.open].end = int32(s.at)
	s.open = outer
	s.depth--
	s.emit(event{kind: kind})
}

// nextContent moves from the end of a line, or the start of the text, to the first content of a later line and notes the
// comments on the way; at the end of the text it stands behind it with column -1. It is false for tabs in the indentation.
func (s *scanner) nextContent() bool {
	for s.at < len(s.text) {
		if s.text[s.at] == '\n' {
			s.at++
			s.line++
			s.lineStart = s.at
		}
		s.skipSpaces()
		if s.at == len(s.text) {
			break
		}
		switch s.text[s.at] {
		case '\n':
		case '\t':
			return false
		case '#':
			if s.comment(headComment); s.full() {
				return false
			}
		default:
			return true
		}
	}
	s.lineStart = s.at + 1
	return true
}

func (s *scanner) skipSpaces() {
	for s.at < len(s.text) && s.text[s.at] == ' ' {
		s.at++
	}
}

// comment notes the comment that starts here and moves to the end of its line.
func (s *scanner) comment(kind eventKind) {
	start := s.at
	s.at = s.endOfLine(s.at)
	s.emit(event{kind: kind, line: int32(s.line), start: int32(start), end: int32(s.at)})
}

func (s *scanner) endOfLine(at int) int {
	if i := strings.IndexByte(s.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(s.text)
}

// rest reads the end of a line behind a value: blanks and perhaps a comment. It is false when there is more.
func (s *scanner) rest() bool {
	start := s.at
	s.skipSpaces()
	if s.at == len(s.text) || s.text[s.at] == '\n' {
		return true
	}
	if s.text[s.at] != '#' || s.at == start {
		return false
	}
	s.comment(lineComment)
	return true
}

// full says whether the document has more in it than may be: values, comments, depth.
func (s *scanner) full() bool {
	return s.depth > maxDepth || s.nodes > maxNodes || len(s.tape) > 2*s.nodes+maxNodes/4
}

// block reads the node that starts at the current token, on a line of its own or behind "- ". parent is the column of the
// innermost block collection around it.
func (s *scanner) block(parent int) bool {
	if s.full() {
		return false
	}
	if s.dash() {
		return s.sequence(s.column())
	}
	if s.keyAhead() {
		return s.mapping(s.column())
	}
	return s.value(parent)
}

// dash says whether a list item starts here.
func (s *scanner) dash() bool { return s.text[s.at] == '-' && s.blank(s.at+1) }

// sequence reads the items of a list whose dashes stand at a column, up to the first content of a shallower line.
func (s *scanner) sequence(column int) bool {
	outer := s.begin(seqStart, false)
	for s.column() == column && s.dash() {
		s.at++
		s.skipSpaces()
		if !s.item(column) {
			return false
		}
	}
	if s.column() > column {
		return false
	}
	s.finish(outer)
	return true
}

// item reads what stands behind a dash.
func (s *scanner) item(column int) bool {
	if s.at < len(s.text) && s.text[s.at] != '\n' && s.text[s.at] != '#' {
		return s.block(column)
	}
	null := s.here()
	if !s.nextContent() {
		return false
	}
	if s.column() > column {
		return s.block(column)
	}
	s.emitBefore(null)
	return true
}

// here is an empty plain scalar at the current place.
func (s *scanner) here() event {
	return event{kind: scalarEvent, line: int32(s.line), indent: int32(s.column()), start: int32(s.at), end: int32(s.at), next: int32(len(s.tape))}
}

// emitBefore writes a null whose place was noted in next before the comments that were read since.
func (s *scanner) emitBefore(null event) {
	at := int(null.next)
	null.next = 0
	s.emit(null)
	if at < len(s.tape)-1 && s.tape[at].kind == lineComment {
		at++
	}
	copy(s.tape[at+1:], s.tape[at:len(s.tape)-1])
	s.tape[at] = null
}

// mapping reads the entries of a block mapping whose keys stand at a column; keyAhead has said yes to the first.
func (s *scanner) mapping(column int) bool {
	outer := s.begin(mapStart, false)
	s.maps = append(s.maps, openMap{base: len(s.keys)})
	for {
		if !s.key() || !s.entry(column) {
			return false
		}
		if s.column() < column {
			break
		}
		if s.column() > column || s.dash() || !s.keyAhead() {
			return false
		}
	}
	s.closeMap()
	s.finish(outer)
	return true
}

func (s *scanner) closeMap() {
	last := len(s.maps) - 1
	s.keys = s.keys[:s.maps[last].base]
	s.maps = s.maps[:last]
}

// entry reads the value behind a key and its colon, and moves to the next content.
func (s *scanner) entry(column int) bool {
	s.skipSpaces()
	if s.at < len(s.text) && s.text[s.at] != '\n' && s.text[s.at] != '#' {
		if s.dash() {
			return false
		}
		return s.value(column)
	}
	null := s.here()
	if s.at < len(s.text) && s.text[s.at] == '#' {
		s.comment(lineComment)
	}
	if !s.nextContent() {
		return false
	}
	switch {
	case s.column() > column:
		return s.block(column)
	case s.column() == column && s.dash():
		return s.block(column - 1)
	}
	s.emitBefore(null)
	return true
}
