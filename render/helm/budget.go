package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strings"
)

// The bounds of one render of a chart. The engine of templates knows no context, so what repeats itself is made to ask: see meter.
const (
	maxWork  = 1_000_000    // turns of loops and calls of templates
	maxMade  = 256 << 20    // bytes that templates write and functions give, together
	slowWork = maxWork / 50 // what a password that is derived slowly counts as
)

// ErrEndless says that a template does more than any chart needs.
var ErrEndless = errors.New("it does not end within its bounds")

// budget is what one render of a chart may still do.
type budget struct {
	stopped     func() error // why the render is to stop, nil while it is not
	work, bytes int
	err         error // the first
}

func newBudget(ctx context.Context) *budget {
	return &budget{stopped: ctx.Err, work: maxWork, bytes: maxMade}
}

// The functions that metered templates call.
const (
	turnFunction = "gkopsTurn"
	textFunction = "gkopsText"
	gaveFunction = "gkopsGave"
	keptFunction = "gkopsKept"
)

// functions are those that metered templates call, and those that make much of little, over sprig's.
func (b *budget) functions(sprigs map[string]any) map[string]any {
	all := map[string]any{
		turnFunction: func(bytes int) (string, error) { return "", b.turn(bytes) },
		gaveFunction: func(value any) (any, error) { return value, b.gave(value) },
		keptFunction: func(value any) (any, error) { return value, b.kept(value) },
		textFunction: func(text string) (string, error) {
			if err := b.gave(text); err != nil {
				return "", err
			}
			return meter(text), nil
		},
		"replace": func(old, made, text string) (string, error) {
			if err := b.spend(len(text) + strings.Count(text, old)*len(made)); err != nil {
				return "", err
			}
			return strings.ReplaceAll(text, old, made), nil
		},
		"print":   func(args ...any) (string, error) { return b.printed(args, 1, fmt.Sprint) },
		"println": func(args ...any) (string, error) { return b.printed(args, 1, fmt.Sprintln) },
		"printf": func(format string, args ...any) (string, error) {
			times := strings.Count(format, "%[") + 1
			return b.printed(args, times, func(args ...any) string { return fmt.Sprintf(format, args...) })
		},
	}
	for _, name := range []string{"toJson", "toPrettyJson", "toRawJson", "mustToJson", "mustToPrettyJson", "mustToRawJson", "toString", "join", "indent", "nindent", "cat"} {
		all[name] = b.measured(sprigs[name], 0)
	}
	for _, name := range []string{"regexReplaceAll", "regexReplaceAllLiteral", "mustRegexReplaceAll", "mustRegexReplaceAllLiteral"} {
		all[name] = b.replaced(sprigs[name])
	}
	maps.Copy(all, b.writers())
	maps.Copy(all, b.readers())
	maps.Copy(all, b.growing(sprigs))
	maps.Copy(all, b.walking(sprigs))
	all["derivePassword"] = b.measured(sprigs["derivePassword"], slowWork)
	return all
}

// turn is one more turn of a loop, or call of a template, whose own text has so many bytes.
func (b *budget) turn(bytes int) error {
	if err := b.toil(1); err != nil {
		return err
	}
	return b.spend(bytes)
}

// toil takes work off the budget. Its first error stays.
func (b *budget) toil(work int) error {
	b.work -= work
	switch {
	case b.err != nil:
	case b.work < 0:
		b.err = fmt.Errorf("%w: more than %d turns of loops and calls of templates, a key counting as many", ErrEndless, maxWork)
	case b.work%1024 == 0 || work > 1:
		b.err = b.stopped()
	}
	return b.err
}

// spend takes bytes off the budget.
func (b *budget) spend(bytes int) error {
	if b.bytes -= bytes; b.bytes < 0 && b.err == nil {
		b.err = fmt.Errorf("%w: more than %d MiB of text", ErrEndless, maxMade>>20)
	}
	return b.err
}

// gave counts what an action prints. A text by its length, and a list or mapping by what it is when it is written: it may hold the same text many
// times, or itself.
func (b *budget) gave(value any) error {
	switch value := value.(type) {
	case string:
		return b.spend(len(value))
	case nil, bool, int, int64, float64:
		return nil
	}
	return b.spend(size(value))
}

// kept counts what an action sets a variable to: the share of a text. Lists and mappings are counted where they are made, or written.
func (b *budget) kept(value any) error {
	if text, isText := value.(string); isText {
		return b.spend(len(text) / treeShare)
	}
	return nil
}

// printed bounds what a function of fmt may make of its arguments.
func (b *budget) printed(args []any, times int, print func(...any) string) (string, error) {
	if err := b.spend(times * size(args)); err != nil {
		return "", err
	}
	return print(args...), nil
}

// measured is a function that asks first whether all that it is given, written out, is within the budget, and so much work.
func (b *budget) measured(f any, work int) any {
	original := reflect.ValueOf(f)
	kind := original.Type()
	return reflect.MakeFunc(kind, func(args []reflect.Value) []reflect.Value {
		bytes, most := 0, 1
		for _, arg := range args {
			if arg.Kind() == reflect.Int {
				most = max(most, int(min(arg.Int(), maxText)))
				continue
			}
			if arg.CanInterface() {
				bytes += size(arg.Interface())
			}
		}
		if most > 1 && len(args) > 0 {
			bytes += most * lines(args[len(args)-1])
		}
		if err := errors.Join(b.toil(work), b.spend(bytes)); err != nil {
			panic(err.Error()) // the engine of templates makes an error of it
		}
		if kind.IsVariadic() {
			return original.CallSlice(args)
		}
		return original.Call(args)
	}).Interface()
}

// replaced is a function of a pattern, a text, and what comes in the place of every match, which is counted first.
func (b *budget) replaced(f any) any {
	original := reflect.ValueOf(f)
	return reflect.MakeFunc(original.Type(), func(args []reflect.Value) []reflect.Value {
		text, made := args[1].String(), args[2].String()
		bytes := len(text) + strings.Count(made, "$")*len(text)
		if pattern, err := regexp.Compile(args[0].String()); err == nil {
			bytes += len(pattern.FindAllStringIndex(text, -1)) * len(made)
		}
		if err := b.spend(bytes); err != nil {
			panic(err.Error()) // the engine of templates makes an error of it
		}
		return original.Call(args)
	}).Interface()
}

// lines are the lines of a text, which indent makes longer.
func lines(text reflect.Value) int {
	if text.Kind() != reflect.String {
		return 1
	}
	return strings.Count(text.String(), "\n") + 1
}
