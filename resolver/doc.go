// Package resolver decides which versions of which packages a cluster gets, and says why, or why not.
//
// It is mathematics over the answers of a Catalog: conflict-driven search in the manner of PubGrub, a stated order of
// preference, and derivations that become explanations. It refuses to know where packages come from, what is in them, what
// a Kubernetes object is, and what time it is.
package resolver
