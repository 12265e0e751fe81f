package remote

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
)

// address is where a repository is.
type address struct {
	scheme string // https, http, ssh or file
	user   string // of ssh
	host   string // with a port, when one is named
	path   string // of a folder: as the system writes it
	scp    bool   // written as user@host:path, whose path is relative to the user's home
}

// String is the address without anything secret.
func (a address) String() string {
	switch {
	case a.scheme == "file":
		return a.path
	case a.scp:
		return a.login() + ":" + a.path
	case a.scheme == "ssh":
		return "ssh://" + a.login() + a.path
	}
	return a.scheme + "://" + a.host + a.path
}

func (a address) login() string {
	if a.user == "" {
		return a.host
	}
	return a.user + "@" + a.host
}

// dial is host and port for a connection.
func (a address) dial(port string) string {
	if _, _, err := net.SplitHostPort(a.host); err == nil {
		return a.host
	}
	return net.JoinHostPort(strings.Trim(a.host, "[]"), port)
}

func parse(text string) (address, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return address{}, errors.New("the URL of a repository holds a control character")
	}
	if !strings.Contains(text, "://") {
		return parsePlain(text)
	}
	u, err := url.Parse(text)
	if err != nil {
		return address{}, errors.New("the URL of a repository cannot be read")
	}
	if _, secret := u.User.Password(); secret || u.User != nil && u.Scheme != "ssh" {
		return address{}, fmt.Errorf("the URL of %s has credentials in it: give them by the environment or a file", u.Host+u.Path)
	}
	switch u.Scheme {
	case "https", "http", "ssh":
		if u.Host == "" || strings.Trim(u.Path, "/") == "" {
			return address{}, fmt.Errorf("%s://%s names no repository", u.Scheme, u.Host)
		}
		return address{scheme: u.Scheme, user: u.User.Username(), host: u.Host, path: strings.TrimRight(u.EscapedPath(), "/")}, nil
	case "file":
		return address{scheme: "file", path: filepath.FromSlash(u.Path)}, nil
	}
	return address{}, fmt.Errorf("repositories are reached by https, ssh and file, not by %q", u.Scheme)
}

// parsePlain reads "user@host:path" and folders.
func parsePlain(text string) (address, error) {
	before, after, colon := strings.Cut(text, ":")
	if colon && !strings.ContainsAny(before, `/\`) && len(before) > 1 {
		user, host, named := strings.Cut(before, "@")
		if !named {
			user, host = "", before
		}
		if host == "" || after == "" || strings.HasPrefix(host, "-") || strings.HasPrefix(after, ":") {
			return address{}, fmt.Errorf("%q names no repository", text)
		}
		return address{scheme: "ssh", user: user, host: host, path: after, scp: true}, nil
	}
	if !filepath.IsAbs(text) {
		return address{}, fmt.Errorf("%q is no URL of a repository and no absolute path", text)
	}
	return address{scheme: "file", path: text}, nil
}
