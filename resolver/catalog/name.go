package catalog

import (
	"errors"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// isLabel reports whether s is a DNS label: what a package, an instance and a namespace may be called.
func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// CheckPackageName says why s cannot be the name of a package; nil when it can.
func CheckPackageName(s string) error {
	if !isLabel(s) {
		return errors.New("a name has 1 to 63 lower-case letters, digits and dashes, with a letter or digit at both ends")
	}
	return nil
}

// checkFileReference says why a manifest's url is none: it is http or https without credentials, or a path that stays below the
// registry.
func checkFileReference(reference string) error {
	u, err := url.Parse(reference)
	switch {
	case reference == "":
		return errors.New("is empty")
	case err != nil || strings.ContainsFunc(reference, isControl):
		return errors.New("is not a URL")
	case u.User != nil:
		return errors.New("holds a user name or password")
	case u.Fragment != "":
		return errors.New("has a fragment (#)")
	case u.IsAbs():
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return errors.New("is neither http, https nor a path relative to package.yaml")
		}
		return nil
	case u.Host != "" || strings.HasPrefix(u.Path, "/"):
		return errors.New("is neither http, https nor a path relative to package.yaml")
	case u.RawQuery != "" || strings.ContainsAny(u.Path, "\\\x00") || path.Clean(u.Path) == ".":
		return errors.New("is not the path of a file")
	case strings.HasPrefix(path.Join("package/version", u.Path)+"/", "../"):
		return errors.New("leaves the registry")
	}
	return nil
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

var apiVersion = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?v[a-z0-9]{1,62}$`)

// isAPIVersion reports whether s is "group/version", or a version of the core group.
func isAPIVersion(s string) bool { return apiVersion.MatchString(s) }
