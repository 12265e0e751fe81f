package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// notServed are the groups of k8s.io/api that no API server has: messages of webhooks, and of discovery.
var notServed = []string{"admission.k8s.io", "imagepolicy.k8s.io", "apidiscovery.k8s.io"}

// subresources are types with a client of their own that only exist below another resource.
var subresources = []string{"Eviction", "Scale"}

var (
	groupTag = regexp.MustCompile(`(?m)^// \+groupName=(\S*)`)
	resource = regexp.MustCompile(`(?s)// \+genclient\n.*?\ntype (\w+) struct`)
	method   = regexp.MustCompile(`(?s)func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed|Replacement)\(\)[^{]*\{\s*return ([^\n]*)\n`)
	target   = regexp.MustCompile(`Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"`)
)

// addPromises notes the tags of every API package of a module, and which of its types are resources.
func (h *history) addPromises(p promise, dir string) error {
	root := filepath.Join(dir, filepath.FromSlash(p.root))
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || !strings.HasPrefix(d.Name(), "v") {
			return err
		}
		return h.addPackage(p, path)
	})
}

func (h *history) addPackage(p promise, dir string) error {
	types, err := os.ReadFile(filepath.Join(dir, "types.go"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	group, err := groupOf(dir)
	if err != nil || slices.Contains(notServed, group) {
		return err
	}
	version := filepath.Base(dir)
	for _, match := range resource.FindAllSubmatch(types, -1) {
		if kind := string(match[1]); !slices.Contains(subresources, kind) {
			h.listed[gvk{group, version, kind}] = p.module + "@" + p.version
		}
	}
	for _, name := range []string{"zz_generated.prerelease-lifecycle.go", "lifecycle.go"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		for _, match := range method.FindAllStringSubmatch(string(text), -1) {
			if err := h.addTag(p, gvk{group, version, match[1]}, match[2], match[3]); err != nil {
				return err
			}
		}
	}
	return nil
}

func groupOf(dir string) (string, error) {
	for _, name := range []string{"doc.go", "register.go"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			return "", err
		}
		if match := groupTag.FindSubmatch(text); match != nil {
			return string(match[1]), nil
		}
		if match := regexp.MustCompile(`const GroupName = "([^"]*)"`).FindSubmatch(text); match != nil {
			return string(match[1]), nil
		}
	}
	return "", fmt.Errorf("%s does not say its group", dir)
}

func (h *history) addTag(p promise, k gvk, what, value string) error {
	if strings.HasSuffix(k.kind, "List") {
		return nil
	}
	r := h.row(k)
	r.source = p.module + "@" + p.version
	if what == "Replacement" {
		match := target.FindStringSubmatch(value)
		if match == nil {
			return fmt.Errorf("the replacement %q of %s", value, k)
		}
		r.replacement = gvk{match[1], match[2], match[3]}
		return nil
	}
	_, after, _ := strings.Cut(value, ", ")
	n, err := strconv.Atoi(after)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", what, k, err)
	}
	switch what {
	case "Introduced":
		r.introduced = n
	case "Deprecated":
		r.deprecated = n
	case "Removed":
		r.removed = n
	}
	return nil
}

const override = "override: "

// addOverrides reads the lines of overrides.txt.
func (h *history) addOverrides(text string) error {
	for i, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.SplitN(line, " ", 9)
		if len(words) < 9 {
			return fmt.Errorf("overrides.txt:%d: a row has nine columns", i+1)
		}
		r := h.row(parseGVK(words[0], words[1]))
		r.plural, r.scope = known(words[2]), known(words[3])
		for j, into := range []*int{&r.introduced, &r.deprecated, &r.removed} {
			if known(words[4+j]) == "" {
				continue
			}
			n, err := strconv.Atoi(strings.TrimPrefix(words[4+j], "1."))
			if err != nil {
				return fmt.Errorf("overrides.txt:%d: %w", i+1, err)
			}
			*into = n
		}
		if group, rest, found := strings.Cut(known(words[7]), ","); found {
			version, kind, _ := strings.Cut(rest, ",")
			r.replacement = gvk{group, version, kind}
		}
		r.source = override + words[8]
	}
	return nil
}

func parseGVK(apiVersion, kind string) gvk {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		group, version = "", apiVersion
	}
	return gvk{group, version, kind}
}

func known(word string) string {
	if word == "-" {
		return ""
	}
	return word
}
