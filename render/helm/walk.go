package helm

import "reflect"

// textShare is how many bytes of a text that is read cost one.
const textShare = 4

// walking are functions that give little and go over all that they are given, so that a loop of them takes long and makes nothing.
func (b *budget) walking(sprigs map[string]any) map[string]any {
	all := map[string]any{}
	for _, name := range []string{
		"abbrev", "abbrevboth", "adler32sum", "b32dec", "b64dec", "base", "camelcase", "clean", "contains", "dir", "ext", "hasPrefix", "hasSuffix",
		"initials", "kebabcase", "lower", "nospace", "sha1sum", "sha256sum", "sha512sum", "snakecase", "substr", "swapcase", "title", "trim", "trimAll",
		"trimPrefix", "trimSuffix", "trimall", "trunc", "untitle", "upper", "wrap",
	} {
		all[name] = b.reading(sprigs[name])
	}
	for _, name := range []string{
		"mustFromJson", "mustRegexFind", "mustRegexFindAll", "mustRegexMatch", "mustRegexSplit", "regexFind", "regexFindAll", "regexMatch", "regexSplit",
		"semver", "semverCompare", "split", "splitList", "splitn",
	} {
		all[name] = b.asking(sprigs[name], pieces)
	}
	for _, name := range []string{
		"chunk", "compact", "has", "initial", "mustChunk", "mustCompact", "mustHas", "mustInitial", "mustRest", "mustReverse", "mustSlice", "omit", "rest",
		"reverse", "slice",
	} {
		all[name] = b.asking(sprigs[name], lengths)
	}
	for _, name := range []string{"deepEqual", "sortAlpha", "toStrings"} {
		all[name] = b.asking(sprigs[name], trees)
	}
	for _, name := range []string{
		"add", "add1", "add1f", "addf", "biggest", "ceil", "div", "divf", "float64", "floor", "int", "int64", "max", "maxf", "min", "minf", "mod", "mul",
		"mulf", "round", "sub", "subf", "toDecimal",
	} {
		all[name] = b.asking(sprigs[name], numbers)
	}
	for _, name := range []string{"mustUniq", "mustWithout", "uniq", "without"} {
		all[name] = b.asking(sprigs[name], pairs)
	}
	return all
}

// reading is a function of texts that asks first for the share of them that reading takes.
func (b *budget) reading(f any) any {
	ask := func(texts ...string) error {
		bytes := 0
		for _, text := range texts {
			bytes += len(text)
		}
		return b.spend(bytes / textShare)
	}
	switch f := f.(type) {
	case func(string) string:
		return func(text string) (string, error) {
			if err := ask(text); err != nil {
				return "", err
			}
			return f(text), nil
		}
	case func(int, string) string:
		return func(n int, text string) (string, error) {
			if err := ask(text); err != nil {
				return "", err
			}
			return f(n, text), nil
		}
	case func(string, string) string:
		return func(what, text string) (string, error) {
			if err := ask(what, text); err != nil {
				return "", err
			}
			return f(what, text), nil
		}
	case func(string, string) bool:
		return func(what, text string) (bool, error) {
			if err := ask(what, text); err != nil {
				return false, err
			}
			return f(what, text), nil
		}
	}
	return b.asking(f, trees)
}

// pieces is what a text needs that is cut everywhere, or read letter by letter.
func pieces(args []reflect.Value) int {
	bytes := 0
	for _, arg := range args {
		if arg.Kind() == reflect.String {
			bytes += itemSize * arg.Len()
		}
	}
	return bytes
}

// numbers is nothing for what may be a number. Of anything else sprig writes an error, with all that it holds, and forgets it.
func numbers(args []reflect.Value) int {
	bytes := 0
	for _, arg := range args {
		if length(arg) > 0 {
			bytes += size(arg.Interface())
		}
	}
	return bytes
}

// pairs is how often items are compared: those of a list with each other, or with those that are not wanted.
func pairs(args []reflect.Value) int {
	list := length(args[0])
	if len(args) == 1 {
		return list * list
	}
	return list * length(args[1])
}

// lengths is what the items of all lists and mappings need.
func lengths(args []reflect.Value) int {
	bytes := 0
	for _, arg := range args {
		bytes += itemSize * length(arg)
	}
	return bytes
}

// length is how many items a list or mapping has.
func length(value reflect.Value) int {
	if value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return value.Len()
	}
	return 0
}
