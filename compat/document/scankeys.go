package document

// scannedKey is a key with its line.
type scannedKey struct {
	name string
	line int
}

// openMap is where the keys of an open mapping start, and its number in the index once there are many.
type openMap struct {
	base   int
	number int // 0 while there are few
}

// indexedKey is a key of one of the mappings that have many.
type indexedKey struct {
	number int
	name   string
}

// addKey notes a key of the innermost mapping; false when it is there already.
func (s *scanner) addKey(key string) bool {
	open := &s.maps[len(s.maps)-1]
	if open.number > 0 {
		return s.addIndexed(open, scannedKey{key, s.line})
	}
	known := s.keys[open.base:]
	for _, have := range known {
		if have.name == key {
			return false
		}
	}
	s.keys = append(s.keys, scannedKey{key, s.line})
	if len(known) < fewKeys {
		return true
	}
	if s.index == nil {
		s.index = map[indexedKey]int{}
	}
	s.indexed++
	open.number = s.indexed
	for _, have := range s.keys[open.base:] {
		s.addIndexed(open, have)
	}
	return true
}

// fewKeys is how many keys are compared one by one.
const fewKeys = 24

func (s *scanner) addIndexed(open *openMap, key scannedKey) bool {
	at := indexedKey{open.number, key.name}
	if _, found := s.index[at]; found {
		return false
	}
	s.index[at] = key.line
	return true
}

// firstLine is where the innermost mapping gave a key first.
func (s *scanner) firstLine(key string) int {
	open := &s.maps[len(s.maps)-1]
	for _, have := range s.keys[open.base:] {
		if have.name == key {
			return have.line
		}
	}
	return s.index[indexedKey{open.number, key}]
}
