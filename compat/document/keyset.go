package document

// keySet finds the key that a mapping gives twice. Few keys are compared one by one, many through an index.
type keySet struct {
	keys  []string
	lines []int
	index map[string]int
}

const indexedKeys = 16

// add returns a fault that names both places when the key was added before.
func (s *keySet) add(key string, line int) error {
	if first, found := s.find(key); found {
		return fault(line, "the key %q is given twice, first in line %d", shorten(key), s.lines[first])
	}
	s.keys, s.lines = append(s.keys, key), append(s.lines, line)
	if s.index != nil {
		s.index[key] = len(s.keys) - 1
	} else if len(s.keys) > indexedKeys {
		s.index = make(map[string]int, 2*len(s.keys))
		for i, key := range s.keys {
			s.index[key] = i
		}
	}
	return nil
}

func (s *keySet) find(key string) (int, bool) {
	if s.index != nil {
		i, found := s.index[key]
		return i, found
	}
	for i, have := range s.keys {
		if have == key {
			return i, true
		}
	}
	return 0, false
}

func longKey(line int, key string) *SyntaxError {
	return fault(line, "the key %q is longer than %d bytes", shorten(key), maxKey)
}
