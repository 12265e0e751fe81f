package polite

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Login is the user and the token of a forge. An empty token asks as nobody. It is asked for every request, so it may hand out
// tokens that end.
type Login func(ctx context.Context) (user, token string, err error)

// Authorized puts credentials into requests as set says.
func (l Login) Authorized(set func(request *http.Request, user, token string)) func(*http.Request) error {
	return func(request *http.Request) error {
		if l == nil {
			return nil
		}
		user, token, err := l(request.Context())
		if err == nil && token != "" {
			set(request, user, token)
		}
		return err
	}
}

// maxPages bounds a list: a forge whose pages never end is wrong.
const maxPages = 2000

// Pages reads a list to its end, or fails. list reads one page and says which is next, 0 for none.
func Pages[T any](list func(page int) (items []T, next int, err error)) ([]T, error) {
	var all []T
	for page := 1; page <= maxPages; {
		items, next, err := list(page)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next <= page {
			return all, nil
		}
		page = next
	}
	return nil, errors.New("the list has no end")
}

// Cut shortens a text to so many characters, with an ellipsis at its end when something is gone.
func Cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimRight(string(runes[:most-1]), " ") + "…"
}

// Plain is a text with line ends of one character: what a person wrote in a browser comes back with two.
func Plain(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// Sorted is a list without repetitions, sorted, as package forge wants names.
func Sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
