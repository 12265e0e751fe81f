package review

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"unicode"
	"unicode/utf8"
)

// assets are the template, the style and the script of the page.
//
//go:embed page
var assets embed.FS

// The files that make the script, in the order in which they run.
var scripts = [...]string{"page.js", "sides.js", "find.js", "aim.js", "keys.js"}

// HTML writes the report as one page that stands alone: it loads nothing, sends nothing, and can be read without its script. Its
// content security policy allows just the style and the script that are in it. Texts of packages are shown and do nothing.
func HTML(w io.Writer, report *Report) error {
	style, script, err := inlined()
	if err != nil {
		return err
	}
	// The files are part of the program, so parsing cannot depend on the report; it is done here to cost other commands nothing.
	page, err := template.ParseFS(assets, "page/*.html")
	if err != nil {
		return fmt.Errorf("read the template of the page: %w", err)
	}
	view := newPage(report)
	view.Style, view.Script = template.CSS(style), template.JS(script)
	view.Policy = "default-src 'none'; style-src " + source(style) + "; script-src " + source(script) + "; base-uri 'none'; form-action 'none'"
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "page", view); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = w.Write(inert(out.Bytes()))
	return err
}

// inlined are the style and the script, which no text of a report enters.
func inlined() (style, script string, err error) {
	data, err := assets.ReadFile("page/page.css")
	if err != nil {
		return "", "", err
	}
	code := []byte("(() => {\n\"use strict\";\n")
	for _, name := range scripts {
		part, err := assets.ReadFile("page/" + name)
		if err != nil {
			return "", "", err
		}
		code = append(code, part...)
	}
	return string(data), string(code) + "})();\n", nil
}

// source names an inline text in a content security policy by its hash.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// inert replaces every character of a page that would hide or turn text by its number. It is done once for the whole page, so that no
// text can be forgotten; the page's own texts have none.
func inert(page []byte) []byte {
	hidden := func(r rune) bool { return r == utf8.RuneError || r != '\n' && acts(r) }
	if bytes.IndexFunc(page, hidden) < 0 {
		return page
	}
	var out bytes.Buffer
	out.Grow(len(page))
	for _, r := range string(page) {
		switch {
		case !hidden(r):
			out.WriteRune(r)
		case unicode.IsControl(r) || r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	return out.Bytes()
}
