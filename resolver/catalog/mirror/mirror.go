// Package mirror reads copies of remote files from folders and servers that hold them by host and path, before or instead of
// the network.
//
// It knows where the copy of a URL lies, and that no URL leads out of a mirror. It refuses to know how the network works.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
	"gkops.dev/gkops/resolver/catalog/dir"
)

// Source reads http, https and oci URLs from mirrors in order, then from the network unless that is off.
type Source struct {
	mirrors []place
	network catalog.Source
	off     bool
}

// place is one mirror: a folder, or the base URL of a server.
type place struct {
	shown  string // as a person wrote it
	folder *dir.Source
	url    string
}

// New reads mirrors as GKOPS_MIRROR lists them: folders (absolute, or relative to base) and http(s) URLs, separated by commas; a
// final "off" forbids the network, a final "direct" allows it, which is the default. The network reads what no mirror has, and
// the mirrors that are URLs.
func New(list, base string, network catalog.Source) (*Source, error) {
	s := &Source{network: network}
	entries := strings.Split(list, ",")
	for i, entry := range entries {
		entry = strings.TrimSpace(entry)
		last := i == len(entries)-1
		switch {
		case entry == "":
		case (entry == "off" || entry == "direct") && !last:
			return nil, fmt.Errorf("mirrors: %q is not the last of the list", entry)
		case entry == "off":
			s.off = true
		case entry == "direct":
		default:
			p, err := newPlace(entry, base)
			if err != nil {
				return nil, fmt.Errorf("mirrors: %w", err)
			}
			s.mirrors = append(s.mirrors, p)
		}
	}
	return s, nil
}

func newPlace(entry, base string) (place, error) {
	if scheme, _, isURL := strings.Cut(entry, "://"); isURL {
		u, err := url.Parse(entry)
		switch {
		case err != nil:
			return place{}, errors.New("a malformed URL")
		case u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return place{}, fmt.Errorf("%s: a user name, password, query or fragment is refused", catalog.Redact(entry))
		case scheme == "file" && u.Host == "":
			entry = filepath.FromSlash(u.Path)
		case scheme != "http" && scheme != "https" || u.Host == "":
			return place{}, fmt.Errorf("%s is neither a folder nor an http or https URL", catalog.Redact(entry))
		default:
			return place{shown: catalog.Redact(entry), url: strings.TrimRight(entry, "/")}, nil
		}
	}
	folder := entry
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(base, folder)
	}
	return place{shown: entry, folder: dir.New(folder)}, nil
}

// Read reads the first copy of a URL that a mirror has, else the network. Only a mirror that certainly has no copy is passed
// over: one that cannot be read is an error. It returns an *OfflineError when no mirror has it and the network is off.
func (s *Source) Read(ctx context.Context, address string) ([]byte, error) {
	if len(s.mirrors) == 0 && !s.off {
		return s.network.Read(ctx, address)
	}
	name, err := Path(address)
	if err != nil {
		return nil, err
	}
	for _, mirror := range s.mirrors {
		if name == "" {
			break
		}
		data, err := mirror.read(ctx, name, s.network)
		if err == nil {
			return data, nil
		}
		if !errors.Is(err, catalog.ErrNotFound) {
			return nil, fmt.Errorf("mirror %s: %w", mirror.shown, err)
		}
	}
	if s.off {
		return nil, s.offline(address, name)
	}
	return s.network.Read(ctx, address)
}

func (p place) read(ctx context.Context, name string, network catalog.Source) ([]byte, error) {
	if p.folder != nil {
		return p.folder.ReadFile(ctx, name)
	}
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(segment), "+", "%2B")
	}
	return network.Read(ctx, p.url+"/"+strings.Join(segments, "/"))
}

// Path is where a mirror holds the copy of an http, https or oci URL: host (with a port that is not the scheme's own), a slash, and
// the path without percent-encoding. A query is part of the file's name, behind a question mark, with its slashes written
// %2F. It is empty for a URL that names no file (a path with empty segments, as in a final slash). Dots as segments, encoded
// slashes and control characters are an error: they would lead elsewhere.
func Path(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("a malformed URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "oci" || !isFileName(u.Hostname()) {
		return "", fmt.Errorf("%s is no http, https or oci URL", catalog.Redact(address))
	}
	segments := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, escaped := range segments {
		if escaped == "" {
			return "", nil
		}
		segment, err := url.PathUnescape(escaped)
		if err != nil || !isFileName(segment) {
			return "", fmt.Errorf("%s: %.40q cannot be part of a file's name in a mirror", catalog.Redact(address), escaped)
		}
		segments[i] = segment
	}
	name := host(u) + "/" + strings.Join(segments, "/")
	if u.RawQuery != "" {
		query := strings.ReplaceAll(u.RawQuery, "/", "%2F")
		if !isFileName(query) {
			return "", fmt.Errorf("%s: the query cannot be part of a file's name in a mirror", catalog.Redact(address))
		}
		name += "?" + query
	}
	return name, nil
}

func isFileName(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsFunc(s, func(c rune) bool {
		return c == '/' || c == '\\' || c < ' ' || c == 0x7f
	})
}

func host(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if port == "" || port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		return host
	}
	return host + ":" + port
}

// OfflineError says that no mirror has a copy of a file and that the network is off: errors.Is(err, catalog.ErrUnreachable), and catalog.ErrNoCopy.
type OfflineError struct {
	URL     string
	Path    string   // of the copy, in any mirror
	Mirrors []string // that were looked at
}

func (s *Source) offline(address, name string) error {
	e := &OfflineError{URL: address, Path: name}
	for _, mirror := range s.mirrors {
		e.Mirrors = append(e.Mirrors, mirror.shown)
	}
	return e
}

// Error names the file and the mirrors that were looked at.
func (e *OfflineError) Error() string {
	if len(e.Mirrors) == 0 {
		return fmt.Sprintf("%s: the network is off, and there are no mirrors", catalog.Redact(e.URL))
	}
	return fmt.Sprintf("%s: the network is off, and no mirror has a copy (looked at %s)", catalog.Redact(e.URL), strings.Join(e.Mirrors, ", "))
}

// Is makes the error a catalog.ErrUnreachable, and a catalog.ErrNoCopy.
func (e *OfflineError) Is(target error) bool {
	return target == catalog.ErrUnreachable || target == catalog.ErrNoCopy
}

// Hint says what to do about it.
func (e *OfflineError) Hint() string {
	if len(e.Mirrors) == 0 || e.Path == "" {
		return "list a mirror before off in GKOPS_MIRROR, or allow the network by leaving off out"
	}
	path, _, _ := strings.Cut(e.Path, "?")
	return fmt.Sprintf("put a copy at %s in one of the mirrors, or allow the network by leaving off out of GKOPS_MIRROR", path)
}
