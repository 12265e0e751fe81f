package compat

import "bytes"

// definitionScan reads the facts of a definition from the lines of a plain block document, without looking at its schemas. It
// gives up on whatever it is not sure about.
type definitionScan struct {
	d       *Definition
	inSpec  bool
	child   int // column of the keys of spec, -1 before the first
	key     string
	inner   int // column of the keys below key, or of the keys of a list item, -1 before the first
	dash    int // column of the dashes of versions
	unsure  bool
	version string // spec.version of old definitions
}

// scanDefinition fills in a definition; false when the text is not as plain as it must be. line is the number of the first line
// with content; comments may stand before it.
func scanDefinition(raw []byte, d *Definition, line int) bool {
	s := definitionScan{d: d}
	for first := bytes.TrimLeft(raw, " \n"); len(first) > 0 && first[0] == '#'; first = bytes.TrimLeft(raw, " \n") {
		_, raw, _ = bytes.Cut(first, []byte("\n"))
	}
	raw = bytes.TrimLeft(raw, "\n")
	for ; len(raw) > 0 && !s.unsure; line++ {
		end := bytes.IndexByte(raw, '\n')
		if end < 0 {
			end = len(raw)
		}
		s.line(raw[:end], line)
		raw = raw[min(end+1, len(raw)):]
	}
	if s.version != "" && len(d.Versions) == 0 {
		d.Versions = []Version{{Name: s.version, Served: true, Storage: true, Line: d.Line}}
	}
	return !s.unsure && d.Group != "" && d.Kind != "" && d.Plural != "" && len(d.Versions) > 0
}

// line takes one line: only the columns of the keys that matter are looked at.
func (s *definitionScan) line(text []byte, number int) {
	column := 0
	for column < len(text) && text[column] == ' ' {
		column++
	}
	if column == len(text) || text[column] == '#' {
		return
	}
	if column == 0 {
		s.inSpec = false
		if bytes.HasPrefix(text, []byte("spec:")) {
			s.inSpec, s.child, s.key = true, -1, ""
			s.unsure = len(bytes.TrimSpace(withoutComment(text[5:]))) > 0
		}
		return
	}
	if !s.inSpec {
		return
	}
	if s.child < 0 {
		s.child = column
	}
	text = text[column:]
	isDash := text[0] == '-' && (len(text) == 1 || text[1] == ' ')
	switch {
	case column == s.child && !isDash:
		s.specKey(text)
	case s.key == "versions":
		s.versionLine(text, column, number, isDash)
	case s.key == "names":
		s.nameLine(text, column)
	}
}

// specKey takes a key of spec.
func (s *definitionScan) specKey(text []byte) {
	key, value, ok := s.pair(text)
	if !ok {
		return
	}
	s.key, s.inner, s.dash = key, -1, -1
	switch key {
	case "group":
		s.d.Group = s.scalar(value)
	case "scope":
		s.d.Namespaced = s.scalar(value) == "Namespaced"
	case "version":
		s.version = s.scalar(value)
	case "names", "versions":
		s.unsure = len(value) > 0
	}
}

func (s *definitionScan) nameLine(text []byte, column int) {
	if s.inner < 0 {
		s.inner = column
	}
	if column != s.inner || text[0] == '-' {
		return
	}
	switch key, value, ok := s.pair(text); {
	case ok && key == "kind":
		s.d.Kind = s.scalar(value)
	case ok && key == "plural":
		s.d.Plural = s.scalar(value)
	}
}

// versionLine takes a line below versions: "- name: v1" opens one, the lines at the column of its first key belong to it.
func (s *definitionScan) versionLine(text []byte, column, number int, isDash bool) {
	if isDash && (s.dash < 0 || column == s.dash) {
		s.dash = column
		s.d.Versions = append(s.d.Versions, Version{Line: number})
		rest := bytes.TrimLeft(text[1:], " ")
		s.inner = column + len(text) - len(rest)
		if len(rest) == 0 {
			s.unsure = true
			return
		}
		text, column = rest, s.inner
	}
	if column != s.inner || s.dash < 0 {
		return
	}
	key, value, ok := s.pair(text)
	if !ok {
		return
	}
	v := &s.d.Versions[len(s.d.Versions)-1]
	switch key {
	case "name":
		v.Name = s.scalar(value)
	case "served":
		v.Served = s.boolean(value)
	case "storage":
		v.Storage = s.boolean(value)
	case "deprecated":
		v.Deprecated = s.boolean(value)
	}
}

// pair takes "key: value" apart; a list item at the column of its key is no pair.
func (s *definitionScan) pair(text []byte) (string, []byte, bool) {
	if text[0] == '-' {
		return "", nil, false
	}
	key, value, found := bytes.Cut(text, []byte(":"))
	if !found || len(value) > 0 && value[0] != ' ' {
		s.unsure = true
		return "", nil, false
	}
	if key[0] == '"' || key[0] == '\'' {
		s.unsure = true
	}
	return string(key), bytes.TrimSpace(withoutComment(value)), true
}

func withoutComment(value []byte) []byte {
	if i := bytes.Index(value, []byte(" #")); i >= 0 {
		return value[:i]
	}
	return value
}

// scalar is the text of a plain or simply quoted value.
func (s *definitionScan) scalar(value []byte) string {
	if len(value) == 0 {
		s.unsure = true
		return ""
	}
	switch value[0] {
	case '"', '\'':
		last := len(value) - 1
		if last < 1 || value[last] != value[0] || bytes.ContainsAny(value[1:last], `\"'`) {
			s.unsure = true
			return ""
		}
		return string(value[1:last])
	case '|', '>', '{', '[', '!', '&', '*', '?':
		s.unsure = true
	}
	return string(value)
}

func (s *definitionScan) boolean(value []byte) bool {
	switch string(value) {
	case "true":
		return true
	case "false":
		return false
	}
	s.unsure = true
	return false
}
