package web

import (
	"net"
	"net/url"
	"strings"
)

// Netrc are the names and passwords of a .netrc file, see Options.Credential. "machine HOST" is https at its usual port alone, "machine
// HOST:PORT" https at that port; http is sent a password only where the machine is this one (localhost, 127.0.0.1, [::1]) and the port is
// named. The entry "default" is for nobody, since it is bound to no host, and macros are left out.
func Netrc(data []byte) func(u *url.URL) (user, password string) {
	type login struct{ user, password string }
	known := map[string]login{}
	machine := ""
	words := strings.Fields(withoutMacros(string(data)))
	for i := 0; i < len(words); i++ {
		next := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		entry := known[machine]
		switch words[i] {
		case "machine":
			machine = strings.ToLower(next())
			continue
		case "default":
			machine = ""
			continue
		case "login":
			entry.user = next()
		case "password":
			entry.password = next()
		case "account":
			next()
		}
		known[machine] = entry
	}
	delete(known, "")
	return func(u *url.URL) (string, string) {
		if !mayHavePassword(u) {
			return "", ""
		}
		entry := known[netrcMachine(u)]
		return entry.user, entry.password
	}
}

// mayHavePassword reports whether a password may be sent to an address.
func mayHavePassword(u *url.URL) bool {
	return u.Scheme == "https" || u.Port() != "" && loopback(u.Hostname())
}

// netrcMachine is what .netrc calls the server of an address.
func netrcMachine(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// withoutMacros leaves out macro definitions, which end at an empty line, and comments.
func withoutMacros(text string) string {
	var kept []string
	macro := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		macro = macro && trimmed != "" || strings.HasPrefix(trimmed, "macdef ")
		if !macro && !strings.HasPrefix(trimmed, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}
