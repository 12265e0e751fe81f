package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// checkSecret refuses a literal that would put a secret into Git in clear: one whose definition writes into a Secret, or whose name
// says what it is. The error is a *SecretError.
func (b *build) checkSecret(name string, def catalog.ValueDefinition, value values.Value) error {
	if value.Reference != nil || value.String() == "" || value.Type == catalog.BooleanValue {
		return nil
	}
	reason := ""
	switch {
	case slices.ContainsFunc(def.Targets, targetsSecret):
		reason = "it goes into a Secret, and Git would hold it in clear"
	case value.Type != catalog.NumberValue && namesSecret(name):
		reason = "its name says that it is a secret, and Git would hold it in clear"
	default:
		return nil
	}
	return &SecretError{Instance: b.Name, Value: name, Reason: reason, Hint: secretHint(name)}
}

func secretHint(name string) string {
	return fmt.Sprintf("keep it in a Secret of the cluster and set --set-from %s=secret:NAMESPACE/NAME/KEY, or leave it unset and patch the object that needs it", name)
}

func targetsSecret(t catalog.Target) bool {
	return t.Resource != nil && t.Resource.Kind == "Secret" && t.Resource.APIGroup == "v1"
}

// secretWords are what names of secrets are made of, each a run of words.
func secretWords() []string {
	return []string{
		"password", "passwd", "passphrase", "secret", "token", "credential", "credentials", "apikey", "access key", "accesskey",
		"private key", "privatekey", "signing key", "encryption key",
	}
}

// harmless reports whether a last word says that the name speaks about a secret and is none.
func harmless(word string) bool {
	switch word {
	case "name", "ref", "reference", "namespace", "ttl", "expiry", "expiration", "seconds", "enabled", "length", "path", "file",
		"url", "class", "type", "mode", "issuer", "audience", "id":
		return true
	}
	return false
}

// namesSecret reports whether a value's name says that it holds a secret: smtpPassword, OAUTH_CLIENT_SECRET, keyForOpenaiApi; but
// not existingSecret or tokenTTL.
func namesSecret(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 || words[0] == "existing" || harmless(words[len(words)-1]) {
		return false
	}
	if slices.Contains(words, "key") && slices.Contains(words, "api") {
		return true
	}
	spaced := " " + strings.Join(words, " ") + " "
	return slices.ContainsFunc(secretWords(), func(w string) bool { return strings.Contains(spaced, " "+w+" ") })
}

// wordsOf splits camelCase, snake_case and kebab-case into lower-case words; SMTPPassword is smtp, password.
func wordsOf(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0:
			endsAcronym := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if !unicode.IsUpper(runes[i-1]) || endsAcronym {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return words
}

// envValue matches the pointer to the value of an environment variable, envEntry the one to a whole variable.
var (
	envValue = regexp.MustCompile(`^(.*/env/[0-9]+)/value$`)
	envEntry = regexp.MustCompile(`^.*/env/([0-9]+|-)$`)
)

// setReference writes a reference to a Secret's key where the object has a place for one: an environment variable.
func (b *build) setReference(name string, value values.Value, target catalog.Target, matched []*object) error {
	for _, o := range matched {
		if err := b.checkReferenceNamespace(name, *value.Reference, o); err != nil {
			return err
		}
	}
	shape := probe(name, target.ValueTemplate)
	if match := envValue.FindStringSubmatch(target.Patch.Path); match != nil && isProbe(shape) {
		return b.referVariable(name, *value.Reference, target, match[1], matched)
	}
	if envEntry.MatchString(target.Patch.Path) && isProbe(document.Lookup(shape, "value")) {
		removeKey(shape, "value")
		shape.Content = append(shape.Content, document.String("valueFrom"), secretKeyRef(*value.Reference))
		return b.patch(name, target, matched, shape)
	}
	return &SecretError{
		Instance: b.Name, Value: name,
		Reason: fmt.Sprintf("a reference cannot be written to %s of %s %s: only environment variables of containers take one", target.Patch.Path, target.Resource.Kind, target.Resource.Name),
		Hint:   "let an operator fill the Secret (External Secrets, Sealed Secrets, SOPS), or patch the object so that it reads the Secret itself",
	}
}

// referVariable lets environment variables that exist take their value from a Secret.
func (b *build) referVariable(name string, ref values.Reference, target catalog.Target, pointer string, matched []*object) error {
	for _, o := range matched {
		entry := document.Lookup(o.doc.Root(), strings.Split(strings.TrimPrefix(pointer, "/"), "/")...)
		if entry == nil || entry.Kind != yaml.MappingNode {
			return b.targetError(name, *target.Resource, target.Patch.Path, o.place, "there is no such environment variable", nil)
		}
		removeKey(entry, "value")
		removeKey(entry, "valueFrom")
		entry.Content = append(entry.Content, document.String("valueFrom"), secretKeyRef(ref))
		if err := o.repeat(); err != nil {
			return err
		}
	}
	return nil
}

// probeText stands for a value that gkops does not know.
const probeText = "gkops-probe"

// probe is what a template makes of an unknown text, nil when it cannot be run.
func probe(name, template string) *yaml.Node {
	node, err := values.ExpandText(name, template, probeText)
	if err != nil {
		return nil
	}
	return node
}

func isProbe(node *yaml.Node) bool { return scalar(node) == probeText }

// checkReferenceNamespace refuses a Secret of another namespace: a container reads only those of its own.
func (b *build) checkReferenceNamespace(name string, ref values.Reference, o *object) error {
	own := b.destination(o)
	if ref.Namespace == own {
		return nil
	}
	return &SecretError{
		Instance: b.Name, Value: name,
		Reason: fmt.Sprintf("%s is in namespace %s, and %s %s reads Secrets of its own namespace %s only", ref, ref.Namespace, o.id.Kind, o.id.Name, own),
		Hint:   fmt.Sprintf("keep the Secret in namespace %s", own),
	}
}

func removeKey(mapping *yaml.Node, key string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
			return
		}
	}
}

func secretKeyRef(ref values.Reference) *yaml.Node {
	return mapping("secretKeyRef", mapping("name", document.String(ref.Name), "key", document.String(ref.Key)))
}

// mapping makes a node of keys and values in turn.
func mapping(entries ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i < len(entries); i += 2 {
		node.Content = append(node.Content, document.String(entries[i].(string)), entries[i+1].(*yaml.Node))
	}
	return node
}
