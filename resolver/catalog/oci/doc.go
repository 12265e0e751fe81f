// Package oci reads charts from OCI registries.
//
// It knows the distribution protocol, through oras, and the media types of charts; that what it hands out has the digest that the
// manifest gives; and that a credential goes to the host and port that it is for, and nowhere else. It refuses to know what a chart is.
package oci
