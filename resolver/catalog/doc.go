// Package catalog is the language that everything before the render speaks: packages, versions, ranges, requirements,
// and what a registry says of them. It parses and validates, and reads a registry's files through a Source.
//
// It is the only package that knows how versions compare. It refuses to know where a registry lives (the folders below it do;
// location puts them together), how a set of versions is chosen (resolver does), and what a manifest's objects are (render does).
package catalog
