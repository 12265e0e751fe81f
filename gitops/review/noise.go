package review

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/finding"
)

// noise is the fact that a hunk is folded into, empty when it has to be shown. It goes by the place of the field alone, so that the
// labels of a pod template, whose change restarts pods, and whatever is inside of a selector are never taken for noise.
func noise(path fieldPath, old, new *yaml.Node) string {
	switch {
	case toolMetadata(path):
		return FactLabel
	case old != nil && new != nil && checksum(path):
		return FactChecksum
	case old != nil && new != nil && certificate(path, old, new):
		return FactCertificate
	}
	return ""
}

// toolMetadata reports whether a field is written by tools and read by nobody: labels and annotations of the object itself.
func toolMetadata(path fieldPath) bool {
	if len(path) != 3 || path[0].key != "metadata" {
		return false
	}
	switch path[1].key {
	case "labels":
		return slices.Contains([]string{"app.kubernetes.io/managed-by", "app.kubernetes.io/version", "chart", "helm.sh/chart", "heritage"}, path[2].key)
	case "annotations":
		return checksumKey(path[2].key) || slices.Contains([]string{"controller-gen.kubebuilder.io/version", "meta.helm.sh/release-name",
			"meta.helm.sh/release-namespace"}, path[2].key)
	}
	return false
}

func checksumKey(key string) bool {
	return strings.HasPrefix(key, "checksum/") || strings.HasPrefix(key, "checksum-") || strings.HasSuffix(key, "/checksum") || strings.HasSuffix(key, "-checksum")
}

// certificate reports whether a field holds certificates before and after.
func certificate(path fieldPath, old, new *yaml.Node) bool {
	if old.Kind != yaml.ScalarNode || new.Kind != yaml.ScalarNode {
		return false
	}
	if len(path) > 0 && path[len(path)-1].key == "caBundle" && old.Value != "" && new.Value != "" {
		return true
	}
	return pem(old.Value) && pem(new.Value)
}

// pem reports whether a text is nothing but certificates.
func pem(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----") && strings.HasSuffix(text, "-----END CERTIFICATE-----") &&
		strings.Count(text, "-----BEGIN ") == strings.Count(text, "-----BEGIN CERTIFICATE-----")
}

// Ignore is a rule of the user: fields that are folded and counted instead of shown. Attention and risk are not touched by it.
type Ignore struct {
	Path      string // as Hunk.Path has it, and everything below; "*" stands for one step, "[*]" for any item; empty is the whole object
	Kind      string // Kind or Kind.group; empty is any
	Namespace string // empty is any
	Name      string // empty is any
	Reason    string
	Where     string // of the rule, "gkops.yaml:12"
}

// covers reports whether the rule is about a field of an object.
func (i Ignore) covers(object finding.Object, path fieldPath) bool {
	kind, group, grouped := strings.Cut(i.Kind, ".")
	switch {
	case i.Kind != "" && kind != object.Kind, grouped && group != object.Group():
		return false
	case i.Namespace != "" && i.Namespace != object.Namespace, i.Name != "" && i.Name != object.Name:
		return false
	}
	pattern := steps(i.Path)
	if len(pattern) > len(path) {
		return false
	}
	for n, step := range pattern {
		own := path[n : n+1].String()
		if step != own && step != "*" && (step != "[*]" || !path[n].item) {
			return false
		}
	}
	return true
}

// steps splits a path as people write it: spec.containers[name=web].args[1] has five steps.
func steps(path string) []string {
	var found []string
	start, quoted, depth := 0, false, 0
	cut := func(end int) {
		if end > start {
			found = append(found, path[start:end])
		}
	}
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			if depth == 0 {
				cut(i)
				start = i
			}
			depth++
		case c == ']':
			if depth--; depth == 0 {
				cut(i + 1)
				start = i + 1
			}
		case c == '.' && depth == 0:
			cut(i)
			start = i + 1
		}
	}
	cut(len(path))
	return found
}

// ignore folds the hunks that a rule of the user is about.
func (o *Object) ignore(rules []Ignore) {
	for i := range o.Hunks {
		h := &o.Hunks[i]
		n := slices.IndexFunc(rules, func(rule Ignore) bool { return rule.covers(o.Object, h.path) })
		if n >= 0 && !h.Noise {
			h.Noise, h.Fact, h.ignored = true, FactIgnored, n
		}
	}
}

// foldsOf are counted facts in a fixed order.
func foldsOf(counts map[Fold]int) []Fold {
	folds := []Fold{}
	for fold, n := range counts {
		if n > 0 {
			fold.Count = n
			folds = append(folds, fold)
		}
	}
	order := []string{FactLabel, FactChecksum, FactCertificate, FactIgnored, FactAccepted, FactMoved, FactRespelled}
	slices.SortFunc(folds, func(a, b Fold) int {
		return cmp.Or(slices.Index(order, a.Fact)-slices.Index(order, b.Fact), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Reason, b.Reason))
	})
	return folds
}
