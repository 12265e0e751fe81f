package document

import (
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalarKind is what a plain scalar means.
type scalarKind int

const (
	stringScalar scalarKind = iota
	nullScalar
	boolScalar
	intScalar
	floatScalar
)

// tag is the YAML tag of the kind, short form.
func (k scalarKind) tag() string {
	switch k {
	case nullScalar:
		return "!!null"
	case boolScalar:
		return "!!bool"
	case intScalar:
		return "!!int"
	case floatScalar:
		return "!!float"
	}
	return "!!str"
}

// resolve says what a plain scalar means to kubectl, which reads with go.yaml.in/yaml/v2: YAML 1.1 booleans (yes, on, y), octal
// 0644, binary, underscores in numbers. Numbers come as int64, uint64 or float64; a string has no value but itself, and a
// timestamp is a string.
func resolve(in string) (scalarKind, any) {
	if in == "" {
		return nullScalar, nil
	}
	switch c := in[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+':
		return resolveNumber(in)
	case c == '.':
		return resolveFraction(in)
	case strings.IndexByte("yYnNtTfFoO~", c) >= 0:
		return resolveWord(in)
	}
	return stringScalar, nil
}

func resolveWord(in string) (scalarKind, any) {
	switch in {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return boolScalar, true
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return boolScalar, false
	case "~", "null", "Null", "NULL":
		return nullScalar, nil
	}
	return stringScalar, nil
}

func resolveFraction(in string) (scalarKind, any) {
	switch in {
	case ".nan", ".NaN", ".NAN":
		return floatScalar, math.NaN()
	case ".inf", ".Inf", ".INF":
		return floatScalar, math.Inf(1)
	}
	if f, err := strconv.ParseFloat(in, 64); err == nil {
		return floatScalar, f
	}
	return stringScalar, nil
}

func resolveNumber(in string) (scalarKind, any) {
	switch in {
	case "+.inf", "+.Inf", "+.INF":
		return floatScalar, math.Inf(1)
	case "-.inf", "-.Inf", "-.INF":
		return floatScalar, math.Inf(-1)
	}
	plain := in
	if strings.IndexByte(in, '_') >= 0 {
		plain = strings.ReplaceAll(in, "_", "")
	}
	if !numberLike(plain) {
		return stringScalar, nil
	}
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return intScalar, i
	}
	if u, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return intScalar, u
	}
	if floatStyle(plain) {
		if f, err := strconv.ParseFloat(plain, 64); err == nil {
			return floatScalar, f
		}
	}
	return resolveBinary(plain)
}

// resolveBinary reads what the reader's own rule for 0b and -0b adds to Go's: a sign behind the prefix, as in 0b-1.
func resolveBinary(plain string) (scalarKind, any) {
	if digits, found := strings.CutPrefix(plain, "0b"); found {
		if i, err := strconv.ParseInt(digits, 2, 64); err == nil {
			return intScalar, i
		}
		if u, err := strconv.ParseUint(digits, 2, 64); err == nil {
			return intScalar, u
		}
	} else if digits, found := strings.CutPrefix(plain, "-0b"); found {
		if i, err := strconv.ParseInt("-"+digits, 2, 64); err == nil {
			return intScalar, i
		}
	}
	return stringScalar, nil
}

// numberLike sorts out quickly what cannot be a number: versions, durations, addresses, dates.
func numberLike(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		case c == '+', c == '-', c == '.', c == 'x', c == 'X', c == 'o', c == 'O':
		default:
			return false
		}
	}
	return true
}

// floatStyle is the pattern [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
func floatStyle(s string) bool {
	s = trimSign(s)
	whole := digits(s)
	s = s[whole:]
	if s != "" && s[0] == '.' {
		fraction := digits(s[1:])
		if whole == 0 && fraction == 0 {
			return false
		}
		s = s[1+fraction:]
	} else if whole == 0 {
		return false
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = trimSign(s[1:])
	return s != "" && digits(s) == len(s)
}

func trimSign(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// digits counts the decimal digits that s starts with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// isString says whether a scalar node of this package means a string.
func isString(node *yaml.Node) bool {
	if node.Style&quoted != 0 || node.Tag == "!!str" {
		return true
	}
	kind, _ := resolve(node.Value)
	return kind == stringScalar
}

// keyText is the string that kubectl makes of a plain mapping key, which JSON wants: y becomes true, 0x10 becomes 16.
func keyText(in string) (string, bool) {
	kind, value := resolve(in)
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return "", false
	case float64:
		return floatKey(v), true
	}
	return in, kind == stringScalar
}

// floatKey writes a float the way the reader does for keys: shortest for 32 bits.
func floatKey(f float64) string {
	switch s := strconv.FormatFloat(f, 'g', -1, 32); s {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	case "NaN":
		return ".nan"
	default:
		return s
	}
}
