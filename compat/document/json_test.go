package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oracle reads a stream of JSON objects with the standard library; ok is false when it is none.
func oracle(data []byte) (values []any, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for {
		var value map[string]any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return values, true
		}
		if err != nil {
			return values, false
		}
		values = append(values, numbers(value))
	}
}

func FuzzJSONIsReadAsJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a": {"b": [1, 2.50, -0, 1e2, null, true, false, "x\ty\/\u00e9\ud83d\ude00\ud800"]}}`, `{"a":1}{"b":[]} {"c":{}}`, "{\n\"a\"\t:\r\n[ ] }", `{"a":01}`,
		`{"a":1,}`, `{"a" 1}`, `{"a":"` + "\x01" + `"}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":nul}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":[1 2]}`, `{"a":1}{`, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := checkEncoding(data)
		if err != nil || len(text) == 0 || text[0] != '{' {
			return
		}
		r := reader{scanner: &scanner{}}
		ok, err := r.json(chunk{raw: text, text: text, parsed: text, line: 1, contentLine: 1})
		want, valid := oracle(text)
		if ok && !valid {
			t.Fatalf("accepted %q", text)
		}
		if !ok {
			var syntax *SyntaxError
			if valid && !errors.As(err, &syntax) {
				t.Fatalf("refused %q without a reason", text)
			}
			return
		}
		if len(want) != len(r.docs) {
			t.Fatalf("%d documents, want %d", len(r.docs), len(want))
		}
		for i := range want {
			have, err := Value(r.docs[i].Root())
			if err != nil {
				t.Fatal(err)
			}
			if h, w := canonicalValue(t, have), canonicalValue(t, want[i]); h != w {
				t.Fatalf("%s, want %s", h, w)
			}
		}
	})
}

func TestJSONKeepsItsLines(t *testing.T) {
	docs, err := Parse("f.json", []byte("{\"a\":\n  [1,\n   {\"b\": 2}\n]}\n\n{\"c\":\n3}"))
	if err != nil {
		t.Fatal(err)
	}
	got := []int{docs[0].Root().Line, Lookup(docs[0].Root(), "a", "1", "b").Line, docs[1].Line, Lookup(docs[1].Root(), "c").Line}
	if diff := cmp.Diff([]int{1, 3, 6, 7}, got); diff != "" {
		t.Error(diff)
	}
}
