package document

import "math"

// maxKey is how long a key may be, in bytes. Kubernetes allows less wherever it has a limit, and the readers look only 1,024
// characters ahead for the colon.
const maxKey = 512

// aheadKey is a key that keyAhead has found and key takes.
type aheadKey struct {
	event event
	after int // behind the colon
}

// keyAhead says whether a mapping key starts here: a plain or quoted scalar with a colon on the same line.
func (s *scanner) keyAhead() bool {
	if c := s.text[s.at]; c == '"' || c == '\'' {
		e, after, ok := s.quotedOnLine(s.at)
		if !ok || after >= len(s.text) || s.text[after] != ':' || !s.blank(after+1) {
			return false
		}
		s.ahead = aheadKey{event: e, after: after + 1}
		return true
	}
	if !s.plainStart() {
		return false
	}
	for i := s.at; i < len(s.text); i++ {
		switch s.text[i] {
		case '\n', '\t':
			return false
		case '#':
			if s.text[i-1] == ' ' {
				return false
			}
		case ':':
			if s.blank(i + 1) {
				e := event{kind: scalarEvent, line: int32(s.line), indent: int32(s.column()), start: int32(s.at), end: int32(i)}
				s.ahead = aheadKey{event: e, after: i + 1}
				return true
			}
		}
	}
	return false
}

// plainStart says whether a plain scalar can start here.
func (s *scanner) plainStart() bool {
	switch s.text[s.at] {
	case '-', '?', ':':
		return !s.blank(s.at + 1)
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\t':
		return false
	}
	return true
}

// key takes the key that keyAhead has found. It is false for a duplicate, for << and for a key that is no string.
func (s *scanner) key() bool {
	e := s.ahead.event
	if e.end-e.start > longestKey || s.full() {
		return false
	}
	key := s.decode(&e)
	if len(key) > maxKey {
		return false
	}
	if e.form == plainForm {
		if kind, _ := resolve(key); kind != stringScalar || key == "<<" || s.text[e.end-1] == ' ' {
			return false
		}
	}
	if !s.addKey(key) {
		return false
	}
	s.emit(e)
	s.at = s.ahead.after
	return true
}

// value reads a scalar or a flow collection and moves to the next content.
func (s *scanner) value(parent int) bool {
	switch s.text[s.at] {
	case '"', '\'':
		return s.quotedScalar(parent) && s.rest() && s.nextContent()
	case '|', '>':
		return s.blockScalar(parent)
	case '[', '{':
		return s.flowValue() && s.rest() && s.nextContent()
	}
	return s.plainScalar(parent)
}

// plainScalar reads a plain scalar with its continuation lines, which stand deeper than parent.
func (s *scanner) plainScalar(parent int) bool {
	if !s.plainStart() {
		return false
	}
	e := event{kind: scalarEvent, line: int32(s.line), indent: int32(s.column()), start: int32(s.at)}
	commented, ok := s.plainLine()
	e.end = int32(s.at)
	for ok && !commented && s.continues(parent) {
		commented, ok = s.plainLine()
		e.end, e.folded = int32(s.at), true
	}
	if !ok || s.infinite(s.text[e.start:e.end]) {
		return false
	}
	s.emit(e)
	return s.rest() && s.nextContent()
}

// plainLine moves behind the last character of a plain scalar on this line. It is not ok when a colon would make a key of it.
func (s *scanner) plainLine() (commented, ok bool) {
	last := s.at
	for i := s.at; i < len(s.text); i++ {
		switch s.text[i] {
		case '\n':
			s.at = last
			return false, true
		case '\t':
			return false, false
		case ' ':
			continue
		case '#':
			if s.text[i-1] == ' ' {
				s.at = last
				return true, true
			}
		case ':':
			if s.blank(i + 1) {
				return false, false
			}
		}
		last = i + 1
	}
	s.at = last
	return false, true
}

// continues moves to the next line of a multi-line scalar: the next one that is not empty, if it stands deeper than parent and
// is no comment. Else it stays.
func (s *scanner) continues(parent int) bool {
	at, line := s.endOfLine(s.at), s.line
	for at < len(s.text) {
		start := at + 1
		line++
		at = start
		for at < len(s.text) && s.text[at] == ' ' {
			at++
		}
		if at == len(s.text) {
			return false
		}
		if s.text[at] == '\n' {
			continue
		}
		if at-start <= parent || s.text[at] == '#' {
			return false
		}
		s.at, s.line, s.lineStart = at, line, start
		return true
	}
	return false
}

// infinite finds the numbers that JSON cannot hold.
func (s *scanner) infinite(text string) bool {
	if c := text[0]; c != '.' && c != '-' && c != '+' {
		return false
	}
	_, value := resolve(text)
	f, ok := value.(float64)
	return ok && (math.IsNaN(f) || math.IsInf(f, 0))
}
