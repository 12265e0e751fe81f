package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// fact checks one entry of a facts.yaml. one says that the file is about one version.
func (c *checker) fact(p place, f Fact, pkg string, one bool) {
	c.aboutVersions(p, one)
	c.factRange(p.at("versions"), f.Versions)
	c.factRange(p.at("upgradeFrom"), f.UpgradeFrom)
	if c.has(p.at("kubernetes")) {
		if _, err := ParseKubernetesRange(f.Kubernetes); err != nil {
			c.wrong(p.at("kubernetes"), `a range of Kubernetes versions is written like ">=1.25" or "1.35 || 1.34"`, "is no range: %v", err)
		}
	}
	for i, d := range f.Requires {
		at := p.at("requires").item(i)
		c.other(at.at("name"), d.Name, pkg, slices.ContainsFunc(f.Requires[:i], func(e Dependency) bool { return e.Name == d.Name }))
		c.rangeOf(at.at("version"), d.Version)
	}
	for i, conflict := range f.Conflicts {
		at := p.at("conflicts").item(i)
		c.other(at.at("name"), conflict.Name, pkg, false)
		c.rangeOf(at.at("version"), conflict.Version)
	}
	for i, provided := range f.Provides {
		at := p.at("provides").item(i)
		c.other(at.at("name"), provided.Name, pkg, slices.ContainsFunc(f.Provides[:i], func(e FactProvided) bool { return e.Name == provided.Name }))
		c.version(at.at("version"), provided.Version)
	}
	c.apis(p.at("apis", "serves"), f.APIs.Serves)
	c.apis(p.at("apis", "uses"), f.APIs.Uses)
	c.withdrawal(p, f)
	c.evidence(p, f)
	if f.says() == "" {
		c.wrong(p, "say something, or leave the entry out", "says nothing of the versions")
	}
}

// aboutVersions keeps apart what the two files may say: what must be known before a version is read is not beside its package.yaml.
func (c *checker) aboutVersions(p place, one bool) {
	if !one {
		return
	}
	if c.has(p.at("versions")) {
		c.wrong(p.at("versions"), "leave it out: the file is about the version whose folder it lies in", "does not belong here")
	}
	for _, key := range []string{"provides", "yanked", "prerelease", "deprecated", "replacement"} {
		if c.has(p.at(key)) {
			c.wrong(p.at(key), "write it in the facts.yaml of the package's own folder, with versions:", "must be known without reading the version, so it does not belong here")
		}
	}
}

// factRange reports an empty range, and what is none; an absent one is fine.
func (c *checker) factRange(p place, text string) {
	if c.has(p) && c.required(p, strings.TrimSpace(text)) {
		c.rangeOf(p, text)
	}
}

// other reports what cannot be the name of another package, and one that was named before.
func (c *checker) other(p place, name, pkg string, twice bool) {
	if !c.required(p, name) {
		return
	}
	c.label(p, name)
	switch {
	case name == pkg:
		c.wrong(p, "", "is %s itself", pkg)
	case twice:
		c.wrong(p, "write one entry", "names %s a second time", name)
	}
}

var (
	apiGroup       = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$`)
	apiKind        = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)
	apiVersionName = regexp.MustCompile(`^v[a-z0-9]{1,62}$`)
)

func (c *checker) apis(p place, apis []FactAPI) {
	for i, api := range apis {
		at := p.item(i)
		if c.required(at.at("group"), api.Group) && (len(api.Group) > 253 || !apiGroup.MatchString(api.Group)) {
			c.wrong(at.at("group"), `a group is written like "cert-manager.io"`, "is %.80q, which is no group of custom resources", api.Group)
		}
		if c.required(at.at("kind"), api.Kind) && !apiKind.MatchString(api.Kind) {
			c.wrong(at.at("kind"), `a kind is written like "Certificate"`, "is %.80q, which is no kind", api.Kind)
		}
		if len(api.Versions) == 0 {
			c.wrong(at.at("versions"), "", "is missing or empty")
		}
		for j, v := range api.Versions {
			if !apiVersionName.MatchString(v) {
				c.wrong(at.at("versions").item(j), `a version of an API is written like "v1alpha2"`, "is %.80q, which is none", v)
			}
		}
	}
}

func (c *checker) withdrawal(p place, f Fact) {
	for _, field := range []struct{ key, text string }{{"yanked", f.Yanked}, {"prerelease", f.Prerelease}, {"deprecated", f.Deprecated}} {
		if c.has(p.at(field.key)) && strings.TrimSpace(field.text) == "" {
			c.wrong(p.at(field.key), "say why: people will read it", "is empty")
		}
	}
	if c.has(p.at("replacement")) {
		c.label(p.at("replacement"), f.Replacement)
		if f.Deprecated == "" {
			c.wrong(p.at("replacement"), "add deprecated: with the reason", "stands alone")
		}
	}
}

// evidence checks how a fact is known, and that the fact can be known that way.
func (c *checker) evidence(p place, f Fact) {
	at := p.at("evidence")
	if !c.has(at) {
		return
	}
	if c.required(at.at("kind"), string(f.Evidence.Kind)) {
		c.oneOf(at.at("kind"), string(f.Evidence.Kind), string(Tested), string(Measured), string(Declared), string(Reported))
	}
	if _, err := time.Parse(time.DateOnly, f.Evidence.Date); err != nil && c.has(at.at("date")) {
		c.wrong(at.at("date"), `a day is written "2026-01-31"`, "is %.80q, which is no day", f.Evidence.Date)
	}
	switch {
	case !f.Evidence.seen() && c.has(at.at("result")):
		c.wrong(at.at("result"), "leave it out, or use kind tested or reported", "only fits the kinds tested and reported")
	case f.Evidence.seen() && c.required(at.at("result"), string(f.Evidence.Result)):
		c.oneOf(at.at("result"), string(f.Evidence.Result), string(Works), string(Fails))
	}
	switch {
	case f.Evidence.Result == Works && len(f.Conflicts) > 0:
		c.wrong(p.at("conflicts"), "what works together is no conflict: use result fails", "contradicts the result works")
	case f.Evidence.Result == Fails && len(f.Requires) > 0:
		c.wrong(p.at("requires"), "write what fails together as conflicts", "contradicts the result fails")
	}
}

// says names what a fact is about, "kubernetes, requires"; empty for one that says nothing.
func (f Fact) says() string {
	var about []string
	for _, part := range []struct {
		name string
		said bool
	}{
		{"kubernetes", f.Kubernetes != ""}, {"requires", len(f.Requires) > 0}, {"conflicts", len(f.Conflicts) > 0},
		{"provides", len(f.Provides) > 0}, {"apis", len(f.APIs.Serves)+len(f.APIs.Uses) > 0}, {"upgradeFrom", f.UpgradeFrom != ""},
		{"yanked", f.Yanked != ""}, {"prerelease", f.Prerelease != ""}, {"deprecated", f.Deprecated != ""},
	} {
		if part.said {
			about = append(about, part.name)
		}
	}
	return strings.Join(about, ", ")
}

// String is how a fact is known, in words: "declared in kubernetes/ingress-nginx:README.md on 2026-01-31".
func (e Evidence) String() string {
	kind := e.Kind
	if kind == "" {
		kind = Declared
	}
	text := string(kind)
	if e.Result != "" {
		text = fmt.Sprintf("%s to %s", kind, strings.TrimSuffix(string(e.Result), "s"))
	}
	if e.Source != "" {
		text += " in " + shownText(e.Source)
	}
	if e.Date != "" {
		text += " on " + e.Date
	}
	return text
}
