package review

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// objectPair is one object with what it was and what it will be; one of the two may be nil.
type objectPair struct {
	base, head *document.Document
	result     Object
	attention  []Attention
	tables     Tables
	moved      bool // and otherwise the same
	respelled  bool // and means the same
}

// unchanged counts the objects that mean the same on both sides although their bytes are elsewhere or others.
type unchanged struct{ moved, respelled int }

// match pairs the objects of the two sides, first within their file and then, for those that moved, in their scope, and says for
// each pair what changed. What is the same on both sides is counted and left out.
func match(ctx context.Context, files []parsedPair, trees *input, opts Options) ([]objectPair, unchanged, error) {
	var pairs, gone, come []objectPair
	for _, file := range files {
		within := pairUp(documents(file.base), documents(file.head))
		for _, pair := range within {
			switch {
			case pair.head == nil:
				gone = append(gone, pair)
			case pair.base == nil:
				come = append(come, pair)
			default:
				pairs = append(pairs, pair)
			}
		}
	}
	pairs = append(pairs, moved(gone, come, opts)...)
	known, err := definitionsOf(ctx, pairs, files, trees)
	if err != nil {
		return nil, unchanged{}, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range pairs {
		group.Go(func() error {
			pairs[i].compare(opts.Ignore, known)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, unchanged{}, err
	}
	var same unchanged
	for _, pair := range pairs {
		switch {
		case pair.moved:
			same.moved++
		case pair.respelled:
			same.respelled++
		}
	}
	return slices.DeleteFunc(pairs, func(pair objectPair) bool { return pair.result.Change == "" }), same, nil
}

func documents(docs []document.Document) []*document.Document {
	list := make([]*document.Document, len(docs))
	for i := range docs {
		list[i] = &docs[i]
	}
	return list
}

// sameAs is what two versions of one object share: group, kind, namespace and name. A namespace that an object in none has, as some are
// published, says nothing.
func sameAs(object finding.Object) string {
	group := object.Group()
	if slices.Contains(clusterWide, group) || slices.Contains(clusterWide, group+"/"+object.Kind) {
		object.Namespace = ""
	}
	return object.Key()
}

// clusterWide are the kinds of Kubernetes, and groups of nothing else, whose objects are in no namespace (kubernetes 1.35,
// "kubectl api-resources --namespaced=false").
var clusterWide = []string{
	"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "flowcontrol.apiserver.k8s.io", "node.k8s.io", "scheduling.k8s.io",
	"/Namespace", "/Node", "/PersistentVolume", "certificates.k8s.io/CertificateSigningRequest", "certificates.k8s.io/ClusterTrustBundle",
	"networking.k8s.io/IngressClass", "networking.k8s.io/IPAddress", "networking.k8s.io/ServiceCIDR", "policy/PodSecurityPolicy",
	"rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding", "resource.k8s.io/DeviceClass", "resource.k8s.io/ResourceSlice",
	"storage.k8s.io/CSIDriver", "storage.k8s.io/CSINode", "storage.k8s.io/StorageClass", "storage.k8s.io/VolumeAttachment", "storage.k8s.io/VolumeAttributesClass",
}

// pairUp joins documents of one identity in order; a document without a partner stands alone.
func pairUp(base, head []*document.Document) []objectPair {
	waiting := map[string][]*document.Document{}
	for _, doc := range head {
		key := sameAs(doc.Object())
		waiting[key] = append(waiting[key], doc)
	}
	var pairs []objectPair
	partnered := map[*document.Document]bool{}
	for _, doc := range base {
		key := sameAs(doc.Object())
		pair := objectPair{base: doc}
		if partners := waiting[key]; len(partners) > 0 {
			pair.head, waiting[key] = partners[0], partners[1:]
			partnered[pair.head] = true
		}
		pairs = append(pairs, pair)
	}
	for _, doc := range head {
		if !partnered[doc] {
			pairs = append(pairs, objectPair{head: doc})
		}
	}
	return pairs
}

// moved joins an object that left a file with the same object in another file of its scope, the nearest one if there are several.
func moved(gone, come []objectPair, opts Options) []objectPair {
	identity := func(doc *document.Document) string { return opts.Scope(doc.File) + "\x00" + sameAs(doc.Object()) }
	arrivals := map[string][]int{}
	for i, pair := range come {
		arrivals[identity(pair.head)] = append(arrivals[identity(pair.head)], i)
	}
	for i := range gone {
		key := identity(gone[i].base)
		candidates := arrivals[key]
		if len(candidates) == 0 {
			continue
		}
		nearest := slices.MaxFunc(candidates, func(a, b int) int {
			return shared(come[a].head.File, gone[i].base.File) - shared(come[b].head.File, gone[i].base.File)
		})
		gone[i].head, come[nearest].head = come[nearest].head, nil
		arrivals[key] = slices.DeleteFunc(candidates, func(c int) bool { return c == nearest })
	}
	come = slices.DeleteFunc(come, func(pair objectPair) bool { return pair.head == nil })
	return append(gone, come...)
}

// shared counts the folders at the start of two paths that are the same.
func shared(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(as)-1 && n < len(bs)-1 && as[n] == bs[n] {
		n++
	}
	return n
}

// compare says what became of the object.
func (p *objectPair) compare(rules []Ignore, known definitions) {
	doc, what := p.head, Changed
	switch {
	case p.head == nil:
		doc, what = p.base, Removed
	case p.base == nil:
		what = Added
	case p.base.Raw != nil && bytes.Equal(p.base.Raw, p.head.Raw):
		p.moved = p.base.File != p.head.File
		return
	}
	p.result = Object{Object: doc.Object(), File: doc.File}
	p.result.Hunks = hunks(p.base, p.head, known)
	if len(p.result.Hunks) == 0 {
		p.moved, p.respelled = p.base.File != p.head.File, true
		return
	}
	p.result.ignore(rules)
	if what == Changed && p.base.File != p.head.File {
		p.result.OldFile = p.base.File
	}
	if what == Changed && !slices.ContainsFunc(p.result.Hunks, func(h Hunk) bool { return h.Fact != FactLabel && h.Fact != FactIgnored }) {
		what = MetadataOnly
	}
	p.result.Change = what
	seen := change{base: p.base, head: p.head}
	seen.attend()
	p.attention, p.tables = seen.found, seen.tables
}
