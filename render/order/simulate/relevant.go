package simulate

import (
	"bytes"

	"gkops.dev/gkops/compat/document"
)

// relevant leaves out of a block document what does not decide on order: of a CustomResourceDefinition its schemas, of most
// kinds everything but the metadata. What is left out is whole blocks, found by their indentation. A document that is
// written in another way comes back as it is.
func relevant(data []byte) []byte {
	switch kind := topLevel(data, "kind"); kind {
	case "":
		return data
	case "CustomResourceDefinition":
		return withoutSchemas(data)
	case "APIService", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Certificate", "ExternalSecret":
		return data
	}
	return head(data)
}

// topLevel is the value of a key at the start of a line, when it is one plain word.
func topLevel(data []byte, key string) string {
	mark := []byte("\n" + key + ": ")
	at := bytes.Index(data, mark)
	if at < 0 {
		if at = 0; !bytes.HasPrefix(data, mark[1:]) {
			return ""
		}
		at = -1
	}
	value := data[at+len(mark):]
	if end := bytes.IndexByte(value, '\n'); end >= 0 {
		value = value[:end]
	}
	value = bytes.TrimSpace(value)
	if len(value) == 0 || bytes.ContainsAny(value, " \"'#") {
		return ""
	}
	return string(value)
}

// head keeps the blocks of apiVersion, kind and metadata.
func head(data []byte) []byte {
	out := make([]byte, 0, 512)
	keep := true
	for line := range lines(data) {
		if c := line[0]; c != ' ' && c != '\n' && c != '#' && c != '-' && c != '\r' {
			keep = bytes.HasPrefix(line, []byte("apiVersion:")) || bytes.HasPrefix(line, []byte("kind:")) || bytes.HasPrefix(line, []byte("metadata:"))
		}
		if keep {
			out = append(out, line...)
		}
	}
	return out
}

// withoutSchemas drops what is below keys that hold schemas.
func withoutSchemas(data []byte) []byte {
	out := make([]byte, 0, 4096)
	skipping := -1 // the column of the key whose block is left out
	for line := range lines(data) {
		if skipping >= 0 && deeper(line, skipping) {
			continue
		}
		skipping = -1
		text := bytes.TrimLeft(line, " ")
		column := len(line) - len(text)
		for bytes.HasPrefix(text, []byte("- ")) {
			rest := bytes.TrimLeft(text[2:], " ")
			column += len(text) - len(rest)
			text = rest
		}
		if isSchema(bytes.TrimRight(text, " \r\n")) {
			skipping = column
		}
		out = append(out, line...)
	}
	return out
}

// deeper reports whether a line starts behind a column, or is empty.
func deeper(line []byte, column int) bool {
	for n, c := range line {
		if c != ' ' {
			return n > column || c == '\n'
		}
		if n == column {
			return true
		}
	}
	return true
}

func isSchema(key []byte) bool {
	return string(key) == "schema:" || string(key) == "validation:" || string(key) == "additionalPrinterColumns:"
}

// lines gives the lines of a text with their ends.
func lines(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			end := bytes.IndexByte(data, '\n') + 1
			if end == 0 {
				end = len(data)
			}
			if !yield(data[:end]) {
				return
			}
			data = data[end:]
		}
	}
}

// jsonSize is the number of bytes that an object has as JSON: exact where it is near the limit, else a bound that is above it.
func (o *Object) jsonSize() int {
	bound := 0
	for line := range lines(o.depth.data) {
		bound += len(line) + 6 + bytes.Count(line, []byte{'"'}) + bytes.Count(line, []byte{'\\'})
	}
	if bound <= annotationLimit {
		return bound
	}
	root := o.whole()
	if root == nil {
		return bound
	}
	written, err := document.Canonical(root)
	if err != nil {
		return bound
	}
	return len(written)
}
