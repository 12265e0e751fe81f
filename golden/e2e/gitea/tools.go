//go:build tools

// Package gitea pins the Gitea that the end-to-end tests build.
package gitea

import _ "code.gitea.io/gitea"
