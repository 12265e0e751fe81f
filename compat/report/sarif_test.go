package report

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // has the schema of the standard in its source
	"github.com/xeipuuv/gojsonschema"
)

// TestSARIFFitsItsSchema validates by the schema of the standard, and sees that the schema refuses what is wrong.
func TestSARIFFitsItsSchema(t *testing.T) {
	schema, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(sarifSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	for name, view := range map[string]View{"some": example(), "none": nothing()} {
		var out bytes.Buffer
		if err := SARIF(&out, view); err != nil {
			t.Fatal(err)
		}
		result, err := schema.Validate(gojsonschema.NewBytesLoader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range result.Errors() {
			t.Errorf("%s: %s", name, fault)
		}
		broken := strings.Replace(out.String(), `"columnKind"`, `"columnKinds"`, 1)
		if result, err := schema.Validate(gojsonschema.NewStringLoader(broken)); err != nil || result.Valid() {
			t.Errorf("%s: an unknown key is valid: %v", name, err)
		}
	}
}

// sarifSchema is the constant in the source of the library, which does not export it.
func sarifSchema(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && len(literal.Value) > len(text) {
			text = literal.Value
		}
		return true
	})
	schema, err := strconv.Unquote(text)
	if err != nil || !strings.Contains(schema, "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema") {
		t.Fatalf("the library has another form: %v", err)
	}
	return schema
}
