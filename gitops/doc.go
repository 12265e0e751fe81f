// Package gitops is one Git repository: it reads revisions without a checkout, finds what in the generated folders is not as the
// lock says, brings a set of files into the work tree all or nothing, and commits exactly those files from objects.
//
// It is the only user of go-git. It executes nothing: no hooks, no filters, no signing program, no git. It refuses to know what the
// files are for; paths in and out are relative to the root of the work tree and slash-separated.
package gitops
