package catalog

import (
	"net/url"
	"strconv"
	"strings"
)

// Redact is a URL as it may be shown: without user name, password, query and fragment, which may hold credentials, and with
// every character that a terminal would not show as it is escaped.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "a malformed URL"
	}
	if u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return printable(raw)
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}
	if u.RawQuery != "" {
		return printable(shown.String()) + "?..."
	}
	return printable(shown.String())
}

// printable escapes what is not printable ASCII.
func printable(s string) string {
	quoted := strconv.QuoteToASCII(s)
	return strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`)
}

// shownText is text for people on one line, with every character escaped that a terminal would not show as it is.
func shownText(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`)
}
