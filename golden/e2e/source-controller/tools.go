//go:build tools

// Package sourcecontroller pins the program that the end-to-end tests build.
package sourcecontroller

import (
	_ "github.com/fluxcd/source-controller"
)
