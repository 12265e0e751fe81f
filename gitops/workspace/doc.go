// Package workspace is gkops.yaml: what a person asks for. It parses the file strictly, with the line of whatever is wrong, says what
// one cluster asks for, and edits the file as a person would: an edit changes the lines of the edited item and no others.
//
// It works on bytes. It refuses to know where the file lives, what a registry offers, and what was chosen (the lock does).
package workspace
