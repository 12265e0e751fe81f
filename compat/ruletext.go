package compat

import (
	"bytes"
	"iter"
)

// ruleTexts are the texts behind and below the keys x-kubernetes-validations of a plain block document, which may be quoted.
func ruleTexts(raw []byte) iter.Seq[[]byte] {
	key := []byte("x-kubernetes-validations")
	return func(yield func([]byte) bool) {
		for {
			at := bytes.Index(raw, key)
			if at < 0 {
				return
			}
			column := at - bytes.LastIndexByte(raw[:at], '\n') - 1
			if at > 0 && (raw[at-1] == '"' || raw[at-1] == '\'') {
				column--
			}
			raw = raw[at+len(key):]
			end := endOfBlock(raw, column)
			if !yield(raw[:end]) {
				return
			}
			raw = raw[end:]
		}
	}
}

// endOfBlock is where what belongs to a key at a column ends: at the next line that is not further in, and no item of its list.
func endOfBlock(raw []byte, column int) int {
	at := 0
	for {
		next := bytes.IndexByte(raw[at:], '\n')
		if next < 0 {
			return len(raw)
		}
		line := raw[at+next+1:]
		in := 0
		for in < len(line) && line[in] == ' ' {
			in++
		}
		if in < len(line) && line[in] != '\n' && (in < column || in == column && line[in] != '-') {
			return at + next
		}
		at += next + 1
	}
}

// hasFractions reports whether a schema in a text has numbers that need not be integers.
func hasFractions(raw []byte) bool {
	for _, kind := range []string{`number`, `"number"`, `'number'`} {
		if bytes.Contains(raw, []byte("type: "+kind)) {
			return true
		}
	}
	return false
}
