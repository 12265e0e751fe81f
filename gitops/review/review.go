// Package review says what a change of manifests means: two trees go in, one Report comes out, and the report becomes text, JSON,
// markdown, HTML, SARIF or a patch.
//
// It compares objects, not files: an object is its group, kind, namespace and name, so a new API version is a change of the
// object and a move to another file is none. Comments, key order and the way a value is written do not count. What a Secret
// holds never enters the report, so that no renderer can show it. It refuses to know Git, engines, where the trees come from, and
// which Kubernetes version takes what: such findings are handed to it.
package review

import (
	"context"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"gkops.dev/gkops/compat/finding"
)

// Options say how trees are compared, and what the caller knows of them. The zero Options are good ones.
type Options struct {
	// Scope names what a file belongs to, such as its cluster. An object is never taken for moved from one scope to another.
	// Without it, all files are in one.
	Scope func(file string) string

	// Instance names the instance that a file belongs to, empty for none. Without it no object has one.
	Instance func(file string) string

	// Know is asked once, when something differs, for what the caller knows of the scopes in which it does; they come sorted.
	Know func(ctx context.Context, scopes []string) (Knowledge, error)

	Origin Origin   // goes into the report; Compare completes Patch and LeftOut
	Ignore []Ignore // what is folded on request
}

// Knowledge is what a caller knows beside the trees.
type Knowledge struct {
	Clusters     []Cluster         // go into the report in this order
	Findings     []finding.Finding // of the compatibility check on head
	BaseFindings []finding.Finding // on base: what both have is not of this change
	Accepted     []Accepted        // findings on head that are not among Findings
}

// Accepted is a finding of the compatibility check that a rule of the user takes out of account. It is counted and has no risk.
type Accepted struct {
	Finding       finding.Finding
	Reason, Where string // of the rule
}

// Compare reports what differs between two trees; a nil tree is empty. It reads *.yaml, *.yml and *.json as objects and every
// other file as bytes, and leaves .git out. A file that cannot be parsed is no error but part of the report (rule "unparsable",
// risk Blocked). The error is that of reading a tree, or of the context.
func Compare(ctx context.Context, base, head fs.FS, opts Options) (*Report, error) {
	if opts.Scope == nil {
		opts.Scope = func(string) string { return "" }
	}
	if opts.Instance == nil {
		opts.Instance = func(string) string { return "" }
	}
	if opts.Know == nil {
		opts.Know = func(context.Context, []string) (Knowledge, error) { return Knowledge{}, nil }
	}
	loaded, err := load(ctx, base, head)
	if err != nil {
		return nil, err
	}
	sides, err := parse(ctx, loaded.pairs)
	if err != nil {
		return nil, err
	}
	matched, same, err := match(ctx, sides, loaded, opts)
	if err != nil {
		return nil, err
	}
	report := &Report{
		Origin: opts.Origin, Clusters: []Cluster{}, Attention: []Attention{}, Objects: []Object{}, Files: []FileChange{},
		Folded: []Fold{}, Tables: emptyTables(),
	}
	report.Summary.Moved, report.Summary.Respelled = same.moved, same.respelled
	for _, side := range sides {
		report.Attention = append(report.Attention, side.attention...)
		report.Files = append(report.Files, side.other...)
	}
	for _, pair := range matched {
		report.Objects = append(report.Objects, pair.result)
		report.Attention = append(report.Attention, pair.attention...)
		report.Tables.add(pair.tables)
	}
	report.Tables.order()
	report.turned(matched)
	if report.patch, err = makePatch(ctx, loaded.pairs, sides); err != nil {
		return nil, err
	}
	if err := report.attend(ctx, sides, loaded, opts.Scope); err != nil {
		return nil, err
	}
	if err := report.learn(ctx, opts); err != nil {
		return nil, err
	}
	report.complete(opts)
	return report, nil
}

// attend calls to attention what no object says alone: it takes all of them, or what lies beside them, to see it.
func (r *Report) attend(ctx context.Context, sides []parsedPair, trees *input, scope func(string) string) error {
	r.Attention = append(r.Attention, unlisted(sides, trees)...)
	r.bindings(sides, scope)
	r.engines(sides, trees)
	r.unknownKinds(r.brought(sides, trees))
	for _, look := range []func(context.Context, []parsedPair, *input) error{r.supply, r.leftOut, r.links, r.made} {
		if err := look(ctx, sides, trees); err != nil {
			return err
		}
	}
	return nil
}

// learn asks the caller for what it knows of the scopes in which something differs.
func (r *Report) learn(ctx context.Context, opts Options) error {
	if r.Empty() {
		return nil
	}
	scopes := map[string]bool{}
	for _, o := range r.Objects {
		scopes[opts.Scope(o.File)] = true
	}
	for _, f := range r.Files {
		scopes[opts.Scope(f.File)] = true
	}
	for _, a := range r.Attention {
		scopes[opts.Scope(a.File)] = true
	}
	known, err := opts.Know(ctx, slices.Sorted(maps.Keys(scopes)))
	if err != nil {
		return err
	}
	r.compatibility(known)
	for _, c := range known.Clusters {
		c.Instances, c.Layers = append([]Instance{}, c.Instances...), append([]Layer{}, c.Layers...)
		for i := range c.Instances {
			c.Instances[i].Reasons = append([]string{}, c.Instances[i].Reasons...)
			c.Instances[i].Notes = append([]Link{}, c.Instances[i].Notes...)
		}
		for i := range c.Layers {
			c.Layers[i].DependsOn = append([]string{}, c.Layers[i].DependsOn...)
		}
		r.Clusters = append(r.Clusters, c)
	}
	return nil
}

// complete grades, sorts and counts what was found.
func (r *Report) complete(opts Options) {
	for i := range r.Attention {
		a := &r.Attention[i]
		rule := explain(a.Rule)
		a.Why, a.Do, a.Cluster = rule.Why, rule.Do, opts.Scope(a.File)
	}
	for i := range r.Objects {
		o := &r.Objects[i]
		o.Cluster, o.Instance, o.Risk = opts.Scope(o.File), opts.Instance(o.File), o.ownRisk()
	}
	for i := range r.Files {
		count := r.patch.lines[r.Files[i].File]
		r.Files[i].Added, r.Files[i].Removed = count.added, count.removed
	}
	for i := range r.Tables.Rollouts {
		r.Tables.Rollouts[i].Cluster = opts.Scope(r.Tables.Rollouts[i].File)
	}
	r.order()
	r.grade()
	r.summarise(opts.Ignore)
}

// grade gives every object, and every hunk, the risk of the attention that it needs.
func (r *Report) grade() {
	places := make(map[string][]int, len(r.Objects))
	for i := range r.Objects {
		places[r.Objects[i].Key()] = append(places[r.Objects[i].Key()], i)
	}
	for _, a := range r.Attention {
		for _, i := range places[a.File+"\x00"+a.Object.Key()] {
			o := &r.Objects[i]
			o.Risk = max(o.Risk, a.Risk)
			for j := range o.Hunks {
				if concerns(o.Hunks[j].Path, a.Path) {
					o.Hunks[j].Risk = max(o.Hunks[j].Risk, a.Risk)
				}
			}
		}
	}
}

// concerns reports whether of two paths one leads to the other. An attention without a path is about the whole object.
func concerns(hunk, path string) bool {
	return path == "" || hunk == "" || inside(hunk, path) || inside(path, hunk)
}

// inside reports whether a path is another one, or leads on from it.
func inside(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (r *Report) summarise(rules []Ignore) {
	counts, folded := map[Change]int{}, map[Fold]int{}
	for _, a := range r.accepted {
		folded[Fold{Fact: FactAccepted, Reason: a.Reason, Where: a.Where}]++
	}
	for _, object := range r.Objects {
		counts[object.Change]++
		r.Summary.Risk = max(r.Summary.Risk, object.Risk)
		for _, hunk := range object.Hunks {
			if !hunk.Noise {
				continue
			}
			r.Summary.Noise++
			fold := Fold{Fact: hunk.Fact}
			if hunk.Fact == FactIgnored {
				fold.Reason, fold.Where = rules[hunk.ignored].Reason, rules[hunk.ignored].Where
			}
			folded[fold]++
		}
	}
	for _, attention := range r.Attention {
		r.Summary.Risk = max(r.Summary.Risk, attention.Risk)
	}
	if len(r.Files) > 0 {
		r.Summary.Risk = max(r.Summary.Risk, Low)
	}
	folded[Fold{Fact: FactMoved}], folded[Fold{Fact: FactRespelled}] = r.Summary.Moved, r.Summary.Respelled
	r.Folded = foldsOf(folded)
	r.Summary.Added, r.Summary.Removed = counts[Added], counts[Removed]
	r.Summary.Changed, r.Summary.MetadataOnly = counts[Changed], counts[MetadataOnly]
	r.Summary.Rolled, r.Summary.Files = len(r.Tables.Rollouts), len(r.Files)
	r.Origin.Patch, r.Origin.LeftOut = r.patch.hash(), r.patch.leftOut
}
