package helm

import (
	"reflect"
	"strings"
)

const (
	itemSize = 8      // about what an item of a list or mapping needs besides its text
	maxDepth = 10_000 // of lists and mappings in each other; what is deeper holds itself

	indentation = 2 // of what is one deeper
)

// size is about how many bytes a value has when it is written out. It stops where that is more than any budget: lists may hold each other
// many times, and a mapping itself.
func size(value any) int { return measure(value, false) }

// headedSize is size for TOML, where every mapping has a heading with the keys of all that it is in.
func headedSize(value any) int { return measure(value, true) }

func measure(value any, headed bool) int {
	m := measuring{left: maxMade + 1, headed: headed}
	m.add(value, 0, 0)
	return maxMade + 1 - m.left
}

// measuring goes through a value.
type measuring struct {
	left   int // bytes until it stops
	headed bool
}

// add takes off what a value needs, so deep, below keys of so many bytes.
func (m *measuring) add(value any, depth, above int) {
	if !m.enter(depth, above) {
		return
	}
	switch value := value.(type) {
	case nil, bool, int, int64, float64:
	case string:
		m.left -= len(value) + indentation*depth*strings.Count(value, "\n")
	case []any:
		for _, item := range value {
			m.add(item, depth+1, above)
		}
	case map[string]any:
		for key, item := range value {
			m.left -= len(key)
			m.add(item, depth+1, above+len(key)+1)
		}
	default:
		m.addOther(reflect.ValueOf(value), depth, above)
	}
}

// enter takes off what every value needs. It is false when there is nothing left, or the value is too deep to end.
func (m *measuring) enter(depth, above int) bool {
	if depth > maxDepth {
		m.left = 0
	}
	if m.left <= 0 {
		return false
	}
	m.left -= itemSize + indentation*depth
	if m.headed {
		m.left -= above
	}
	return true
}

// addOther is add for what functions and charts have besides plain values: texts and files with types of their own, lists of texts, certificates.
func (m *measuring) addOther(value reflect.Value, depth, above int) {
	switch value.Kind() {
	case reflect.String:
		m.add(value.String(), depth, above)
	case reflect.Slice, reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			m.left -= value.Len()
			return
		}
		for i := range value.Len() {
			m.addInner(value.Index(i), depth+1, above)
		}
	case reflect.Map:
		for entries := value.MapRange(); entries.Next(); {
			key := 0
			if entries.Key().Kind() == reflect.String {
				key = entries.Key().Len()
			}
			m.left -= key
			m.addInner(entries.Value(), depth+1, above+key+1)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				m.addInner(value.Field(i), depth+1, above)
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			m.addInner(value.Elem(), depth+1, above)
		}
	}
}

func (m *measuring) addInner(value reflect.Value, depth, above int) {
	if value.IsValid() && value.CanInterface() {
		m.add(value.Interface(), depth, above)
	}
}
