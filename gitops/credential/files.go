package credential

import (
	"net/url"
	"strings"
)

// netrc reads $NETRC or ~/.netrc. A machine stands for https at port 443, "machine host:port" for https at another port; "default"
// stands for every server and is not used.
func (w World) netrc(o Origin) (Secret, bool, error) {
	name := w.Getenv("NETRC")
	if name == "" {
		name = w.home(".netrc")
	}
	if name == "" || o.scheme != "https" {
		return Secret{}, false, nil
	}
	data, err := w.read(name)
	if err != nil {
		return Secret{}, false, err
	}
	for _, m := range machines(string(data)) {
		host, port := m.host, "443"
		if before, after, both := strings.Cut(m.host, ":"); both {
			host, port = before, after
		}
		if strings.EqualFold(host, o.host) && port == o.port && m.password != "" {
			return Secret{User: m.login, Token: m.password, Source: name}, true, nil
		}
	}
	return Secret{}, false, nil
}

type machine struct{ host, login, password string }

// machines reads the words of a netrc file. A macro is text until an empty line.
func machines(text string) []machine {
	var found []machine
	lines := strings.Split(text, "\n")
	var words []string
	for n := 0; n < len(lines); n++ {
		fields := strings.Fields(lines[n])
		if len(fields) > 0 && fields[0] == "macdef" {
			for n++; n < len(lines) && strings.TrimSpace(lines[n]) != ""; n++ {
			}
			continue
		}
		for _, field := range fields {
			if strings.HasPrefix(field, "#") {
				break
			}
			words = append(words, field)
		}
	}
	for n := 0; n < len(words); n++ {
		value := ""
		if n+1 < len(words) {
			value = words[n+1]
		}
		switch words[n] {
		case "machine":
			found = append(found, machine{host: value})
			n++
		case "default":
			found = append(found, machine{})
		case "login", "password", "account":
			if len(found) > 0 {
				last := &found[len(found)-1]
				switch words[n] {
				case "login":
					last.login = value
				case "password":
					last.password = value
				}
			}
			n++
		}
	}
	return found
}

// store reads the files of 'git credential-store': one URL with user and password a line. One with a path is for what lies below it.
func (w World) store(o Origin, path string) (Secret, bool, error) {
	config := w.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = w.home(".config")
	}
	names := []string{w.home(".git-credentials")}
	if config != "" {
		names = append(names, strings.TrimRight(config, "/")+"/git/credentials")
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		data, err := w.read(name)
		if err != nil {
			return Secret{}, false, err
		}
		for line := range strings.Lines(string(data)) {
			if secret, found := stored(strings.TrimSpace(line), o, path); found {
				secret.Source = name
				return secret, true, nil
			}
		}
	}
	return Secret{}, false, nil
}

func stored(line string, o Origin, path string) (Secret, bool) {
	u, err := url.Parse(line)
	if err != nil || u.User == nil {
		return Secret{}, false
	}
	password, has := u.User.Password()
	origin, err := OriginOf(u)
	if err != nil || !has || password == "" || origin != o {
		return Secret{}, false
	}
	if below := strings.Trim(u.Path, "/"); below != "" && strings.Trim(path, "/") != below && !strings.HasPrefix(strings.Trim(path, "/"), below+"/") {
		return Secret{}, false
	}
	return Secret{User: u.User.Username(), Token: password}, true
}
