//go:build tools

// Package kubernetes130 pins the program that the end-to-end tests build.
package kubernetes130

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
)
