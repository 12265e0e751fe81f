package catalog

import (
	"context"
	"errors"
)

// MaxFileSize is the most bytes that a Source reads as one file.
const MaxFileSize = 64 << 20

var (
	// ErrNotFound says that a thing is certainly not there: a missing file, a 404. A source that could not look never says it.
	ErrNotFound = errors.New("not found")
	// ErrUnreachable says that a place could not be asked: no connection, a time-out, a server that is overloaded. A copy
	// from an earlier time may stand in for it.
	ErrUnreachable = errors.New("unreachable")
	// ErrRefused says that a server keeps a file from whoever asks: a 403. Stores that list nothing say it of what is not there.
	ErrRefused = errors.New("refused")
	// ErrNoCopy says that no mirror has a copy of a file and that nothing else may be read.
	ErrNoCopy = errors.New("no mirror has a copy")
	// ErrNoList says that a registry does not say which packages it has; a package that is named can be looked for all the same.
	ErrNoList = errors.New("the registry lists nothing")
	// ErrUnchanged says that what the caller holds is still good, see Validator.
	ErrUnchanged = errors.New("unchanged")
)

// Source reads files by URL (file, http, https). Mirror, cache, limit and pins are decorators over it.
// Read returns the exact bytes, at most MaxFileSize; an error for which errors.Is(err, ErrNotFound) when the thing is certainly
// not there. Errors name the file. It is safe for use by several goroutines.
type Source interface {
	Read(ctx context.Context, url string) ([]byte, error)
}

// Validator is what an HTTP server said of a version of a file, to ask later whether it is still that one.
type Validator struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
}

// File is a source file and the name of its bytes.
type File struct {
	// Name is the same on every machine: the path from the registry's root ("keptn/v2.0.0+1/keptn.yaml") for a file of the
	// registry, else the URL as the package wrote it.
	Name   string
	URL    string // where it was read, before any mirror
	Data   []byte
	Digest Digest
}

// Release is one version of a package in one registry.
type Release struct {
	Registry string
	Package  string
	Version  Version
	Manifest *Manifest
	File     File // the package.yaml
}
