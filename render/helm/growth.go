package helm

import (
	"reflect"
	"text/template"
)

// treeShare is how many bytes of a tree that is walked or copied cost one: charts copy all their values often, and nothing of it is written.
const treeShare = 16

// growing are sprig's functions that give more than they are given, or copy it, so that a few turns of a loop make much: they ask first.
func (b *budget) growing(sprigs map[string]any) map[string]any {
	all := map[string]any{
		"seq": func(params ...int) (string, error) {
			if err := b.spend(steps(params)); err != nil {
				return "", err
			}
			return sprigs["seq"].(func(...int) string)(params...), nil
		},
		"wrapWith": func(width int, separator, text string) (string, error) {
			if err := b.spend(len(text) + (len(text)/max(width, 1)+1)*len(separator)); err != nil {
				return "", err
			}
			return sprigs["wrapWith"].(func(int, string, string) string)(width, separator, text), nil
		},
	}
	for _, name := range []string{"b64enc", "b32enc", "quote", "squote", "regexQuoteMeta"} {
		all[name] = b.measured(sprigs[name], 0)
	}
	for _, name := range []string{"append", "mustAppend", "push", "mustPush", "prepend", "mustPrepend"} {
		all[name] = b.asking(sprigs[name], items)
	}
	for name, f := range map[string]any{"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper} {
		all[name] = b.measured(f, 0)
	}
	all["concat"] = b.asking(sprigs["concat"], func(args []reflect.Value) int { return itemSize * items(args) })
	for _, name := range []string{"merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "deepCopy", "mustDeepCopy"} {
		all[name] = b.asking(sprigs[name], trees)
	}
	return all
}

// asking is a function that asks first for so many bytes.
func (b *budget) asking(f any, cost func([]reflect.Value) int) any {
	original := reflect.ValueOf(f)
	return reflect.MakeFunc(original.Type(), func(args []reflect.Value) []reflect.Value {
		if err := b.spend(cost(args)); err != nil {
			panic(err.Error()) // the engine of templates makes an error of it
		}
		if original.Type().IsVariadic() {
			return original.CallSlice(args)
		}
		return original.Call(args)
	}).Interface()
}

// items is how many items the lists have that are given, or are in one that is given.
func items(args []reflect.Value) int {
	count := 0
	for _, arg := range args {
		if arg.Kind() == reflect.Interface {
			arg = arg.Elem()
		}
		if arg.Kind() != reflect.Slice {
			continue
		}
		count += arg.Len()
		for i := range arg.Len() {
			if inner, isList := arg.Index(i).Interface().([]any); isList {
				count += len(inner)
			}
		}
	}
	return count
}

// trees is the share of the bytes of all that is given, or all of them where no budget has so many: mappings may hold each other many times.
func trees(args []reflect.Value) int {
	bytes := 0
	for _, arg := range args {
		if maps, isMaps := arg.Interface().([]map[string]any); isMaps {
			for _, m := range maps {
				bytes += size(m)
			}
			continue
		}
		bytes += size(arg.Interface())
	}
	if bytes > maxMade {
		return bytes
	}
	return bytes / treeShare
}

// steps is at least how many bytes seq gives, more than any budget where its numbers are huge.
func steps(params []int) int {
	const digits = 20
	from, to, step := 1.0, 0.0, 1.0
	switch len(params) {
	case 1:
		to = float64(params[0])
	case 2:
		from, to = float64(params[0]), float64(params[1])
	case 3:
		from, step, to = float64(params[0]), float64(params[1]), float64(params[2])
	}
	return int(min(max((to-from)/max(step, -step, 1), (from-to)/max(step, -step, 1))*digits, maxMade+1))
}
