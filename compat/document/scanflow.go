package document

// flowValue reads a scalar or a collection in flow style that ends on this line, and moves behind it.
func (s *scanner) flowValue() bool {
	if s.at >= len(s.text) || s.full() {
		return false
	}
	switch s.text[s.at] {
	case '[':
		return s.flowSequence()
	case '{':
		return s.flowMapping()
	case '"', '\'':
		e, after, ok := s.quotedOnLine(s.at)
		if ok {
			s.emit(e)
			s.at = after
		}
		return ok
	}
	e, ok := s.flowPlain()
	if ok {
		s.emit(e)
	}
	return ok
}

func (s *scanner) flowSequence() bool {
	outer := s.begin(seqStart, true)
	s.at++
	for {
		s.skipSpaces()
		if s.flowEnd(']') {
			break
		}
		if !s.flowValue() || !s.flowComma(']') {
			return false
		}
	}
	s.finish(outer)
	return true
}

func (s *scanner) flowMapping() bool {
	outer := s.begin(mapStart, true)
	s.maps = append(s.maps, openMap{base: len(s.keys)})
	s.at++
	for {
		s.skipSpaces()
		if s.flowEnd('}') {
			break
		}
		if !s.flowKey() || !s.flowValue() || !s.flowComma('}') {
			return false
		}
	}
	s.closeMap()
	s.finish(outer)
	return true
}

// flowEnd takes the closing bracket if it is here.
func (s *scanner) flowEnd(closing byte) bool {
	if s.at < len(s.text) && s.text[s.at] == closing {
		s.at++
		return true
	}
	return false
}

// flowComma reads what follows an item: a comma, or the closing bracket, which it leaves.
func (s *scanner) flowComma(closing byte) bool {
	s.skipSpaces()
	if s.at >= len(s.text) {
		return false
	}
	if s.text[s.at] == ',' {
		s.at++
		return true
	}
	return s.text[s.at] == closing
}

// flowKey reads a key with its colon and the space behind it.
func (s *scanner) flowKey() bool {
	if s.at >= len(s.text) {
		return false
	}
	if c := s.text[s.at]; c == '"' || c == '\'' {
		e, after, ok := s.quotedOnLine(s.at)
		if !ok {
			return false
		}
		s.ahead = aheadKey{event: e, after: after + 1}
		s.at = after
	} else {
		e, ok := s.flowPlain()
		if !ok {
			return false
		}
		s.ahead = aheadKey{event: e, after: s.at + 1}
	}
	if s.at+1 >= len(s.text) || s.text[s.at] != ':' || s.text[s.at+1] != ' ' || !s.key() {
		return false
	}
	s.skipSpaces()
	return true
}

// flowPlain reads a plain scalar in a flow collection and moves behind it; it knows only characters without any other role.
func (s *scanner) flowPlain() (event, bool) {
	e := event{kind: scalarEvent, line: int32(s.line), indent: int32(s.column()), start: int32(s.at)}
	if !flowWord(s.text[s.at]) && (s.text[s.at] != '-' || s.at+1 >= len(s.text) || !flowWord(s.text[s.at+1])) {
		return e, false
	}
	last := s.at
	i := s.at
	for ; i < len(s.text); i++ {
		c := s.text[i]
		if c == ' ' {
			continue
		}
		if c == ':' && i+1 < len(s.text) && flowWord(s.text[i+1]) || c == '-' || flowWord(c) {
			last = i + 1
			continue
		}
		break
	}
	s.at = last
	e.end = int32(last)
	return e, i < len(s.text) && (s.text[i] == ',' || s.text[i] == ']' || s.text[i] == '}' || s.text[i] == ':') && !s.infinite(s.text[e.start:e.end])
}

// flowWord says whether a character is itself anywhere in a plain scalar.
func flowWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '/' || c == '+' || c == '=' || c == '$'
}
