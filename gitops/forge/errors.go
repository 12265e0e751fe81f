package forge

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrUnsupported says that a forge has no such thing: Azure DevOps has no issues like the others', Bitbucket no labels.
var ErrUnsupported = errors.New("this forge has no such thing")

// NotFoundError says that a repository, pull or issue is not there, or that the token may not see it: forges answer 404 to both.
type NotFoundError struct{ Forge, What string }

// Error names what was not found.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s: %s is not there, or the token may not see it", e.Forge, e.What)
}

// AuthError says that the forge did not accept the token, or that it may not do this. It never holds the token.
type AuthError struct {
	Forge, What string
	Status      int // 401 or 403
	Reason      string
}

// Error says what was asked and what the forge said.
func (e *AuthError) Error() string {
	return fmt.Sprintf("%s: %s: answered %d: %s", e.Forge, e.What, e.Status, e.Reason)
}

// LimitError says that the forge asks to wait, longer than was worth waiting for.
type LimitError struct {
	Forge string
	Until time.Time // zero: it did not say
}

// Error says until when.
func (e *LimitError) Error() string {
	if e.Until.IsZero() {
		return e.Forge + ": too many requests"
	}
	return fmt.Sprintf("%s: too many requests, again after %s", e.Forge, e.Until.UTC().Format(time.RFC3339))
}

// ConflictError says that the forge refused a change because of the state that it found: a pull that exists already, a head that
// moved, a branch that is protected, a merge that conflicts.
type ConflictError struct{ Forge, What, Reason string }

// Error says what was refused and why.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Forge, e.What, e.Reason)
}

// PeopleError says which people a forge did not know or could not ask.
type PeopleError struct {
	Forge string
	Names []string
}

// Error names them.
func (e *PeopleError) Error() string {
	return fmt.Sprintf("%s: cannot ask or assign %s", e.Forge, strings.Join(e.Names, ", "))
}
