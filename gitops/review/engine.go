package review

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/document"
)

// engines calls objects of Flux and Argo CD to attention that leave while what they apply stays in Git, or lies elsewhere: the engine
// then deletes all of it, and nothing else in the review says so. What leaves Git together with them is told object by object.
func (r *Report) engines(pairs []parsedPair, trees *input) {
	gone := map[string]bool{}
	for _, o := range r.Objects {
		if o.Change == Removed {
			gone[o.Key()] = true
		}
	}
	for _, pair := range pairs {
		for i := range pair.base {
			doc := &pair.base[i]
			object := doc.Object()
			if !gone[Object{File: doc.File, Object: object}.Key()] || !prunes(doc) {
				continue
			}
			folder, elsewhere := applied(doc)
			what := folder + ", which is still in Git"
			switch {
			case elsewhere:
				what = "what it takes from elsewhere"
			case !trees.head.has(folder):
				continue
			}
			r.Attention = append(r.Attention, Attention{Rule: ruleDataLoss, Risk: High, Object: object, File: doc.File, Line: doc.Line,
				Message: title(object) + " leaves Git: the engine deletes everything that it applied of " + what})
		}
	}
}

// turned calls objects of engines to attention that apply something else than before: what only the old place has is deleted.
func (r *Report) turned(matched []objectPair) {
	for _, pair := range matched {
		if pair.base == nil || pair.head == nil || !collects(pair.head) {
			continue
		}
		was, now := appliedBy(pair.base), appliedBy(pair.head)
		if was == now {
			continue
		}
		object := pair.head.Object()
		r.Attention = append(r.Attention, Attention{Rule: ruleDataLoss, Risk: High, Object: object, File: pair.head.File, Line: pair.head.Line,
			Message: title(object) + " applies " + now + " instead of " + was + ": the engine deletes what only that has"})
	}
}

// collects reports whether an engine deletes what an object of its applied and applies no more.
func collects(doc *document.Document) bool {
	switch kindOf(doc.Object()) {
	case "kustomize.toolkit.fluxcd.io/Kustomization":
		return isTrue(doc.Root(), "spec", "prune")
	case "helm.toolkit.fluxcd.io/HelmRelease":
		return true
	case "argoproj.io/Application":
		return isTrue(doc.Root(), "spec", "syncPolicy", "automated", "prune")
	}
	return false
}

// appliedBy says what an object of an engine applies, as far as another one means that what was applied goes.
func appliedBy(doc *document.Document) string {
	root := doc.Root()
	switch kindOf(doc.Object()) {
	case "kustomize.toolkit.fluxcd.io/Kustomization":
		from := scalarOf(root, "spec", "sourceRef", "kind") + " " + scalarOf(root, "spec", "sourceRef", "name")
		return path.Clean(strings.TrimPrefix(scalarOf(root, "spec", "path"), "/")) + " of " + from
	case "helm.toolkit.fluxcd.io/HelmRelease":
		namespace := cmp.Or(scalarOf(root, "spec", "targetNamespace"), doc.Object().Namespace)
		return "release " + namespace + "/" + cmp.Or(scalarOf(root, "spec", "releaseName"), doc.Object().Name)
	case "argoproj.io/Application":
		return cmp.Or(scalarOf(root, "spec", "source", "path"), "chart "+scalarOf(root, "spec", "source", "chart")) + " of " + scalarOf(root, "spec", "source", "repoURL")
	}
	return ""
}

// prunes reports whether all that an object of an engine applied is deleted with it.
func prunes(doc *document.Document) bool {
	switch object := doc.Object(); kindOf(object) {
	case "kustomize.toolkit.fluxcd.io/Kustomization":
		policy := scalarOf(doc.Root(), "spec", "deletionPolicy")
		return policy == "Delete" || policy != "Orphan" && isTrue(doc.Root(), "spec", "prune")
	case "helm.toolkit.fluxcd.io/HelmRelease":
		return true
	case "argoproj.io/Application":
		return slices.ContainsFunc(texts(document.Lookup(doc.Root(), "metadata"), "finalizers"), func(name string) bool {
			return strings.HasPrefix(name, "resources-finalizer.argocd.argoproj.io")
		})
	case "argoproj.io/ApplicationSet":
		return !isTrue(doc.Root(), "spec", "syncPolicy", "preserveResourcesOnDeletion")
	}
	return false
}

// applied is the folder that an object of an engine applies, and whether it may lie in another repository or be made by a chart.
func applied(doc *document.Document) (folder string, elsewhere bool) {
	root := doc.Root()
	switch doc.Object().Kind {
	case "Kustomization":
		folder = path.Clean(strings.TrimPrefix(scalarOf(root, "spec", "path"), "/"))
		return folder, scalarOf(root, "spec", "sourceRef", "kind") != "GitRepository"
	case "Application":
		folder = scalarOf(root, "spec", "source", "path")
		return path.Clean(folder), folder == ""
	}
	return "", true
}

// brought calls objects to attention that come or change and that make an engine apply what is not in the tree: what a chart renders,
// what lies in another repository. It returns the keys of those objects.
func (r *Report) brought(pairs []parsedPair, trees *input) map[string]bool {
	changes := map[string]Change{}
	for _, o := range r.Objects {
		changes[o.Key()] = o.Change
	}
	told := map[string]bool{}
	for _, pair := range pairs {
		for i := range pair.head {
			doc := &pair.head[i]
			object := doc.Object()
			key := Object{File: doc.File, Object: object}.Key()
			what, change := brings(doc, trees), changes[key]
			if what == "" || change != Added && change != Changed {
				continue
			}
			told[key] = true
			verb := " changes: "
			if change == Added {
				verb = " is new: "
			}
			r.Attention = append(r.Attention, Attention{Rule: ruleNotReviewed, Risk: Medium, Object: object, File: doc.File, Line: doc.Line,
				Message: title(object) + verb + what + " is not shown here"})
		}
	}
	return told
}

// brings is what an object makes an engine apply that is not in the tree, empty for nothing.
func brings(doc *document.Document, trees *input) string {
	switch kindOf(doc.Object()) {
	case "helm.toolkit.fluxcd.io/HelmRelease", "helm.cattle.io/HelmChart":
		return "what its chart renders"
	case "source.toolkit.fluxcd.io/GitRepository", "source.toolkit.fluxcd.io/OCIRepository", "source.toolkit.fluxcd.io/Bucket", "source.toolkit.fluxcd.io/HelmChart":
		return "what comes from there"
	case "argoproj.io/Application":
		folder, chart := applied(doc)
		if chart || document.Lookup(doc.Root(), "spec", "sources") != nil || !trees.head.has(folder) {
			return "what it applies"
		}
	}
	return ""
}
