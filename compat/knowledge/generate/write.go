package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// write is the table as text: one line per kind, per type and per field, sorted.
func (h *history) write() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "gkops-knowledge 1\nminors %d %d\n", base, h.last)
	for _, r := range releases {
		fmt.Fprintf(&out, "served %d %s@%s/%s\n", r.minor, r.module, r.version, r.schemas)
	}
	sources := h.writeSources(&out)
	kinds := slices.SortedFunc(maps.Keys(h.kinds), compareGVK)
	for _, k := range kinds {
		h.writeKind(&out, k, sources)
	}
	reached := h.reach()
	for _, name := range slices.Sorted(maps.Keys(reached)) {
		h.writeType(&out, name)
	}
	return out.Bytes()
}

// writeSources numbers the sources of the life-cycle columns.
func (h *history) writeSources(out *bytes.Buffer) map[string]int {
	numbers := map[string]int{}
	for _, r := range h.kinds {
		numbers[r.source] = 0
	}
	delete(numbers, "")
	for i, source := range slices.Sorted(maps.Keys(numbers)) {
		numbers[source] = i + 1
		fmt.Fprintf(out, "source %d %s\n", i+1, source)
	}
	return numbers
}

func (h *history) writeKind(out *bytes.Buffer, k gvk, sources map[string]int) {
	r := h.kinds[k]
	replacement := "-"
	if r.replacement.kind != "" {
		replacement = r.replacement.apiVersion() + "/" + r.replacement.kind
	}
	fmt.Fprintf(out, "kind %s %s %s %s %s %s %s %s %s %s %d %s\n", k.apiVersion(), k.kind, dash(r.plural), dash(r.scope),
		r.served, r.on, number(r.introduced), number(r.deprecated), number(r.removed), replacement, sources[r.source], dash(r.typ))
}

func dash(s string) string { return cmp.Or(s, "-") }

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// String is the set as ranges: "24-28,30".
func (m minors) String() string {
	var parts []string
	for n := base; m>>(n-base) != 0; n++ {
		if !m.has(n) {
			continue
		}
		first := n
		for m.has(n + 1) {
			n++
		}
		if first == n {
			parts = append(parts, strconv.Itoa(n))
			continue
		}
		parts = append(parts, fmt.Sprintf("%d-%d", first, n))
	}
	return dash(strings.Join(parts, ","))
}

// reach is the set of types that an object of a served kind can hold.
func (h *history) reach() map[string]bool {
	reached := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if name == "" || reached[name] {
			return
		}
		reached[name] = true
		for f := range h.types[name] {
			if _, inner, found := strings.Cut(f.form, "#"); found {
				visit(inner)
			}
		}
	}
	for _, r := range h.kinds {
		visit(r.typ)
	}
	return reached
}

// writeType writes a type with the minors that have it, and its fields with theirs where they differ.
func (h *history) writeType(out *bytes.Buffer, name string) {
	fields := h.types[name]
	var all minors
	for _, m := range fields {
		all |= m
	}
	fmt.Fprintf(out, "type %s %s\n", name, all)
	sorted := slices.SortedFunc(maps.Keys(fields), func(a, b field) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(fields[a], fields[b]), cmp.Compare(a.form, b.form))
	})
	for _, f := range sorted {
		if fields[f] == all {
			fmt.Fprintf(out, "\t%s %s\n", f.name, f.form)
			continue
		}
		fmt.Fprintf(out, "\t%s %s %s\n", f.name, f.form, fields[f])
	}
}
