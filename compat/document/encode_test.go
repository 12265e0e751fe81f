package document

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestEncode(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"block style, lists at their key", "a:\n    - b:   c\n      d:\n        -   e\n    -\n      - f\n      - - g\n        - h\n",
			"a:\n- b: c\n  d:\n  - e\n- - f\n  - - g\n    - h\n"},
		{"flow becomes block", "a: {b: [1, two, {c: \"d\"}], e: {}, f: []}\n", "a:\n  b:\n  - 1\n  - two\n  - c: \"d\"\n  e: {}\n  f: []\n"},
		{"styles stay", "a: yes\nb: \"yes\"\nc: 'yes'\nd: 0644\ne: \"0644\"\nf: 1.20\ng: ~\nh:\ni: ''\nj: 1_000\n",
			"a: yes\nb: \"yes\"\nc: 'yes'\nd: 0644\ne: \"0644\"\nf: 1.20\ng: ~\nh: null\ni: ''\nj: 1_000\n"},
		{"long lines are not folded", "a: " + strings.Repeat("word ", 60) + "end\nb: \"" + strings.Repeat("word ", 60) + "\"\n",
			"a: " + strings.Repeat("word ", 60) + "end\nb: \"" + strings.Repeat("word ", 60) + "\"\n"},
		{"folded lines are joined", "a: one\n  two\n\n  three\nb: 'one\n  two'\nc: \"one\n\n  two\"\n", "a: |-\n  one two\n  three\nb: 'one two'\nc: \"one\\ntwo\"\n"},
		{"literal blocks", "a: |\n    x\n      y\n\n    z\nb: |-\n  x\nc: |+\n  x\n\n\nd: |2\n    x\n   y\ne: |\n  x \n  \t\n  end\n",
			"a: |\n  x\n    y\n\n  z\nb: |-\n  x\nc: |+\n  x\n\n\nd: |2\n    x\n   y\ne: |\n  x \n  \t\n  end\n"},
		{"literal block in a list", "a:\n- |\n  x\n- b: |2\n      y\n- - |-\n    z\n", "a:\n- |\n  x\n- b: |2\n      y\n- - |-\n    z\n"},
		{"folded blocks become literal", "a: >\n  one\n  two\n\n  three\nb: >-\n  x\n", "a: |\n  one two\n  three\nb: |-\n  x\n"},
		{"blocks that nothing can hold", "a: \"x\\u2028y\\n\"\nb: |\n\n\nc: \"\\n\"\n", "a: \"x\\u2028y\\n\"\nb: \"\"\nc: \"\\n\"\n"},
		{"templates", "a: '{{ .Values.x }}'\nb: \"{{ x }}\"\nc: ${ y }\nd: x {{ y }}\ne: |\n  {{- if x }}\n  ${y}\n", "a: '{{ .Values.x }}'\nb: \"{{ x }}\"\nc: ${ y }\nd: x {{ y }}\ne: |\n  {{- if x }}\n  ${y}\n"},
		{"keys", "y: 1\n\"on\": 2\n8080: 3\n1.50: 4\n'a b': 5\na/b: 6\n\"a: b\": 7\n? x\n: 8\n", "\"true\": 1\n\"on\": 2\n\"8080\": 3\n\"1.5\": 4\n'a b': 5\na/b: 6\n\"a: b\": 7\nx: 8\n"},
		{"anchors", "a: &x\n  b: c\nd: *x\ne:\n  <<: *x\n  b: d\n  f: g\n", "a:\n  b: c\nd:\n  b: c\ne:\n  b: d\n  f: g\n"},
		{"tags", "a: !!str 1\nb: !!str x\nc: !!int \"1\"\nd: !!seq [x]\n", "a: \"1\"\nb: x\nc: 1\nd:\n- x\n"},
		{"comments", "# head\n\n# of a\na: b # line\n# of c\nc: # behind c\n  # of d\n  d: e\n  # after d\nf:\n# of the item\n- g # item\n- # below\n  h: i\n# end\n",
			"# head\n# of a\na: b # line\n# of c\nc: # behind c\n  # of d\n  d: e\n# after d\nf:\n# of the item\n- g # item\n# below\n- h: i\n# end\n"},
		{"comments in flow", "a: [b, # one\n  c] # two\n", "a: # two\n- b # one\n- c\n"},
		{"comments behind block headers", "a: | # why\n  x\n", "a: | # why\n  x\n"},
		{"JSON", `{"a": "yes", "b": [1, "1", "x: y", "- x", "", " x", "two\nlines\n", "tab\t", "nul\u0000", "é", "\u0085"], "c": {}, "d": "it's \"q\""}`,
			"a: \"yes\"\nb:\n- 1\n- \"1\"\n- \"x: y\"\n- \"- x\"\n- \"\"\n- \" x\"\n- |\n  two\n  lines\n- \"tab\\t\"\n- \"nul\\x00\"\n- é\n- \"\\x85\"\nc: {}\nd: it's \"q\"\n"},
		{"strings that look like something else", `{"a": ["2001-01-01", "0o17", "12:30", "1e3", "~", "null", "=", "<<", "---", "...", "#x", "x #y", "x:", "a:b", "-", "?", "%x", "@x", "*x", "&x", "!x", "|", ">"]}`,
			"a:\n- \"2001-01-01\"\n- \"0o17\"\n- \"12:30\"\n- \"1e3\"\n- \"~\"\n- \"null\"\n- \"=\"\n- \"<<\"\n- \"---\"\n- \"...\"\n- \"#x\"\n- \"x #y\"\n- \"x:\"\n- a:b\n- \"-\"\n- \"?\"\n- \"%x\"\n- \"@x\"\n- \"*x\"\n- \"&x\"\n- \"!x\"\n- \"|\"\n- \">\"\n"},
		{"empty document", "{}\n", "{}\n"},
		{"single quotes that cannot hold it", "a: 'x\n\n  y'\n", "a: \"x\\ny\"\n"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			doc, err := ParseOne("f.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := doc.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
			stable(t, doc)
		})
	}
}

func TestEncodeQuotesWhateverStringAProgramMakes(t *testing.T) {
	texts := append(tricky(), "a\n", "\n", "\n\n", "\n  x\n", "\n\tx", "\n#x\n", "a\n\n", " a\nb", "\ta\n", "a\n b\n", "a \nb\n", "\r\n", "a\rb", "\x7f", "\u0080", "\u00a0", "\ufeff", "\ufffe", "\U0001f600", "'", "\"", "'\"",
		"a'b", "a\"b", "\\", "a\\nb", "{", "}", "[a]", "a, b", "a]", "# a", "a #b", "a# b", ": a", "a: b", "a :b", "?a", "? a", "-a", "- a", "--- a", "...", "@a", "`a`", "%a", "!a", "&a", "*a", "|", ">", "a\tb", " ", "  a", "a  ", strings.Repeat("long ", 500))
	for _, text := range texts {
		root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
			String("v"), String(text), String("k" + text), String("x"),
			String("l"), {Kind: yaml.SequenceNode, Content: []*yaml.Node{String(text), {Kind: yaml.MappingNode, Content: []*yaml.Node{String("m"), String(text)}}}},
		}}
		if len(text) > 100 {
			root.Content[2].Value = "k"
		}
		for _, style := range []yaml.Style{0, yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle} {
			root.Content[1].Style, root.Content[2].Style = style, style
			stable(t, New("f.yaml", root))
		}
	}
}

func TestEncodeRefusesWhatItCannotWrite(t *testing.T) {
	for name, root := range map[string]*yaml.Node{
		"a list as root":         {Kind: yaml.SequenceNode},
		"half an entry":          {Kind: yaml.MappingNode, Content: []*yaml.Node{String("a")}},
		"a mapping as key":       {Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}, String("a")}},
		"an alias":               {Kind: yaml.MappingNode, Content: []*yaml.Node{String("a"), {Kind: yaml.AliasNode, Value: "x"}}},
		"an alias in a list":     {Kind: yaml.MappingNode, Content: []*yaml.Node{String("a"), {Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.AliasNode}}}}},
		"a key that is too long": {Kind: yaml.MappingNode, Content: []*yaml.Node{String(strings.Repeat("x", 1001)), String("a")}},
	} {
		if text, err := New("f.yaml", root).Encode(); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}
