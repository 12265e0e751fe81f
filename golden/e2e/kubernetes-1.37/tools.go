//go:build tools

// Package kubernetes137 pins the program that the end-to-end tests build.
package kubernetes137

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
)
