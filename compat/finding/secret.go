package finding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Secretive reports whether a name says that what it names is a secret: adminPassword, API_TOKEN, client-secret. The name of a file,
// of an object or of a key that holds one is none.
func Secretive(name string) bool {
	if !hinted(name) {
		return false
	}
	all := words(name)
	last, before := all[len(all)-1], ""
	if len(all) > 1 {
		before = all[len(all)-2]
	}
	switch last {
	case "password", "passwd", "htpasswd", "passphrase", "pwd", "token", "apikey", "authtoken", "authorization", "dockerconfigjson", "dockercfg":
		return true
	case "hash":
		return before == "password"
	case "pass":
		return slices.Contains([]string{"admin", "auth", "db", "mail", "mysql", "postgres", "redis", "root", "smtp", "user"}, before)
	case "key":
		return slices.Contains([]string{"access", "account", "api", "encryption", "license", "master", "private", "secret", "shared", "signing"}, before)
	case "secret":
		return slices.Contains([]string{"app", "client", "consumer", "cookie", "hmac", "jwt", "oauth", "session", "shared", "signing", "token", "webhook"}, before)
	}
	return false
}

// hinted is a quick test for the names that may be secretive, by the end of their last word.
func hinted(name string) bool {
	name = strings.TrimRightFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, end := range [...]string{"key", "token", "secret", "password", "passwd", "passphrase", "pwd", "pass", "hash", "authorization", "dockerconfigjson", "dockercfg"} {
		if len(name) >= len(end) && strings.EqualFold(name[len(name)-len(end):], end) {
			return true
		}
	}
	return false
}

// words splits a name at its signs and its capitals, without the numbers at its end: DB_PASSWORD_2 has the words db and password.
func words(name string) []string {
	var spaced strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		small := i > 0 && unicode.IsLower(runes[i-1])
		ends := i > 0 && unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (small || ends) {
			spaced.WriteByte(' ')
		}
		if unicode.IsLetter(r) {
			spaced.WriteRune(unicode.ToLower(r))
			continue
		}
		spaced.WriteByte(' ')
	}
	return strings.Fields(spaced.String())
}

// Refers reports whether the value of something secretive is none, and only says where the secret is or whether there is one: a
// variable, a template, a path, yes or no.
func Refers(value string) bool {
	return slices.Contains([]string{"", "true", "false", "null", "nil", "none", "~"}, strings.ToLower(value)) || reference.MatchString(value)
}

var reference = regexp.MustCompile(`^(?:\$\([\w.-]+\)|\$\{\w+\}|\{\{[^{}]*\}\}|/(?:app|certs?|config|etc|home|mnt|opt|run|secrets?|tmp|usr|var|vault)/[\w./-]+)$`)

// Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Secrets are the parts of a text that look like secrets: what is assigned to a secretive name as in YAML, JSON, a properties file, a
// shell or a flag; the password in a URL; tokens that have the shape of a well-known service. They come in order.
func Secrets(text string) []Span {
	if !strings.ContainsAny(text, "=:_-.") {
		return nil
	}
	spans := assigned(text)
	shapes := []*regexp.Regexp{userInfo}
	if mayHaveToken(text) {
		shapes = append(shapes, knownToken)
	}
	for _, shape := range shapes {
		for _, at := range shape.FindAllStringSubmatchIndex(text, -1) {
			if !Refers(text[at[2]:at[3]]) {
				spans = append(spans, Span{at[2], at[3]})
			}
		}
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	return slices.CompactFunc(spans, func(a, b Span) bool { return b.End <= a.End })
}

var (
	userInfo   = regexp.MustCompile(`://[^\s/@:"']*:([^\s/@"']+)@`)
	knownToken = regexp.MustCompile(`\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)`)
)

// mayHaveToken is a quick test for the texts in which knownToken finds something.
func mayHaveToken(text string) bool {
	for _, start := range [...]string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "eyJ"} {
		if strings.Contains(text, start) {
			return true
		}
	}
	return false
}

// Veil is a text with the sizes of its secrets in their place.
func Veil(text string) string {
	spans := Secrets(text)
	if len(spans) == 0 {
		return text
	}
	var out strings.Builder
	at := 0
	for _, s := range spans {
		if s.Start < at {
			continue
		}
		fmt.Fprintf(&out, "%s(%d bytes, not shown)", text[at:s.Start], s.End-s.Start)
		at = s.End
	}
	return out.String() + text[at:]
}
