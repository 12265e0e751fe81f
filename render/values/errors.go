package values

import (
	"fmt"
	"strings"
)

// Error says that one value cannot be what the user set.
type Error struct {
	Value  string // its name
	Reason string
	Hint   string // what to do, may be empty
}

// Error is one line.
func (e *Error) Error() string { return fmt.Sprintf("value %s: %s", e.Value, e.Reason) }

// Missing is a required value that is not set.
type Missing struct{ Name, Description string }

// MissingError says which required values are not set.
type MissingError struct{ Values []Missing }

// Error is one line with every missing value and what it is for.
func (e *MissingError) Error() string {
	names := make([]string, 0, len(e.Values))
	for _, m := range e.Values {
		name := m.Name
		if m.Description != "" {
			name += " (" + m.Description + ")"
		}
		names = append(names, name)
	}
	return "required values are not set: " + strings.Join(names, ", ")
}
