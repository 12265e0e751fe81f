package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// readDefaults is the rule of a minor for what is switched on without flags. Stable versions are, alphas are not, and a beta is
// when the minor's own list of old betas names it.
func readDefaults(dir string, r release) (func(k gvk, plural string) bool, error) {
	legacy := func(gvk, string) bool { return false }
	if r.instance == "" {
		legacy = beforeLists(r.minor)
	}
	if r.instance != "" {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.instance)))
		if err != nil {
			return nil, err
		}
		if legacy, err = legacyBetas(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", r.instance, err)
		}
	}
	return func(k gvk, plural string) bool {
		switch {
		case strings.Contains(k.version, "alpha"):
			return false
		case strings.Contains(k.version, "beta"):
			return legacy(k, plural)
		}
		return true
	}, nil
}

// beforeLists is KEP-3136 for the minors whose list cannot be had: betas that are new since 1.24 are off, except new versions of
// a beta that was on before. In 1.24 to 1.28 that is flow control.
func beforeLists(n int) func(k gvk, plural string) bool {
	newGroups := map[gvk]int{
		{"admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicy"}:        28,
		{"admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicyBinding"}: 28,
		{"authentication.k8s.io", "v1beta1", "SelfSubjectReview"}:                       27,
	}
	return func(k gvk, _ string) bool {
		_, off := newGroups[k]
		return !off
	}
}

var (
	legacyList = regexp.MustCompile(`(?s)legacyBetaEnabledByDefaultResources = \[\]schema\.GroupVersionResource\{(.*?)\n\t\}`)
	legacyItem = regexp.MustCompile(`(\w+)\.SchemeGroupVersion\.WithResource\("(\w+)"\)`)
	importLine = regexp.MustCompile(`(?m)^\t(\w+) "k8s\.io/(?:api|kubernetes/pkg/apis)/(\w+)/(v\w+)"`)
)

// legacyBetas reads the list of betas that are on from the source of the API server; without a list there are none.
func legacyBetas(source string) (func(k gvk, plural string) bool, error) {
	imports := map[string][2]string{}
	for _, match := range importLine.FindAllStringSubmatch(source, -1) {
		imports[match[1]] = [2]string{match[2], match[3]}
	}
	on := map[string]bool{}
	list := legacyList.FindStringSubmatch(source)
	if list == nil && strings.Contains(source, "legacyBetaEnabledByDefaultResources = ") {
		return nil, fmt.Errorf("the list of betas that are on has another form")
	}
	if list != nil {
		for _, match := range legacyItem.FindAllStringSubmatch(list[1], -1) {
			place, found := imports[match[1]]
			if !found {
				return nil, fmt.Errorf("the import of %s is missing", match[1])
			}
			on[place[0]+"/"+place[1]+"/"+match[2]] = true
		}
	}
	return func(k gvk, plural string) bool {
		folder, _, _ := strings.Cut(k.group, ".")
		return on[folder+"/"+k.version+"/"+plural]
	}, nil
}
