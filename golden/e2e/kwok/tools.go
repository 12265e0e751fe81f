//go:build tools

// Package kwok pins the program that the end-to-end tests build.
package kwok

import (
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
