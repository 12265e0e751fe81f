package oci

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"gkops.dev/gkops/resolver/catalog"
)

// Error says what went wrong with an address.
type Error struct {
	URL    string
	Status int // of the registry's answer, 0 when there was none
	Err    error
}

// Error names the address.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s: the registry says %d %s", catalog.Redact(e.URL), e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("%s: %v", catalog.Redact(e.URL), e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes the error a catalog.ErrNotFound, or a catalog.ErrUnreachable.
func (e *Error) Is(target error) bool {
	switch target {
	case catalog.ErrNotFound:
		return e.Status == http.StatusNotFound || errors.Is(e.Err, errdef.ErrNotFound)
	case catalog.ErrUnreachable:
		var network net.Error
		return e.Status == http.StatusTooManyRequests || e.Status >= 500 || e.Status == 0 && errors.As(e.Err, &network)
	}
	return false
}

// Hint says what to do.
func (e *Error) Hint() string {
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		return "log in with 'docker login' or 'oras login'; gkops reads names and passwords of the registry's own host and port from there, and runs no credential helper"
	}
	return ""
}

// wrap makes an *Error, unless nothing went wrong. The text of an error of net/http has the address with its query, so it is unwrapped.
func wrap(address string, err error) error {
	if errors.Is(err, catalog.ErrUnchanged) || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{URL: address, Err: err}
	var response *errcode.ErrorResponse
	if errors.As(err, &response) {
		e.Status = response.StatusCode
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		e.Err = inner.Err
	}
	return e
}
