// Package review says what a change of manifests means: two trees go in, one Report comes out, and the report becomes text,
// JSON or markdown.
//
// It compares objects, not files: an object is its group, kind, namespace and name, so a new API version is a change of the
// object and a move to another file is none. Comments, key order and the way a value is written do not count. What a Secret
// holds never enters the report, so that no renderer can show it. It refuses to know Git, engines and where the trees come from.
package review

import (
	"cmp"
	"context"
	"io/fs"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Report is what a person has to know before a merge. Its JSON is documented in design.md: keys may be added, none renamed.
type Report struct {
	Summary   Summary      `json:"summary"`
	Attention []Attention  `json:"attention"` // most dangerous first
	Objects   []Object     `json:"objects"`   // by file, then by object
	Files     []FileChange `json:"files"`     // changed files that hold no object: the lock, kustomizations, other text
}

// Summary counts the objects by what happened to them.
type Summary struct {
	Added        int  `json:"added"`
	Removed      int  `json:"removed"`
	Changed      int  `json:"changed"`
	MetadataOnly int  `json:"metadataOnly"` // changed in nothing but labels and annotations that tools write, see Hunk.Noise
	Noise        int  `json:"noise"`        // hunks that are folded, in all objects
	Files        int  `json:"files"`        // changed files that hold no object
	Risk         Risk `json:"risk"`
}

// Change is what happened to an object, a file or a field.
type Change string

// The changes. MetadataOnly is for objects, Reordered for lists.
const (
	Added        Change = "added"
	Removed      Change = "removed"
	Changed      Change = "changed"
	MetadataOnly Change = "metadataOnly"
	Reordered    Change = "reordered"
)

// Object is one object that is not the same in both trees.
type Object struct {
	Change  Change         `json:"change"`
	Object  finding.Object `json:"object"` // as in head, or as in base when it was removed
	File    string         `json:"file"`
	OldFile string         `json:"oldFile,omitempty"` // where base has it, when that is another file
	Hunks   []Hunk         `json:"hunks"`
}

// FileChange is a changed file, or part of one, that holds no object.
type FileChange struct {
	Change Change `json:"change"`
	File   string `json:"file"`
}

// Attention is one thing that should not be overlooked.
type Attention struct {
	Rule    string         `json:"rule"`
	Risk    Risk           `json:"risk"`
	Message string         `json:"message"`
	Object  finding.Object `json:"object"` // empty when it is about a file
	File    string         `json:"file"`
	Line    int            `json:"line,omitempty"`
}

// Options say how trees are compared. The zero Options are good ones.
type Options struct {
	// Scope names what a file belongs to, such as its cluster. An object is never taken for moved from one scope to another.
	// Without it, all files are in one.
	Scope func(file string) string
}

// Compare reports what differs between two trees; a nil tree is empty. It reads *.yaml, *.yml and *.json as objects and every
// other file as bytes, and leaves .git out. A file that cannot be parsed is no error but part of the report (rule "unparsable",
// risk Blocked). The error is that of reading a tree, or of the context.
func Compare(ctx context.Context, base, head fs.FS, opts Options) (*Report, error) {
	loaded, err := load(ctx, base, head)
	if err != nil {
		return nil, err
	}
	sides, err := parse(ctx, loaded.pairs)
	if err != nil {
		return nil, err
	}
	matched, err := match(ctx, sides, opts)
	if err != nil {
		return nil, err
	}
	report := &Report{Attention: []Attention{}, Objects: []Object{}, Files: []FileChange{}}
	for _, side := range sides {
		report.Attention = append(report.Attention, side.attention...)
		report.Files = append(report.Files, side.other...)
	}
	report.Attention = append(report.Attention, unlisted(sides, loaded)...)
	for _, pair := range matched {
		report.Objects = append(report.Objects, pair.result)
		report.Attention = append(report.Attention, pair.attention...)
	}
	report.order()
	report.summarise()
	return report, nil
}

// Empty reports whether the trees mean the same.
func (r *Report) Empty() bool {
	return len(r.Objects) == 0 && len(r.Files) == 0 && len(r.Attention) == 0
}

func (r *Report) order() {
	slices.SortStableFunc(r.Objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Object.Key(), b.Object.Key()), cmp.Compare(a.Change, b.Change))
	})
	slices.SortStableFunc(r.Attention, func(a, b Attention) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Object.Key(), b.Object.Key()), cmp.Compare(a.Message, b.Message))
	})
	slices.SortStableFunc(r.Files, func(a, b FileChange) int { return cmp.Compare(a.File, b.File) })
}

func (r *Report) summarise() {
	counts := map[Change]int{}
	for _, object := range r.Objects {
		counts[object.Change]++
		r.Summary.Risk = max(r.Summary.Risk, object.risk())
		for _, hunk := range object.Hunks {
			if hunk.Noise {
				r.Summary.Noise++
			}
		}
	}
	for _, attention := range r.Attention {
		r.Summary.Risk = max(r.Summary.Risk, attention.Risk)
	}
	if len(r.Files) > 0 {
		r.Summary.Risk = max(r.Summary.Risk, Low)
	}
	r.Summary.Added, r.Summary.Removed = counts[Added], counts[Removed]
	r.Summary.Changed, r.Summary.MetadataOnly = counts[Changed], counts[MetadataOnly]
	r.Summary.Files = len(r.Files)
}
