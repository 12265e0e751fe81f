// Package lock is gkops.lock: what was chosen for one cluster and why, with the digest of every byte that went in and of every
// file that came out.
//
// It works on bytes. It refuses to know where the file lives and how anything in it was found; it keeps the file canonical, so that
// the same choice is the same bytes, one instance is one block, and a merge that went wrong is noticed.
package lock
