package render

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"gkops.dev/gkops/compat/finding"
)

// The longest names that the API server takes, in bytes: of any object (a DNS subdomain), and of a Namespace (a DNS label).
const (
	maxObjectName    = 253
	maxNamespaceName = 63
)

var namespaceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// refusedName says why no API server takes an object's name or namespace, or nothing when one may. Kinds have rules of their own
// beyond these; here are those that hold for every kind (k8s.io/apimachinery, ValidatePathSegmentName), and what no name needs.
func refusedName(id finding.Object) string {
	name := id.Name
	switch {
	case name == "." || name == ".." || strings.ContainsAny(name, "/%"):
		return fmt.Sprintf("the name %q cannot be part of a path", name)
	case len(name) > maxObjectName:
		return fmt.Sprintf("the name has %d bytes, more than %d", len(name), maxObjectName)
	case strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || unicode.IsSpace(r) }):
		return fmt.Sprintf("the name %q has a character that no name may have", name)
	}
	namespace := id.Namespace
	if id.Kind == "Namespace" && id.Group() == "" {
		namespace = name
	}
	if namespace != "" && (len(namespace) > maxNamespaceName || !namespaceName.MatchString(namespace)) {
		return fmt.Sprintf("the namespace %q is no DNS label", namespace)
	}
	return ""
}
