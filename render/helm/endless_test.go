package helm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"gkops.dev/gkops/render/helm"
)

// TestEndless: a chart that does not end, or makes more text than any needs, is refused within seconds and bounded memory.
func TestEndless(t *testing.T) {
	twice := `{{ define "a" }}{{ if . }}{{ template "a" (sub . 1) }}{{ template "a" (sub . 1) }}{{ end }}{{ end }}{{ template "a" 60 }}`
	laugh := `{{ $x := "lol" }}{{ range until 60 }}{{ $x = list $x $x $x }}{{ end }}`
	mappings := `{{ $x := dict "a" 1 }}{{ range until 60 }}{{ $x = dict "a" $x "b" $x }}{{ end }}`
	itself := `{{ $x := dict }}{{ $_ := set $x "a" $x }}`
	values := "text: " + strings.Repeat("x", 100_000) + "\n"
	long := `{{ $x := repeat 16000000 "a" }}`
	for name, text := range map[string]string{
		"loops in loops":      `{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}`,
		"a loop over numbers": `{{ range 1000000000000 }}{{ end }}`,
		"calls itself twice":  twice,
		"in tpl":              `{{ tpl "{{ range until 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}" . }}`,
		"in a tpl in a tpl":   `{{ tpl (print "{{ tpl (print \"{{ range 100000" "0000000 }}{{ end }}\") . }}") . }}`,
		"doubles a text":      `{{ $x := "lol" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}`,
		"formats a text":      `{{ $x := "lol" }}{{ range until 60 }}{{ $x = printf "%[1]s%[1]s%[1]s" $x }}{{ end }}`,
		"replaces":            `{{ "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" | replace "a" "aaaaaaaaaa" }}`,
		"replaces by pattern": `{{ $x := repeat 1000000 "a" }}{{ $x | regexReplaceAll "a" $x }}{{ regexReplaceAll "a" $x $x }}`,
		"lists of lists":      laugh + `{{ toYaml $x }}`,
		"lists as JSON":       laugh + `{{ toJson $x }}`,
		"lists as text":       laugh + `{{ print $x }}`,
		"prints much often":   `{{ $x := repeat 1000000 "x" }}{{ range until 1000000 }}{{ $x }}{{ end }}`,
		"much text often":     `{{ range until 1000000 }}` + strings.Repeat("x", 10000) + `{{ end }}`,
		"indents":             `{{ $x := repeat 100000 "\n" }}{{ range until 1000 }}{{ $y := indent 100000 $x }}{{ end }}`,
		"keys":                `{{ range until 1000000 }}{{ $x := genPrivateKey "ed25519" }}{{ end }}`,
		"counts":              `{{ $x := seq 9000000000 }}`,
		"encodes":             `{{ $x := "lol" }}{{ range until 1000 }}{{ $x = b64enc $x }}{{ end }}`,
		"quotes":              `{{ $x := "\"" }}{{ range until 60 }}{{ $x = quote $x }}{{ end }}`,
		"wraps":               `{{ $x := repeat 10000 "a " }}{{ range until 60 }}{{ $x = wrapWith 1 $x $x }}{{ end }}`,
		"doubles a list":      `{{ $x := list 1 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}`,
		"appends":             `{{ $x := list 1 }}{{ range until 1000000 }}{{ $x = append $x 1 }}{{ end }}`,
		"copies":              mappings + `{{ $y := deepCopy $x }}`,
		"merges":              mappings + `{{ $y := merge (dict) $x }}`,
		"mappings as YAML":    mappings + `{{ $y := mustToYaml $x }}`,
		"lists printed":       laugh + `{{ $x }}`,
		"mappings as TOML":    mappings + `{{ $y := mustToToml $x }}`,
		"or as pretty YAML":   mappings + `{{ $y := toYamlPretty $x }}`,
		"headings":            `{{ $x := dict }}{{ range until 5000 }}{{ $x = dict (repeat 10000 "k") $x }}{{ end }}{{ $y := toToml $x }}`,
		"indentation":         `{{ $x := until 100000 }}{{ range until 9000 }}{{ $x = list $x }}{{ end }}{{ $y := toYaml $x }}`,
		"holds itself":        itself + `{{ $x }}`,
		"itself as YAML":      itself + `{{ toYaml $x }}`,
		"itself as pretty":    itself + `{{ toYamlPretty $x }}`,
		"itself as TOML":      itself + `{{ toToml $x }}`,
		"itself as JSON":      itself + `{{ toJson $x }}`,
		"itself formatted":    itself + `{{ printf "%v" $x }}`,
		"itself copied":       itself + `{{ $y := deepCopy $x }}`,
		"itself as a number":  itself + `{{ int $x }}`,
		"itself added":        itself + `{{ add 1 $x }}`,
		"itself escaped":      itself + `{{ html $x }}`,
		"itself as a name":    itself + `{{ $y := genSelfSignedCert "a" nil (list $x) 1 }}`,
		"values much often":   `{{ range until 1000000 }}{{ $y := toJson $.Values }}{{ end }}`,
		"letters much often":  long + `{{ range until 1000000 }}{{ $y := upper $x }}{{ end }}`,
		"looks much often":    long + `{{ range until 1000000 }}{{ if contains "b" $x }}{{ end }}{{ end }}`,
		"sums much often":     long + `{{ range until 1000000 }}{{ if sha256sum $x }}{{ end }}{{ end }}`,
		"matches much often":  long + `{{ range until 1000000 }}{{ if regexMatch "b" $x }}{{ end }}{{ end }}`,
		"cuts much often":     long + `{{ range until 1000000 }}{{ $y := splitList "" $x }}{{ end }}`,
		"reads much often":    `{{ $x := repeat 1000000 "- a\n" }}{{ range until 1000000 }}{{ $y := fromYamlArray $x }}{{ end }}`,
		"compares all":        `{{ $x := until 1000000 | uniq }}`,
		"compares with all":   `{{ $x := until 1000000 }}{{ $y := without $x $x }}{{ range until 1000000 }}{{ $y := has "b" $x }}{{ end }}`,
		"copies lists":        `{{ $x := until 1000000 }}{{ range until 1000000 }}{{ $y := rest $x }}{{ end }}`,
		"passwords":           `{{ range until 1000000 }}{{ $x := derivePassword 1 "long" "a" "b" "c" }}{{ end }}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, map[string]string{"templates/a.yaml": text, "values.yaml": values}).Render(context.Background(), release(nil))
			if !errors.Is(err, helm.ErrEndless) {
				t.Errorf("%.300v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := load(t, map[string]string{"templates/a.yaml": `{{ range until 100000 }}{{ end }}`}).Render(ctx, release(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
