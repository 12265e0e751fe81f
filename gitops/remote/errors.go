package remote

import (
	"fmt"
	"time"
)

// LeaseError says that a branch is not where the caller saw it. Nothing was changed. Now is empty when the branch is not there.
type LeaseError struct{ Branch, Want, Now string }

// Error says what was found.
func (e *LeaseError) Error() string {
	return fmt.Sprintf("branch %s is at %s, not at %s: somebody else moved it", e.Branch, orNothing(e.Now), orNothing(e.Want))
}

func orNothing(id string) string {
	if id == "" {
		return "nothing"
	}
	return id
}

// AuthError says that the server did not accept the credentials, or asks for some.
type AuthError struct {
	Remote string
	Status int    // 401 or 403; zero over ssh
	Reason string // in the server's words
}

// Error says what the server said.
func (e *AuthError) Error() string {
	return e.Remote + " refuses access" + status(e.Status) + because(e.Reason)
}

// Hint says where credentials come from.
func (e *AuthError) Hint() string {
	return "see docs/forges.md for where tokens and keys are looked for"
}

// NotFoundError says that there is no repository, or that the credentials may not see it: forges answer the same to both.
type NotFoundError struct{ Remote, Reason string }

// Error names the repository.
func (e *NotFoundError) Error() string {
	return "repository " + e.Remote + " is not there, or the credentials may not see it" + because(e.Reason)
}

// ProtectedError says that the server does not let the branch be moved: a rule, a required signature, a hook.
type ProtectedError struct{ Remote, Branch, Reason string }

// Error is what the server said.
func (e *ProtectedError) Error() string {
	return fmt.Sprintf("%s does not let branch %s be pushed%s", e.Remote, e.Branch, because(e.Reason))
}

// SizeError says that the server takes no push of that size.
type SizeError struct {
	Remote string
	Bytes  int64 // of the pack that was sent
	Reason string
}

// Error is what the server said.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s takes no push of %d bytes%s", e.Remote, e.Bytes, because(e.Reason))
}

// TimeoutError says that a server was too slow: nothing at all, or less than a kilobyte a second.
type TimeoutError struct {
	Remote string
	After  time.Duration
	Slow   bool // it sent something, but too little
}

// Error says how long was waited.
func (e *TimeoutError) Error() string {
	if e.Slow {
		return fmt.Sprintf("%s sends too slowly, given up after %s", e.Remote, e.After)
	}
	return fmt.Sprintf("%s took longer than %s", e.Remote, e.After)
}

// StatusError is an answer of an http server that means none of the others.
type StatusError struct {
	Remote string
	Status int
	Reason string // the first line of what it sent
}

// Error says what the server said.
func (e *StatusError) Error() string {
	return e.Remote + " answered" + status(e.Status) + because(e.Reason)
}

func status(code int) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d)", code)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
