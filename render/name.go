package render

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// maxName is the longest file name that gkops writes, in bytes: every file system in use takes 255.
const maxName = 200

// hashLength is how many hexadecimal digits of a digest make a name unique.
const hashLength = 8

// plainName is the name of an object's file without regard to others: "<kind>[.<group>]_[<namespace>_]<name>.yaml" in lower case. A
// name that some file system could not hold, or would take for another, gets a hash of the object's identity.
func plainName(id finding.Object) string {
	joined := joinedName(id)
	if safe := safeName(joined); safe == joined && len(safe)+len(".yaml") <= maxName {
		return strings.ToLower(safe) + ".yaml"
	}
	return hashedName(id)
}

// hashedName is plainName with a hash of the identity in it.
func hashedName(id finding.Object) string {
	name := strings.ToLower(safeName(joinedName(id)))
	if limit := maxName - hashLength - len("-.yaml"); len(name) > limit {
		name = name[:limit]
	}
	return name + "-" + shortHash(id.Key()) + ".yaml"
}

func joinedName(id finding.Object) string {
	name := id.Kind
	if group := id.Group(); group != "" {
		name += "." + group
	}
	if id.Namespace != "" {
		name += "_" + id.Namespace
	}
	return name + "_" + id.Name
}

// safeName keeps what every file system, git and kustomize take in a name.
func safeName(name string) string {
	return strings.ReplaceAll(strings.Map(safeRune, name), "..", "--")
}

// safeRune keeps what every file system takes in a name and Kubernetes has in names.
func safeRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
		return r
	}
	return '-'
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:hashLength]
}

// nameFiles names the files of an instance's objects. Two objects whose names are the same without regard to case both get a hash,
// so that neither name depends on the order.
func (b *build) nameFiles() {
	taken := map[string][]*object{}
	for _, o := range b.objects {
		o.file = plainName(o.id)
		taken[o.file] = append(taken[o.file], o)
	}
	for _, twins := range taken {
		if len(twins) < 2 {
			continue
		}
		for _, o := range twins {
			o.file = hashedName(o.id)
		}
	}
	slices.SortFunc(b.objects, func(x, y *object) int { return strings.Compare(x.file, y.file) })
}

// shorten makes a name fit into the limit of a Kubernetes name or label: what does not fit is replaced by a hash.
func shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	return strings.TrimRight(name[:limit-hashLength-1], "-.") + "-" + shortHash(name)
}
