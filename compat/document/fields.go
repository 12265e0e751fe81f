package document

import (
	"reflect"
	"sort"
	"strings"
)

// fieldSet is how the keys of a mapping reach the fields of a struct.
type fieldSet struct {
	named map[string][]int
	rest  []int // an inlined map that takes all other keys, or nil
}

func fieldsOf(t reflect.Type) fieldSet {
	set := fieldSet{named: make(map[string][]int, t.NumField())}
	set.collect(t, nil, 0)
	return set
}

// collect adds the fields of a struct; an outer field hides an inner one of the same name.
func (s *fieldSet) collect(t reflect.Type, prefix []int, depth int) {
	const deepest = 8 // of embedded structs; one that embeds a pointer to itself has no end
	if depth > deepest {
		return
	}
	var inlined [][]int
	for i := range t.NumField() {
		field := t.Field(i)
		path := field.Index
		if len(prefix) > 0 {
			path = append(append([]int(nil), prefix...), i)
		}
		name, inline := fieldName(field)
		switch {
		case inline:
			inlined = append(inlined, path)
		case name == "" || !field.IsExported():
		default:
			if _, hidden := s.named[name]; !hidden {
				s.named[name] = path
			}
		}
	}
	for _, path := range inlined {
		inner := t.Field(path[len(path)-1]).Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch inner.Kind() {
		case reflect.Struct:
			s.collect(inner, path, depth+1)
		case reflect.Map:
			s.rest = path
		}
	}
}

// fieldName reads the tags of a field; an empty name means that no key reaches it.
func fieldName(field reflect.StructField) (name string, inline bool) {
	tag, found := field.Tag.Lookup("yaml")
	fromJSON := false
	if !found {
		tag, fromJSON = field.Tag.Lookup("json")
	}
	if tag == "-" {
		return "", false
	}
	name, options, _ := strings.Cut(tag, ",")
	for option := range strings.SplitSeq(options, ",") {
		inline = inline || option == "inline"
	}
	if field.Anonymous && name == "" && !found && embeddable(field) {
		inline = true
	}
	if inline && name == "" {
		return "", field.IsExported() || field.Anonymous && field.Type.Kind() == reflect.Struct
	}
	if name == "" && fromJSON {
		return field.Name, false
	}
	if name == "" {
		return strings.ToLower(field.Name), false
	}
	return name, false
}

// embeddable says whether encoding/json would take the fields of an embedded field for the outer one's.
func embeddable(field reflect.StructField) bool {
	t := field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		return t.Kind() == reflect.Struct && field.IsExported()
	}
	return t.Kind() == reflect.Struct
}

// hint names the key that was probably meant, or what there is.
func (s fieldSet) hint(key string) string {
	names := make([]string, 0, len(s.named))
	for name := range s.named {
		names = append(names, name)
	}
	sort.Strings(names)
	best, distance := "", 1+max(1, len(key)/3)
	for _, name := range names {
		if d := editDistance(strings.ToLower(key), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(names) == 0:
		return "no keys are known here"
	case len(names) <= 12:
		return "known keys: " + strings.Join(names, ", ")
	}
	return ""
}

// editDistance counts the insertions, deletions, replacements and swaps of neighbours between two short words; long ones are
// taken as far apart.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
