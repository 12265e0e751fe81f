package helm

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"text/template"
	"time"
)

// TestMeter: a metered template gives what it gave, text that looks like an action, trimming and comments included.
func TestMeter(t *testing.T) {
	for _, text := range []string{
		"plain", "", "a {{- /* }} \" */ -}} b", "{{/* tpl x */}}", "{{ \"}} {{\" }}{{ `}}` }}{{ '}' }}", " {{- .a -}} \n {{ .b }}",
		"{{ range .list -}} \n {{ . }},{{ else }}none{{ end -}} \n x", "{{ range $i, $x := .list }}{{ $y := $x }}{{ $y }}{{ if eq $i 1 }}{{ break }}{{ end }}{{ end }}",
		"{{ define \"x\" }} [{{ . }}] {{ end }}{{ template \"x\" .a }}{{ block \"y\" .b }}{{ . }}{{ end }}", "{{ with .a }}{{ . }}{{ else with .b }}{{ . }}{{ end }}",
		"{{ range 3 }}{{ . }}{{ end }}", "{{ .none }}{{ .none | printf \"%v\" }}{{ len .list }}{{ true }}{{ 1.5 }}",
		"{{ tpl .t . }}{{ tpl \"{{ .a }}\" $ | len }}{{ . | tpl (print .t (tpl .t .)) }}{{ .tpl }}{{ $tpl := .a }}{{ $tpl }}",
		"{{ if eq (tpl .t .) \"A\" }}yes{{ end }}", "{{$a := .a}}{{$a = print $a $a}}{{$a}}{{-  .a}}-",
	} {
		if plain, metered := execute(t, text, false), execute(t, meter(text), true); plain != metered {
			t.Errorf("%q gives %q, and metered as %q gives %q", text, plain, meter(text), metered)
		}
		if strings.Count(text, "\n") != strings.Count(meter(text), "\n") {
			t.Errorf("%q has other lines: %q", text, meter(text))
		}
	}
	for _, broken := range []string{"{{ \"", "{{/* x", "{{ range", "a }} {{ end }} {{ end }}", "{{"} {
		if _, err := template.New("").Funcs(functions(newBudget(t.Context()))).Parse(meter(broken)); err == nil {
			t.Errorf("%q is no error any more: %q", broken, meter(broken))
		}
	}
}

func functions(b *budget) template.FuncMap {
	all := template.FuncMap{}
	maps.Copy(all, newTape(nil, time.Time{}, b).functions())
	all["tpl"] = func(text string, data any) (string, error) {
		var out strings.Builder
		parsed, err := template.New("").Funcs(all).Parse(text)
		if err != nil {
			return "", err
		}
		err = parsed.Execute(&out, data)
		return out.String(), err
	}
	return all
}

func execute(t *testing.T, text string, metered bool) string {
	t.Helper()
	b := newBudget(t.Context())
	parsed, err := template.New("").Funcs(functions(b)).Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var out strings.Builder
	data := map[string]any{"a": "A", "b": map[string]any{"c": 1}, "list": []any{"x", 2, nil}, "t": "{{ .a }}", "tpl": "field"}
	if err := parsed.Execute(&out, data); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if metered && b.work == maxWork {
		t.Errorf("%q is not counted", text)
	}
	return out.String()
}

func TestUnmetered(t *testing.T) {
	for text, want := range map[string]string{
		"at <include \"x\" . | gkopsGave>: no":                     "at <include \"x\" .>: no",
		"at <tpl (gkopsText (print .a (tpl (gkopsText .b) .))) .>": "at <tpl (print .a (tpl .b .)) .>",
	} {
		if got := unmetered(errors.New(text)).Error(); got != want {
			t.Errorf("%s", got)
		}
	}
}
