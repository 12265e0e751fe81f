// Package remote speaks to the servers that Git repositories live on: it lists their branches, brings commits into a bare store on
// disk as shallow as they are asked for, and moves one branch at a time, only from where the caller saw it.
//
// It knows Git's protocol over https and ssh, and repositories in folders. It refuses to know what is in the commits, keeps no
// credentials, runs no program and no hook, and never retries a push: after an error it looks whether the push arrived.
package remote
