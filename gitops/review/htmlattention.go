package review

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// attention groups what needs attention by rule; the groups are in the order of the report.
func (b *builder) attention() []alert {
	var alerts []alert
	for i, a := range b.report.Attention {
		n := slices.IndexFunc(alerts, func(other alert) bool {
			return other.Risk == a.Risk && other.Rule == a.Rule && other.Why == a.Why && other.Do == a.Do
		})
		if n < 0 {
			n = len(alerts)
			alerts = append(alerts, alert{Risk: a.Risk, Rule: a.Rule, Why: a.Why, Do: a.Do})
		}
		alerts[n].Items = append(alerts[n].Items, b.alertItem(i))
	}
	room := openItems
	for i := range alerts {
		a := &alerts[i]
		a.ID = b.names.of("attention~" + a.Risk.String() + "~" + a.Rule)
		a.Number = len(a.Items)
		room -= a.Number
		a.Open = a.Risk >= High || room >= 0
		if a.Number > firstItems+1 {
			a.Items, a.Rest = a.Items[:firstItems], a.Items[firstItems:]
		}
	}
	return alerts
}

// How much attention is told at once: items in all, before what is less than high is folded, and items of one rule.
const (
	openItems  = 12
	firstItems = 4
)

func (b *builder) alertItem(n int) alertItem {
	a := b.report.Attention[n]
	item := alertItem{Message: a.Message, Path: a.Path, Place: place(a)}
	if a.Object.Kind != "" {
		item.Object = strings.TrimSuffix(a.Object.String(), " ("+a.Object.APIVersion+")")
	}
	i, known := b.places[keyOf(a.File, a.Object)]
	if !known || a.Object.Kind == "" {
		return item
	}
	item.Target = b.objects[i].ID
	at := b.aims[n]
	if at.hunk < 0 {
		return item
	}
	item.Target = hunkName(b.objects[i].ID, at.hunk)
	if at.line >= 0 {
		item.Target = lineName(b.objects[i].ID, at)
		item.Excerpt = excerpt(b.lines[i][at.hunk], at.line)
	}
	return item
}

// The size of an excerpt: whole hunks up to some lines, else some lines before and after.
const (
	excerptWhole             = 8
	excerptBefore            = 2
	excerptAfter             = 3
	excerptLetters, ellipsis = 300, " …"
)

// excerpt is the line in question, with what is near it.
func excerpt(lines []Line, at int) []lineRun {
	start, end := 0, len(lines)
	if len(lines) > excerptWhole {
		start, end = max(0, at-excerptBefore), min(len(lines), at+excerptAfter+1)
	}
	part := slices.Clone(lines[start:end])
	for i := range part {
		if len(part[i].Text) > excerptLetters {
			cut := excerptLetters
			for !utf8.RuneStart(part[i].Text[cut]) {
				cut--
			}
			part[i].Text = part[i].Text[:cut] + ellipsis
		}
	}
	return lineRuns(part, 0, len(part), nil, differences(part))
}
