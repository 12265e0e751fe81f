//go:build tools

// Package helmcontroller pins the program that the end-to-end tests build.
package helmcontroller

import (
	_ "github.com/fluxcd/helm-controller"
)
