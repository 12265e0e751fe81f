package review

import (
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
