package schema

import (
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"

	apiservercel "k8s.io/apiserver/pkg/cel"
)

// words are what a rule cannot do without when some API servers take it and others do not: the functions, macros and signs that one
// environment of rules has and an older one lacks. They are looked for in texts, so that few definitions have to be compiled; they
// may be found where they mean something else, but are never missed.
type words struct {
	calls    map[string]bool // functions and macros, as they are called: "isIP", "sets.contains"
	wider    map[string]bool // macros that take more arguments: "all"
	signs    []string        // of the syntax of optional values
	numbers  bool            // integers are compared with other numbers
	keywords bool            // fields are called as words that the language keeps for itself
}

// newWords compares two environments.
func newWords(old, now *cel.Env) words {
	w := words{calls: map[string]bool{}, wider: map[string]bool{}, keywords: true}
	was := old.Functions()
	for name, function := range now.Functions() {
		before := was[name]
		for _, overload := range function.OverloadDecls() {
			isNew := before == nil || !slices.Contains(overloadIDs(before.OverloadDecls()), overload.ID())
			if isNew && (before == nil || !slices.ContainsFunc(overload.ArgTypes(), made)) {
				w.calls[name] = true
			}
		}
	}
	for operator, sign := range map[string]string{"_?._": ".?", "_[?_]": "[?"} {
		if w.calls[operator] {
			w.signs = append(w.signs, sign, "{?")
		}
		delete(w.calls, operator)
	}
	known := map[string]bool{}
	for _, macro := range old.Macros() {
		known[macro.MacroKey()], known[macro.Function()] = true, true
	}
	for _, macro := range now.Macros() {
		switch {
		case known[macro.MacroKey()]:
		case known[macro.Function()]:
			w.wider[macro.Function()] = true
		default:
			w.calls[macro.Function()] = true
		}
	}
	_, before := old.Compile("1 < 2.5")
	_, after := now.Compile("1 < 2.5")
	w.numbers = before != nil && after == nil
	return w
}

func overloadIDs[O interface{ ID() string }](overloads []O) []string {
	ids := make([]string, len(overloads))
	for i, overload := range overloads {
		ids[i] = overload.ID()
	}
	return ids
}

// made reports whether values of a type come from functions alone, which are words of their own.
func made(t *types.Type) bool { return t.Kind() == types.OpaqueKind }

// in looks through one text. fractions says that it may see numbers with a fraction.
func (w *words) in(text string, fractions bool) bool {
	for _, sign := range w.signs {
		if strings.Contains(text, sign) {
			return true
		}
	}
	if strings.Contains(text, `\u`) || strings.Contains(text, `\x`) || strings.Contains(text, `\U`) {
		return true // letters that are written as numbers may be any word
	}
	if w.numbers && strings.ContainsAny(text, "<>") && (fractions || hasFraction(text)) {
		return true
	}
	for at, c := range []byte(text) {
		switch {
		case c == '.' && w.keywords && isKeyword(after(text, at+1)):
			return true
		case c == '(' && (w.calls[strings.TrimPrefix(before(text, at), ".")] || w.calls[lastName(text, at)]):
			return true
		case c == '(' && w.wider[lastName(text, at)] && namesTwo(text[at+1:]):
			return true
		}
	}
	return false
}

// hasFraction reports whether a text has a number that is no plain integer: 1.5, 1e3, 1u, double(1), uint(1).
func hasFraction(text string) bool {
	for i := 1; i < len(text); i++ {
		if c := text[i]; isDigit(text[i-1]) && (c == '.' || c == 'e' || c == 'E' || c == 'u' || c == 'U') {
			return true
		}
	}
	return strings.Contains(text, "double") || strings.Contains(text, "uint")
}

// before is the name that stands before a place, with the names that it is reached through: "sets.contains".
func before(text string, at int) string {
	end := len(strings.TrimRight(text[:at], " \n"))
	start := end
	for start > 0 && (isLetter(text[start-1]) || isDigit(text[start-1]) || text[start-1] == '.') {
		start--
	}
	return text[start:end]
}

// lastName is the name that stands before a place alone.
func lastName(text string, at int) string {
	name := before(text, at)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// after is the name that begins at a place.
func after(text string, at int) string {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n') {
		at++
	}
	end := at
	for end < len(text) && (isLetter(text[end]) || isDigit(text[end])) {
		end++
	}
	return text[at:end]
}

// isKeyword reports whether a field of a name has to be written in another way for older environments.
func isKeyword(name string) bool {
	escaped, ok := apiservercel.Escape(name)
	return ok && escaped == "__"+name+"__"
}

// maxNames is how long two names and their commas may be: longer ones are looked at by the compiler.
const maxNames = 1000

// namesTwo reports whether arguments begin with two names, as those of macros over keys and values do.
func namesTwo(arguments string) bool {
	if len(arguments) > maxNames {
		arguments = arguments[:maxNames]
		if !strings.Contains(arguments, ",") {
			return true
		}
	}
	first, rest, found := strings.Cut(arguments, ",")
	second, _, more := strings.Cut(rest, ",")
	return found && more && isName(first) && isName(second)
}

func isName(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && after(text, 0) == text && !isDigit(text[0])
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
