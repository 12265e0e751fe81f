package review

import (
	"cmp"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Report is what a person has to know before a merge. Its JSON is documented in docs/schema/diff.json: keys may be added, none
// renamed. It holds no value of a Secret, so that no renderer can show one. Lists are never nil.
type Report struct {
	Summary   Summary      `json:"summary"`
	Origin    Origin       `json:"origin"`
	Clusters  []Cluster    `json:"clusters"`  // what the caller knew of them, in its order
	Attention []Attention  `json:"attention"` // most dangerous first
	Tables    Tables       `json:"tables"`
	Objects   []Object     `json:"objects"` // by file, then by object
	Files     []FileChange `json:"files"`   // changed files that hold no object: the lock, kustomizations, other text
	Folded    []Fold       `json:"folded"`  // what is counted instead of shown

	patch    *patch
	accepted []Accepted
}

// Summary counts the objects by what happened to them.
type Summary struct {
	Added        int  `json:"added"`
	Removed      int  `json:"removed"`
	Changed      int  `json:"changed"`
	MetadataOnly int  `json:"metadataOnly"` // changed in nothing but what tools write and nothing reads, see Hunk.Noise
	Rolled       int  `json:"rolled"`       // workloads whose pods are replaced, the entries of Tables.Rollouts
	Moved        int  `json:"moved"`        // objects that only went to another file
	Respelled    int  `json:"respelled"`    // objects whose bytes differ and that mean the same: comments, order of keys, quotes
	Noise        int  `json:"noise"`        // hunks that are folded, in all objects
	Files        int  `json:"files"`        // changed files that hold no object
	Risk         Risk `json:"risk"`
}

// Origin says what was compared, for the footer. Names are as a person gave them; commits are full ids, empty for a work tree or
// a folder.
type Origin struct {
	Base       string `json:"base"`
	Head       string `json:"head"`
	BaseCommit string `json:"baseCommit,omitempty"`
	HeadCommit string `json:"headCommit,omitempty"`
	Command    string `json:"command,omitempty"` // shows all of it
	Patch      string `json:"patch,omitempty"`   // "sha256:" and the hash of the full patch, as Patch writes it
	LeftOut    int    `json:"leftOut"`           // hunks that the patch leaves out because they could show a secret, or are not text
}

// Cluster is what is known of one cluster beside its objects. A tree that gkops did not write is one cluster without a name.
type Cluster struct {
	Name          string     `json:"name"`
	Kubernetes    string     `json:"kubernetes,omitempty"`    // "1.34"
	OldKubernetes string     `json:"oldKubernetes,omitempty"` // when it was another
	Interval      *Interval  `json:"interval,omitempty"`      // Kubernetes versions that all of head fits
	OldInterval   *Interval  `json:"oldInterval,omitempty"`   // when base fits others
	Instances     []Instance `json:"instances"`               // those that changed, by name
	Layers        []Layer    `json:"layers"`                  // the parts of head by layer and name, for a graph
}

// Interval is a range of Kubernetes minors, both ends included; an empty end is open.
type Interval struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// Instance is an installation of a package that came, went or changed.
type Instance struct {
	Change  Change   `json:"change"`
	Name    string   `json:"name"`
	Package string   `json:"package"`
	Old     string   `json:"old,omitempty"` // versions; both are the same when only its settings changed
	New     string   `json:"new,omitempty"`
	Reasons []string `json:"reasons"` // of the plan: "asked for in gkops.yaml", "kserve 0.15 asks for >=1.16"
	Notes   []Link   `json:"notes"`   // release notes and other pages of the package
}

// Link is an address with what it leads to. Both are texts of a package: a renderer decides whether it may be followed.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Layer is one part of an instance in the graph of a cluster; ID is "<instance>/<part>".
type Layer struct {
	ID        string   `json:"id"`
	Instance  string   `json:"instance"`
	Version   string   `json:"version,omitempty"`
	Layer     int      `json:"layer"`
	DependsOn []string `json:"dependsOn"`
	Changed   bool     `json:"changed"` // it is new, or has other files than before
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
	Change   Change         `json:"change"`
	Object   finding.Object `json:"object"` // as in head, or as in base when it was removed
	File     string         `json:"file"`
	OldFile  string         `json:"oldFile,omitempty"`  // where base has it, when that is another file
	Cluster  string         `json:"cluster,omitempty"`  // as Options.Scope says
	Instance string         `json:"instance,omitempty"` // as Options.Instance says
	Risk     Risk           `json:"risk"`               // of its kind and change, or of the attention that it needs
	Hunks    []Hunk         `json:"hunks"`              // one with an empty path when it was added or removed
}

// Key tells objects of one report apart: the file and the object.
func (o Object) Key() string { return o.File + "\x00" + o.Object.Key() }

// Folded reports whether there is nothing in the object that has to be shown: every hunk is noise.
func (o Object) Folded() bool {
	return o.Change == MetadataOnly || o.Change == Changed && !slices.ContainsFunc(o.Hunks, func(h Hunk) bool { return !h.Noise })
}

// FileChange is a changed file, or part of one, that holds no object.
type FileChange struct {
	Change  Change `json:"change"`
	File    string `json:"file"`
	Added   int    `json:"added"`   // lines
	Removed int    `json:"removed"` // lines
}

// Attention is one thing that should not be overlooked.
type Attention struct {
	Rule    string         `json:"rule"` // one of Rules, or "compat-" and a rule of the compatibility check
	Risk    Risk           `json:"risk"`
	Message string         `json:"message"`        // one sentence that holds names of the tree
	Why     string         `json:"why"`            // one sentence: why it matters
	Do      string         `json:"do"`             // one sentence: what to do
	Object  finding.Object `json:"object"`         // empty when it is about a file
	Path    string         `json:"path,omitempty"` // of the field in the object, as in Hunk.Path
	File    string         `json:"file"`
	Line    int            `json:"line,omitempty"`
	Cluster string         `json:"cluster,omitempty"`
}

// Fold is a fact that stands for changes that are not shown one by one.
type Fold struct {
	Fact   string `json:"fact"` // one of the Fact constants
	Count  int    `json:"count"`
	Reason string `json:"reason,omitempty"` // of a user's rule
	Where  string `json:"where,omitempty"`  // of a user's rule, "gkops.yaml:12"
}

// The facts that hunks, objects and files are folded into.
const (
	FactLabel       = "label"       // labels and annotations that tools write: version, chart, generator
	FactChecksum    = "checksum"    // checksum annotations of a pod template: its pods are replaced
	FactCertificate = "certificate" // certificates and bundles of them
	FactIgnored     = "ignored"     // what a rule of the user ignores
	FactAccepted    = "accepted"    // findings of the compatibility check that a rule of the user accepts
	FactMoved       = "moved"       // objects that went to another file and are the same
	FactRespelled   = "respelled"   // objects that are written in another way and mean the same
)

// Attentions are the indices of the attention that an object needs, most dangerous first.
func (r *Report) Attentions(o Object) []int {
	var found []int
	for i, a := range r.Attention {
		if a.File == o.File && a.Object.Key() == o.Object.Key() {
			found = append(found, i)
		}
	}
	return found
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
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(weight(a.Rule), weight(b.Rule)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Object.Key(), b.Object.Key()), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	slices.SortStableFunc(r.Files, func(a, b FileChange) int { return cmp.Compare(a.File, b.File) })
	r.Tables.order()
}
