//go:build tools

// Package etcd pins the etcd that the end-to-end tests build.
package etcd

import _ "go.etcd.io/etcd/server/v3"
