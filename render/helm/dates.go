package helm

import (
	"fmt"
	"strings"
	"time"
)

// dates are the functions that read the clock, or the time zone of the machine, when they are as they are. Local time is UTC here.
func (t *tape) dates() map[string]any {
	day := "2006-01-02"
	return map[string]any{
		"date":           func(layout string, at any) string { return t.inZone(layout, at, "UTC") },
		"date_in_zone":   t.inZone,
		"dateInZone":     t.inZone,
		"htmlDate":       func(at any) string { return t.inZone(day, at, "UTC") },
		"htmlDateInZone": func(at any, zone string) string { return t.inZone(day, at, zone) },
		"toDate":         func(layout, text string) time.Time { at, _ := time.ParseInLocation(layout, text, time.UTC); return at },
		"mustToDate":     func(layout, text string) (time.Time, error) { return time.ParseInLocation(layout, text, time.UTC) },
		"ago":            func(at any) string { return t.time().Sub(t.instant(at)).Round(time.Second).String() },
		"durationRound":  t.durationRound,
	}
}

// instant is what Helm takes for a time; anything else is now.
func (t *tape) instant(at any) time.Time {
	switch at := at.(type) {
	case time.Time:
		return at
	case *time.Time:
		if at != nil {
			return *at
		}
	case int64:
		return time.Unix(at, 0)
	case int:
		return time.Unix(int64(at), 0)
	case int32:
		return time.Unix(int64(at), 0)
	}
	return t.time()
}

func (t *tape) inZone(layout string, at any, zone string) string {
	location := time.UTC
	if zone != "Local" {
		if known, err := time.LoadLocation(zone); err == nil {
			location = known
		}
	}
	return t.instant(at).In(location).Format(layout)
}

// durationRound is Helm's, over the release's time.
func (t *tape) durationRound(duration any) string {
	if at, isTime := duration.(time.Time); isTime {
		duration = int64(t.time().Sub(at))
	}
	if round, ok := t.sprig["durationRound"].(func(any) string); ok {
		return round(duration)
	}
	return ""
}

// The bounds of what one call of a function may make.
const (
	maxText = 16 << 20 // bytes
	maxList = 1_000_000
)

// bounds are functions that make much of little.
func (t *tape) bounds() map[string]any {
	return map[string]any{
		"repeat": func(count int, text string) (string, error) {
			if count < 0 || count > maxText || count*len(text) > maxText {
				return "", fmt.Errorf("repeat %d times: more than %d bytes", count, maxText)
			}
			return strings.Repeat(text, count), nil
		},
		"until": func(count int) ([]int, error) { return t.steps(0, count, sign(count)) },
		"untilStep": func(start, stop, step int) ([]int, error) {
			return t.steps(start, stop, step)
		},
	}
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// steps counts from start towards stop, which it does not reach.
func (t *tape) steps(start, stop, step int) ([]int, error) {
	all := []int{}
	if step == 0 || (stop > start) != (step > 0) {
		return all, nil
	}
	for i := start; i != stop && (i < stop) == (step > 0); i += step {
		if len(all) == maxList {
			return nil, fmt.Errorf("more than %d steps", maxList)
		}
		all = append(all, i)
	}
	return all, nil
}
