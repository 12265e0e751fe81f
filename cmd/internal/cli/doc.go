// Package cli is the command line of gkops: flags, text, exit status.
//
// It is the only package that knows cobra, the terminal and the process (arguments, environment, standard streams, signals).
// It refuses to know how anything is done: each command parses into an options struct and calls cmd/internal/pipeline.
package cli
