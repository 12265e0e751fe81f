package review

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
)

// supply calls images to attention that come from a new registry, or whose name can mean another image tomorrow.
func (r *Report) supply(ctx context.Context, sides []parsedPair, trees *input) error {
	var loose, unpinned, lost []Image
	fresh := map[string][]Image{}
	known := registriesIn(sides)
	for _, image := range r.Tables.Images {
		if image.To == "" {
			continue
		}
		switch {
		case floating(image.To):
			loose = append(loose, image)
		case !digested(image.To) && digested(image.From):
			lost = append(lost, image)
		case !digested(image.To):
			unpinned = append(unpinned, image)
		}
		if registry := registryOf(image.To); !known[registry] {
			fresh[registry] = append(fresh[registry], image)
		}
	}
	if err := trees.unchanged(ctx, fresh); err != nil {
		return err
	}
	for _, registry := range slices.Sorted(maps.Keys(fresh)) {
		r.callImages(ruleRegistry, Medium, fresh[registry], "images come from "+registry+", which was not used before: %s")
	}
	r.callImages(ruleFloating, Medium, loose, "%d named by a tag that moves, or by none: %s")
	r.callImages(ruleNoDigest, Medium, lost, "%d named by a digest no more: %s")
	r.callImages(ruleNoDigest, Low, unpinned, "%d named by a tag without a digest: %s")
	return nil
}

func (r *Report) callImages(rule string, risk Risk, images []Image, format string) {
	if len(images) == 0 {
		return
	}
	var names []string
	for _, image := range images {
		if !slices.Contains(names, image.To) {
			names = append(names, image.To)
		}
	}
	args := []any{listed(names)}
	if strings.Contains(format, "%d") {
		format = strings.Replace(format, "%d", "%s", 1)
		verb := " images are"
		if len(names) == 1 {
			verb = " image is"
		}
		args = []any{fmt.Sprint(len(names)) + verb, args[0]}
	}
	at := images[0].Users[0]
	a := Attention{Rule: rule, Risk: risk, Message: fmt.Sprintf(format, args...), Object: at.Object, File: at.File}
	if len(names) == 1 {
		a.Path = at.path.String()
	}
	r.Attention = append(r.Attention, a)
}

// registriesIn are the registries that the changed files used before.
func registriesIn(sides []parsedPair) map[string]bool {
	known := map[string]bool{}
	for _, side := range sides {
		for i := range side.base {
			for _, u := range imagesOf(&side.base[i]) {
				known[registryOf(u.image)] = true
			}
		}
	}
	return known
}

// unchanged takes out the registries that a file uses that is the same in both trees.
func (in *input) unchanged(ctx context.Context, fresh map[string][]Image) error {
	if len(fresh) == 0 {
		return nil
	}
	return in.same(ctx, func(name string, data []byte) bool {
		if !mentions(data, fresh) {
			return true
		}
		docs, err := document.Parse(name, data)
		if err != nil {
			return true
		}
		for i := range docs {
			for _, u := range imagesOf(&docs[i]) {
				delete(fresh, registryOf(u.image))
			}
		}
		return len(fresh) > 0
	})
}

// mentions reports whether a file may use one of some registries. Images of Docker Hub need not name it.
func mentions(data []byte, registries map[string][]Image) bool {
	for registry := range registries {
		if registry == "docker.io" && bytes.Contains(data, []byte("image")) || bytes.Contains(data, []byte(registry+"/")) {
			return true
		}
	}
	return false
}

// unknownKinds calls the kinds to attention that are not Kubernetes' own and whose objects change, once for each kind. Of some objects
// more is told already.
func (r *Report) unknownKinds(told map[string]bool) {
	objects := map[string][]Object{}
	for _, o := range r.Objects {
		engine := slices.Contains([]string{"kustomize.toolkit.fluxcd.io/Kustomization", "argoproj.io/Application", "argoproj.io/ApplicationSet"}, kindOf(o.Object)) && o.Change != Changed
		if slices.Contains(ownGroups, o.Object.Group()) || o.Change == MetadataOnly || engine || told[o.Key()] {
			continue
		}
		key := o.Object.Kind + "." + o.Object.Group()
		objects[key] = append(objects[key], o)
	}
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		var names []string
		for _, o := range objects[key] {
			names = append(names, strings.TrimPrefix(o.Object.Namespace+"/"+o.Object.Name, "/"))
		}
		slices.Sort(names)
		first := objects[key][0]
		verb := " change: "
		if len(names) == 1 {
			verb = " changes: "
		}
		r.Attention = append(r.Attention, Attention{Rule: ruleUnknownKind, Risk: Medium, File: first.File, Object: first.Object,
			Message: plural(len(names), "object of kind ", "objects of kind ") + key + verb + listed(names)})
	}
}

// compatibility calls the findings to attention that the change brings, and keeps those of them that are accepted.
func (r *Report) compatibility(known Knowledge) {
	type identity struct{ rule, object, message string }
	of := func(f finding.Finding) identity { return identity{f.Rule, f.Object.Key(), f.Message} }
	before := map[identity]bool{}
	for _, f := range known.BaseFindings {
		before[of(f)] = true
	}
	for _, a := range known.Accepted {
		if !before[of(a.Finding)] {
			r.accepted = append(r.accepted, a)
		}
	}
	for _, f := range known.Findings {
		if before[of(f)] {
			continue
		}
		risk := Low
		switch f.Severity {
		case finding.Error:
			risk = Blocked
		case finding.Warning:
			risk = Medium
		}
		message := f.Message
		if f.Replacement != "" && !strings.Contains(message, f.Replacement) {
			message += "; " + f.Replacement + " replaces it"
		}
		r.Attention = append(r.Attention, Attention{Rule: compatPrefix + f.Rule, Risk: risk, Message: message, Object: f.Object, File: f.File, Line: f.Line})
	}
}
