package gitops

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// IdentityError says that Git does not know who commits.
type IdentityError struct{ Role, Missing string }

// Error names what is missing.
func (e *IdentityError) Error() string {
	return fmt.Sprintf("git does not know the %s of the %s", e.Missing, e.Role)
}

// Hint says how to tell it.
func (e *IdentityError) Hint() string {
	if e.Missing == "e-mail" {
		return "git config --global user.email you@example.org"
	}
	return `git config --global user.name "Your Name"`
}

// identity is a person and a time as a commit has them, "Name <e-mail> seconds zone".
type identity struct {
	name, email string
	when        time.Time
}

func (i identity) String() string {
	return fmt.Sprintf("%s <%s> %d %s", i.name, i.email, i.when.Unix(), i.when.Format("-0700"))
}

// identityOf is the author or the committer, by Git's own order: the environment, the settings of that role, those of the user.
func identityOf(role string, settings config, getenv func(string) string, when time.Time) (identity, error) {
	prefix := "GIT_" + strings.ToUpper(role) + "_"
	first := func(values ...string) string {
		for _, value := range values {
			if clean := cleanIdentity(value); clean != "" {
				return clean
			}
		}
		return ""
	}
	i := identity{
		name:  first(getenv(prefix+"NAME"), settings.value(role+".name"), settings.value("user.name")),
		email: first(getenv(prefix+"EMAIL"), settings.value(role+".email"), settings.value("user.email"), getenv("EMAIL")),
		when:  when,
	}
	switch {
	case i.name == "":
		return i, &IdentityError{Role: role, Missing: "name"}
	case i.email == "":
		return i, &IdentityError{Role: role, Missing: "e-mail"}
	}
	if date := getenv(prefix + "DATE"); date != "" {
		parsed, err := parseDate(date)
		if err != nil {
			return i, fmt.Errorf("read %sDATE: %w", prefix, err)
		}
		i.when = parsed
	}
	return i, nil
}

// Author is who commits in this repository, as Git's variables and settings say, without a time. It returns an *IdentityError.
func (r *Repository) Author(getenv func(string) string) (Person, error) {
	settings, err := r.settings(getenv)
	if err != nil {
		return Person{}, err
	}
	who, err := identityOf("author", settings, getenv, time.Time{})
	return Person{Name: who.name, Email: who.email}, err
}

// Signable returns a *CommitError when the user's settings want commits signed, and they will not be.
func (r *Repository) Signable(getenv func(string) string, signs bool) error {
	settings, err := r.settings(getenv)
	if err != nil {
		return err
	}
	return signable(settings, signs)
}

// cleanIdentity removes what would break the line of a commit, and what Git trims.
func cleanIdentity(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '<' || r == '>' || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return strings.Trim(s, " .,:;\"\\'")
}

var errDate = errors.New("not a date like '1136239445 +0100' or '2006-01-02T15:04:05+01:00'")

// parseDate reads the dates that programs write: seconds with a zone, ISO 8601, RFC 2822.
func parseDate(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	seconds, zone, found := strings.Cut(strings.TrimPrefix(s, "@"), " ")
	if n, err := strconv.ParseInt(seconds, 10, 64); err == nil && len(seconds) > 4 {
		if !found {
			zone = "+0000"
		}
		offset, err := time.Parse("-0700", zone)
		if err != nil {
			return time.Time{}, errDate
		}
		return time.Unix(n, 0).In(offset.Location()), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05 -0700", "2006-01-02T15:04:05-0700", time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 -0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errDate
}
