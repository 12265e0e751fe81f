package render

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// privateKey matches the first line of a private key in PEM.
var privateKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----`)

// inspect says what people should know of objects that are rendered as they are.
func (b *build) inspect() {
	for _, o := range b.objects {
		if o.is("", "Secret") {
			b.inspectSecret(o)
		}
		if o.is("", "ConfigMap") && o.mentions("PRIVATE KEY-----") && holdsPrivateKey(o) {
			b.say(o, "private-key", finding.Warning, "a ConfigMap of package %s holds a private key that everybody who reads its source knows", b.Package)
		}
		if o.mentions("helm.sh/hook") {
			if hook := o.sourceAnnotation("helm.sh/hook"); hook != "" {
				b.say(o, "helm-hook", finding.Warning,
					"the manifest has the Helm hook %s: Flux applies it as a plain object, Argo CD takes it as a hook of its own", hook)
			}
		}
	}
}

// inspectSecret reports a Secret that upstream publishes with data: it is no secret.
func (b *build) inspectSecret(o *object) {
	for _, field := range []string{"data", "stringData"} {
		node := document.Lookup(o.doc.Root(), field)
		if node == nil || node.Kind != yaml.MappingNode {
			continue
		}
		var keys []string
		for i := 0; i+1 < len(node.Content); i += 2 {
			if scalar(node.Content[i+1]) != "" {
				keys = append(keys, node.Content[i].Value)
			}
		}
		if keys != nil && o.charted {
			b.say(o, "secret-with-data", finding.Warning, "the chart writes Secret %s with data (%s), and Git holds it in clear", o.id.Name, strings.Join(keys, ", "))
			return
		}
		if keys != nil {
			b.say(o, "secret-with-data", finding.Warning, "package %s publishes a Secret with data (%s): everybody who reads its source knows it", b.Package, strings.Join(keys, ", "))
			return
		}
	}
}

func holdsPrivateKey(o *object) bool {
	for _, field := range []string{"data", "binaryData"} {
		node := document.Lookup(o.doc.Root(), field)
		if node == nil {
			continue
		}
		for _, value := range node.Content {
			if privateKey.MatchString(value.Value) {
				return true
			}
		}
	}
	return false
}
