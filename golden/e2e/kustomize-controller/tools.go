//go:build tools

// Package kustomizecontroller pins the program that the end-to-end tests build.
package kustomizecontroller

import (
	_ "github.com/fluxcd/kustomize-controller"
)
