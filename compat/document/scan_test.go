package document

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
)

// slowNode reads a chunk with the YAML library alone.
func slowNode(c chunk) (*yaml.Node, error) { return parseNode(c) }

// withoutComments is what the scanner and the library have to agree on.
func withoutComments() cmp.Option {
	return cmpopts.IgnoreFields(yaml.Node{}, "HeadComment", "LineComment", "FootComment", "Column")
}

func FuzzScannerAgreesWithTheLibrary(f *testing.F) {
	for _, seed := range seeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := checkEncoding(data)
		if err != nil {
			return
		}
		for c := range split(text) {
			scannedAlike(t, c)
		}
	})
}

// scannedAlike checks that what the scanner accepts the library accepts, with the same nodes. It says whether it was accepted.
func scannedAlike(t *testing.T, c chunk) bool {
	t.Helper()
	var s scanner
	if c.inline || !s.run(plainLines(c.parsed), nil) {
		return false
	}
	have := s.build(c.line - 1)
	want, err := slowNode(c)
	if err != nil {
		t.Fatalf("the scanner accepts what the library refuses: %v\n%q", err, c.parsed)
	}
	if !alike(want, have) {
		t.Fatalf("%s\nof %q", cmp.Diff(want, have, withoutComments(), cmpopts.EquateEmpty()), c.parsed)
	}
	if len(s.tape) > 0 && s.nodes != countNodes(have) {
		t.Fatalf("%d nodes counted, %d built", s.nodes, countNodes(have))
	}
	return true
}

// alike compares trees as withoutComments does, quickly.
func alike(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Style != b.Style || a.Line != b.Line || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !alike(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

func countNodes(node *yaml.Node) int {
	count := 1
	for _, child := range node.Content {
		count += countNodes(child)
	}
	return count
}
