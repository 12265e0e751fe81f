package location

import "fmt"

// UnsupportedError says that registries in a kind of place cannot be read yet.
type UnsupportedError struct{ Kind string }

// Error names the kind of place.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("registries in %s are not supported yet", e.Kind)
}

// Hint says what to do about it.
func (e *UnsupportedError) Hint() string {
	return "use a copy of it in a folder or on a web server"
}

// UnknownTypeError says that there is no registry at a location.
type UnknownTypeError struct{ Location, Reason string }

// Error is the location, without what is secret in it, and the reason.
func (e *UnknownTypeError) Error() string {
	return shown(e.Location) + " " + e.Reason
}

// Hint says what to do about it.
func (e *UnknownTypeError) Hint() string {
	return "a registry has an index.yaml that lists packages"
}
