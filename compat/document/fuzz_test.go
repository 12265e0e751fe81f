package document

import (
	"bytes"
	"encoding/json"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"
)

// seeds are whole streams in the shapes that registries, people and attackers write.
func seeds() []string {
	return []string{
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: b\ndata:\n  k: |\n    line\n      deeper\n\n    end\n",
		"# head\n---\napiVersion: v1 # why\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n# between\n- {kind: B}\n",
		"a: &x\n  b: 1\n  c: yes\nd:\n  <<: *x\n  b: 2\ne: *x\n",
		"a: 0644\nb: 1e3\nc: 0x1F\nd: 0b11\ne: 1_000\nf: 18446744073709551615\ng: .5\nh: 2001-01-01\ni: 12:30\nj: ~\nk:\ny: n\n",
		"a: \"dq \\u263a \\\n  cont\"\nb: 'sq ''x''\n  next\n\n  para'\nc: plain\n  folded\n\n  more\n",
		"s: |2-\n    two\n   one\nt: >+\n  fold\n  ed\n\n    keep\n\n\nu: >-\n  a\n\n  b\n",
		"- a\n- - b\n  - c\n-\n  d: e\n- # c\n  f: g\n",
		"x:\n- a: 1\n  b: 2\n-   c: 3\n    d: [1, 'two', \"three\", {k: v}]\n- []\n- {}\n",
		`{"a": {"b": [1, 2.50, -0, 1e2, null, true, "x\ty\/"]}}` + "\n" + `{"c": "d"}`,
		"--- {a: 1}\n...\n---\n\n--- # c\nb: 2\r\nc: |\r\n  x\r\n",
		"? a\n: b\n? - x\n: y\n",
		"!!map {a: !!str 1, b: !!int \"2\", c: !foo x, d: ! y}\n",
		"a: {{ x }}\nb: ${ y }\nc: '{{ z }}'\n",
		"\xef\xbb\xbfa: b\nc: \"\\x41\\L\\_\"\n\"q\": 1\n'r': 2\n1: a\n1.5: b\ntrue: c\n",
		"a:\n  - b\n  # tail\n# foot\nc: d\n\n# end\n",
		"a: b # x\nc: # y\n  d: e\nf: | # z\n  g\n",
		"desc: text with 'q' and \"d\" and # no comment\nurl: http://x/y#z\ntime: 10:30\nneg: -1\ndash: -x\nq: ?x\ncol: :x\n",
		"%YAML 1.1\n---\na: b\n",
		"a: b\n  c\nd:\n  \"e\"\nf:\n  |\n  g\n",
		"a:\n    - b: c\n\n      d: e\n    -   f\n",
		"a: x\u0085y\nb: \u2028\n",
		"a: |\n     \n  x\nb: c\n",
		"a:\n  <<: {b: c}\n  d: e\n",
		"a: b\n  # c\nd: e\n  # f\n",
		"a: b\n  # c\n  d\n",
		"a: 'x \t\n \ty'\nb: \"x\t\n  y\"\n",
		"a: |\n \tx\n\n\ty\n",
		"a: \"x\"#y\n",
		"a: [b, -c, d:e, 'f', \"g\"]\nh: {i: j, \"k\": -1}\nl: [m: n]\no: [p#q, r ?]\n",
		"a: - b\n",
		"a:\n- b\n c: d\n",
		"a: b\n c: d\n",
		"a:\n  b: c\n d: e\n",
		"a: 'x\ny'\nb: \"x\ny\"\n",
		"a: >2-\n   x\n  y\n\n   z\n  \nb: |+9\n",
		"a: .inf\nb: [.nan]\n",
		"a: 'x\n\n  y'\nb: \"x\n\n  y \\n\n  z\"\n",
	}
}

// kubectl is what kubectl's own reader makes of a chunk, with integers kept as the API machinery keeps them.
func kubectl(text []byte) (any, error) {
	var value any
	err := sigsyaml.Unmarshal(text, &value, func(d *json.Decoder) *json.Decoder { d.UseNumber(); return d })
	return numbers(value), err
}

// numbers makes int64 or float64 of every json.Number below a value.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = numbers(item)
		}
	case []any:
		for i, item := range v {
			v[i] = numbers(item)
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return value
}

// canonicalValue makes values comparable whatever number type holds them.
func canonicalValue(t *testing.T, value any) string {
	t.Helper()
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func FuzzParseMeansWhatKubectlReads(f *testing.F) {
	for _, seed := range seeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Parse("f.yaml", data); err != nil {
			return
		}
		text, err := checkEncoding(data)
		if err != nil {
			t.Fatal(err)
		}
		for c := range split(text) {
			agree(t, c)
		}
	})
}

// agree compares what a chunk means here and to kubectl.
func agree(t *testing.T, c chunk) {
	t.Helper()
	r := reader{file: "f.yaml", scanner: &scanner{}}
	if err := r.chunk(c); err != nil {
		t.Fatal(err)
	}
	docs := r.docs
	want, err := kubectl(c.parsed)
	if c.json() && json.Valid(c.text) {
		err = json.Unmarshal(c.text, &want)
	} else if len(docs) > 1 || c.json() && len(docs) == 1 && len(docs[0].Raw) < len(bytes.TrimSpace(c.text)) {
		return // a JSON stream, which its own test covers
	}
	if err != nil {
		t.Fatalf("accepted, but kubectl says %v\n%s", err, c.parsed)
	}
	if len(docs) == 0 {
		if want != nil {
			t.Fatalf("dropped %v", want)
		}
		return
	}
	have, err := Value(docs[0].Root())
	if err != nil {
		t.Fatal(err)
	}
	if h, w := canonicalValue(t, have), canonicalValue(t, want); h != w {
		t.Fatalf("read %s\nkubectl reads %s\nof %q", h, w, c.parsed)
	}
}

func FuzzEncodeKeepsTheMeaning(f *testing.F) {
	for _, seed := range seeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := Parse("f.yaml", data)
		if err != nil {
			return
		}
		for i := range docs {
			stable(t, &docs[i])
		}
	})
}

// stable checks that a document means the same after Encode, to us and to kubectl, and that a second Encode changes no byte.
func stable(t *testing.T, doc *Document) {
	t.Helper()
	before, err := Canonical(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	text, err := doc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("again.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if !new(scanner).run(string(text), nil) {
		t.Fatalf("the scanner does not know\n%s", text)
	}
	if len(again) != 1 {
		t.Fatalf("%d documents in\n%s", len(again), text)
	}
	after, err := Canonical(again[0].Root())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Fatalf("was %s\nnow %s\nin\n%s", before, after, text)
	}
	want, err := kubectl(text)
	if err != nil {
		t.Fatalf("kubectl says %v of\n%s", err, text)
	}
	have, err := Value(again[0].Root())
	if err != nil {
		t.Fatal(err)
	}
	if h, w := canonicalValue(t, have), canonicalValue(t, want); h != w {
		t.Fatalf("wrote %s\nkubectl reads %s\nin\n%s", h, w, text)
	}
	second, err := again[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, second) {
		t.Fatalf("first\n%s\nsecond\n%s", text, second)
	}
}
