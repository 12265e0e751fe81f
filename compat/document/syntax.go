package document

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SyntaxError is input that cannot be read, or that people and kubectl would read differently.
type SyntaxError struct {
	File   string
	Line   int    // 1-based, 0 when unknown
	Reason string // lower case, no full stop
	Hint   string // what to do about it, may be empty
	Err    error  // the cause, may be nil
}

// Error is "file:line: reason".
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Reason
}

// Unwrap is the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// fault is a SyntaxError before its file is known.
func fault(line int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Line: line, Reason: fmt.Sprintf(format, args...)}
}

// describe names the kind of a node in messages: "null", "a list", "the number 1.20".
func describe(node *yaml.Node) string {
	if node == nil {
		return "missing"
	}
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if isString(node) {
		if node.Value == "" {
			return "an empty string"
		}
		return "the string " + strconv.Quote(shorten(node.Value))
	}
	switch kind, _ := resolve(node.Value); kind {
	case nullScalar:
		return "null"
	case boolScalar:
		return "the boolean " + node.Value
	case stringScalar:
		return "the string " + strconv.Quote(shorten(node.Value))
	}
	return "the number " + shorten(node.Value)
}

func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// parserFault turns an error of the YAML library, which counts lines from the start of the chunk, into ours.
func parserFault(err error, firstLine int, chunk []byte) *SyntaxError {
	located := regexp.MustCompile(`(?s)^(?:error converting YAML to JSON: )?yaml: (?:line (\d+): )?(.*)$`).FindStringSubmatch(err.Error())
	if located == nil {
		return &SyntaxError{Line: firstLine, Reason: err.Error(), Err: err}
	}
	line, _ := strconv.Atoi(located[1])
	if line == 0 {
		line = searchLine(located[2], chunk)
	}
	found := &SyntaxError{Line: firstLine + max(line, 1) - 1, Reason: strings.TrimSpace(located[2]), Err: err}
	if tabbed(chunk, line) || tabbed(chunk, line+1) {
		found.Reason += " (a tab is used as indentation)"
		found.Hint = "YAML allows only spaces as indentation"
	}
	return found
}

// searchLine finds the line, from 1, of a problem that the YAML library names without one; 0 when it is not to be found.
func searchLine(reason string, chunk []byte) int {
	at := -1
	if name, found := strings.CutPrefix(reason, "unknown anchor '"); found {
		name, _, _ = strings.Cut(name, "'")
		at = bytes.Index(chunk, []byte("*"+name))
	} else if strings.HasPrefix(reason, "control characters") {
		at = bytes.IndexFunc(chunk, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f })
	}
	if at < 0 {
		return 0
	}
	return lineAt(chunk, at)
}

// tabbed says whether the 1-based line of a chunk has a tab in its indentation.
func tabbed(chunk []byte, line int) bool {
	lines := strings.SplitN(string(chunk), "\n", line+1)
	if line < 1 || line > len(lines) {
		return false
	}
	trimmed := strings.TrimLeft(lines[line-1], " \t")
	return strings.Contains(lines[line-1][:len(lines[line-1])-len(trimmed)], "\t")
}
