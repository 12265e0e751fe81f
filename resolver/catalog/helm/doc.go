// Package helm reads chart repositories: an index.yaml with entries on a web server or in a folder, or charts in an OCI registry.
//
// It knows how a repository lists charts and where their archives are, and shows a repository as a registry in which every chart is a
// package. It refuses to know what is in an archive, and how bytes come over the network.
package helm
