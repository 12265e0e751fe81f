// Command gkops is a package manager for Kubernetes that writes Git and never touches a cluster.
package main

import (
	"os"

	"gkops.dev/gkops/cmd/internal/cli"
)

func main() { os.Exit(cli.Main()) }
