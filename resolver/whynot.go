package resolver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// Verdict answers "why not this version?".
type Verdict struct {
	// Chosen says that the plan holds it; Possible that it could.
	Chosen, Possible bool
	// Text is the answer in words: a line, or several when it is an explanation.
	Text string
	// No is why it is impossible, nil when it is possible, or when no registry has it.
	No *NoSolutionError
}

// WhyNot says why the plan of a problem does not hold a package in a range: because no registry has it, because it is
// impossible, with the explanation, or because something else is preferred, with what would change. It returns the errors of
// Solve but *NoSolutionError, which is in the verdict.
func WhyNot(ctx context.Context, c Catalog, p Problem, pkg string, want catalog.Range) (*Verdict, error) {
	u := newUniverse(c, p.Registries)
	s, found, err := answer(ctx, u, &p)
	if err != nil {
		return nil, err
	}
	if found == nil {
		no, err := explain(ctx, &p, s, nil)
		if err != nil {
			return nil, err
		}
		return &Verdict{Text: "there is no plan as it is: " + no.Explain(), No: no}, nil
	}
	known, err := u.pack(ctx, pkg)
	if err != nil {
		return nil, err
	}
	if len(known.candidates) == 0 {
		if _, err := u.providers(ctx, pkg); err != nil {
			return nil, err
		}
	}
	d := &demand{universe: u, problem: &p, pkg: pkg, want: want, plan: s.plan(found), known: known}
	if text := d.settled(); text != "" {
		return &Verdict{Chosen: len(d.chosen()) > 0, Possible: len(d.chosen()) > 0, Text: text}, nil
	}
	return d.try(ctx)
}

// demand is a question about a version, and the plan that does without.
type demand struct {
	universe *universe
	problem  *Problem
	pkg      string
	want     catalog.Range
	plan     *Plan
	known    *pack
}

func (d *demand) what() string { return named(d.pkg, d.want) }

// instances is the instances of the package in the plan.
func (d *demand) instances() []Chosen {
	return slices.DeleteFunc(slices.Clone(d.plan.Instances), func(c Chosen) bool { return c.Package != d.pkg })
}

// chosen is those of them that are in the range.
func (d *demand) chosen() []Chosen {
	return slices.DeleteFunc(d.instances(), func(c Chosen) bool { return !d.want.Allows(c.Version) })
}

// settled answers without another search: the plan holds it, or nobody has it.
func (d *demand) settled() string {
	if there := d.chosen(); len(there) > 0 {
		return fmt.Sprintf("%s is in the plan: %s %s", d.what(), there[0].Instance, there[0].Version)
	}
	switch {
	case d.pkg == kubernetes:
		return d.clusterText()
	case len(d.known.candidates) == 0 && len(d.universe.virtual[d.pkg]) > 0:
		return fmt.Sprintf("%s is no package: %s it", d.pkg, provide(d.universe.virtual[d.pkg]))
	case len(d.known.candidates) == 0:
		return fmt.Sprintf("no registry has %s", d.pkg)
	case d.known.allowed(d.want).empty():
		return fmt.Sprintf("no registry has %s: there is %s", d.what(), d.known.extent())
	}
	return ""
}

// clusterText says what the cluster runs.
func (d *demand) clusterText() string {
	p := d.problem
	if p.Kubernetes.IsZero() {
		return "kubernetes is the cluster itself, and no package"
	}
	return fmt.Sprintf("kubernetes is the cluster itself, which runs %s%s", p.Kubernetes, at(p.KubernetesWhere))
}

// try demands the version: from the package's roots, or else as a root of its own, of any registry that has it.
func (d *demand) try(ctx context.Context) (*Verdict, error) {
	var first *search
	var asked *Problem
	var question entry
	for _, registry := range d.registries() {
		p, e := d.demanded(registry)
		q, err := newQuestion(p)
		if err != nil {
			return nil, err
		}
		q.asked = &e
		s, found, err := reply(ctx, d.universe, q)
		if err != nil {
			return nil, err
		}
		if found != nil {
			return &Verdict{Possible: true, Text: d.possible(s.plan(found))}, nil
		}
		if first == nil {
			first, asked, question = s, p, e
		}
	}
	no, err := explain(ctx, asked, first, &question)
	if err != nil {
		return nil, err
	}
	return &Verdict{Text: no.Explain(), No: no}, nil
}

// registries is where to ask: anywhere, and when the package is no root, each registry by itself.
func (d *demand) registries() []string {
	names := []string{""}
	if d.rooted() || len(d.known.blocks) < 2 {
		return names
	}
	for _, b := range d.known.blocks {
		names = append(names, b.registry)
	}
	return names
}

// rooted reports whether the demand can be made of instances that are there for other reasons.
func (d *demand) rooted() bool {
	return slices.ContainsFunc(d.problem.Roots, func(r Root) bool { return r.Package == d.pkg }) ||
		slices.ContainsFunc(d.plan.Instances, func(c Chosen) bool { return c.Package == d.pkg && c.Parent != "" })
}

// demanded is the problem with the demand as one more entry.
func (d *demand) demanded(registry string) (*Problem, entry) {
	p := *d.problem
	p.Move = append(slices.Clone(p.Move), d.pkg)
	if d.rooted() {
		p.Holds = append(slices.Clone(p.Holds), Hold{Package: d.pkg, Range: d.want})
		return &p, entry{fromHold, len(p.Holds) - 1}
	}
	p.Roots = append(slices.Clone(p.Roots), Root{Package: d.pkg, Range: d.want, Registry: registry})
	return &p, entry{fromRoot, len(p.Roots) - 1}
}

// possible says why a possible plan is not the plan.
func (d *demand) possible(other *Plan) string {
	text := fmt.Sprintf("%s is possible, but %s", d.what(), d.reason())
	if changes := d.plan.changes(other, d.pkg); len(changes) > 0 {
		text += "; then " + and(changes)
	}
	return text
}

func (d *demand) reason() string {
	there := d.instances()
	if len(there) == 0 {
		return "nothing asks for it"
	}
	c := there[0]
	for _, l := range d.problem.Locked {
		if l.Instance == c.Instance && l.Package == c.Package && l.Version.Compare(c.Version) == 0 && !d.problem.MoveAll {
			return fmt.Sprintf("the lock holds %s %s, which stays until it is asked to move", c.Instance, c.Version)
		}
	}
	if d.problem.Minimal {
		return fmt.Sprintf("%s %s is preferred as the lowest", c.Instance, c.Version)
	}
	return fmt.Sprintf("%s %s is preferred", c.Instance, c.Version)
}

// changes lists how another plan differs, but for one package.
func (p *Plan) changes(other *Plan, but string) []string {
	var list []string
	for _, c := range p.Instances {
		there := other.Instance(c.Instance)
		switch {
		case c.Package == but:
		case there == nil:
			list = append(list, fmt.Sprintf("%s would be gone", c.Instance))
		case there.Version.Compare(c.Version) != 0:
			list = append(list, fmt.Sprintf("%s would be %s instead of %s", c.Instance, there.Version, c.Version))
		case there.Registry != c.Registry:
			list = append(list, fmt.Sprintf("%s would come from %s", c.Instance, there.Registry))
		}
	}
	for _, c := range other.Instances {
		if c.Package != but && p.Instance(c.Instance) == nil {
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s would come", c.Instance, c.Version)))
		}
	}
	return list
}
