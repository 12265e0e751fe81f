package lock

import "errors"

// Parse reads a lock strictly. file names it in errors.
func Parse(file string, data []byte) (*Lock, error) {
	return nil, errors.New("parse lock: not there yet")
}
