package document

import (
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// object is the identity of a scanned document, in strings of its own.
func (s *scan) object() finding.Object {
	root := s.root()
	object := finding.Object{APIVersion: s.stringAt(root, "apiVersion"), Kind: s.stringAt(root, "kind")}
	if metadata := s.find(root, "metadata"); metadata >= 0 {
		object.Namespace, object.Name = s.stringAt(metadata, "namespace"), s.stringAt(metadata, "name")
	}
	return object
}

// root is where the root mapping starts on the tape.
func (s *scan) root() int {
	at := 0
	for s.tape[at].kind != mapStart {
		at++
	}
	return at
}

// find is the place of the value of a key in a mapping that starts at a place, -1 when there is none.
func (s *scan) find(mapping int, key string) int {
	if s.tape[mapping].kind != mapStart {
		return -1
	}
	for at := s.skipComments(mapping + 1); s.tape[at].kind != mapEnd; at = s.skipComments(at) {
		value := s.skipComments(at + 1)
		if s.decode(&s.tape[at]) == key {
			return value
		}
		at = s.after(value)
	}
	return -1
}

func (s *scan) skipComments(at int) int {
	for at < len(s.tape) && (s.tape[at].kind == headComment || s.tape[at].kind == lineComment) {
		at++
	}
	return at
}

// after is the place behind a value.
func (s *scan) after(at int) int {
	if kind := s.tape[at].kind; kind == mapStart || kind == seqStart {
		return int(s.tape[at].next) + 1
	}
	return at + 1
}

// stringAt is the string that a key of a mapping has, empty when it is none.
func (s *scan) stringAt(mapping int, key string) string {
	at := s.find(mapping, key)
	if at < 0 || s.tape[at].kind != scalarEvent {
		return ""
	}
	value := s.decode(&s.tape[at])
	if s.tape[at].form == plainForm {
		if kind, _ := resolve(value); kind != stringScalar {
			return ""
		}
	}
	return strings.Clone(value)
}
