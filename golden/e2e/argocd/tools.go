//go:build tools

// Package argocd pins the program that the end-to-end tests build.
package argocd

import (
	_ "github.com/argoproj/argo-cd/v3/cmd"
)
