package review

import (
	"cmp"
	"slices"

	"gkops.dev/gkops/compat/finding"
)

// Tables are what a reviewer compares side by side. Each is sorted; lists are never nil.
type Tables struct {
	Images   []Image         `json:"images"`
	Rollouts []Rollout       `json:"rollouts"`
	Rights   []Rights        `json:"rights"`
	CRDs     []CRDChange     `json:"crds"`
	Webhooks []WebhookChange `json:"webhooks"`
}

// Image is an image that containers of the tree start to use, use no more, or use in another version.
type Image struct {
	From  string  `json:"from,omitempty"` // empty when it is new
	To    string  `json:"to,omitempty"`   // empty when it is used no more
	Users []Place `json:"users"`
}

// Place is where in the tree something is.
type Place struct {
	Object    finding.Object `json:"object"`
	File      string         `json:"file"`
	Container string         `json:"container,omitempty"`

	path fieldPath // of the image
}

// Rollout is a workload whose pods are replaced.
type Rollout struct {
	Object  finding.Object `json:"object"`
	File    string         `json:"file"`
	Cluster string         `json:"cluster,omitempty"`
	Reasons []string       `json:"reasons"` // image, env, args, resources, probes, volumes, security, ...; "checksum only" stands alone
}

// Rights is what a role, or a binding, allows more or less than before.
type Rights struct {
	Change  Change         `json:"change"`
	Object  finding.Object `json:"object"`
	File    string         `json:"file"`
	Added   []string       `json:"added"`   // "secrets (get, list)", or subjects of a binding
	Removed []string       `json:"removed"` // the same
	Risk    Risk           `json:"risk"`
}

// CRDChange is what a custom resource definition serves otherwise than before.
type CRDChange struct {
	Change        Change         `json:"change"`
	Object        finding.Object `json:"object"`
	File          string         `json:"file"`
	Served        []string       `json:"served"`                  // versions that are served now and were not
	Dropped       []string       `json:"dropped"`                 // versions that were served and are not
	Storage       string         `json:"storage,omitempty"`       // the storage version, when it is another than OldStorage
	OldStorage    string         `json:"oldStorage,omitempty"`    // the storage version before
	FieldsAdded   int            `json:"fieldsAdded"`             // of the versions that both have
	FieldsDropped []string       `json:"fieldsDropped,omitempty"` // "v1 spec.foo"
}

// WebhookChange is one field of a webhook that differs.
type WebhookChange struct {
	Change  Change         `json:"change"`
	Object  finding.Object `json:"object"`
	File    string         `json:"file"`
	Webhook string         `json:"webhook"`
	Field   string         `json:"field"` // failurePolicy, rules, namespaceSelector, ...; empty when the webhook comes or goes
	Old     string         `json:"old,omitempty"`
	New     string         `json:"new,omitempty"`
}

func emptyTables() Tables {
	return Tables{Images: []Image{}, Rollouts: []Rollout{}, Rights: []Rights{}, CRDs: []CRDChange{}, Webhooks: []WebhookChange{}}
}

// add takes what one object gives. Images are joined later.
func (t *Tables) add(other Tables) {
	t.Images = append(t.Images, other.Images...)
	t.Rollouts = append(t.Rollouts, other.Rollouts...)
	t.Rights = append(t.Rights, other.Rights...)
	t.CRDs = append(t.CRDs, other.CRDs...)
	t.Webhooks = append(t.Webhooks, other.Webhooks...)
}

// order joins the users of one change of image, and sorts.
func (t *Tables) order() {
	places := func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Object.Key(), b.Object.Key()), cmp.Compare(a.Container, b.Container))
	}
	slices.SortStableFunc(t.Images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From), slices.CompareFunc(a.Users, b.Users, places))
	})
	joined := t.Images[:0]
	for _, image := range t.Images {
		if n := len(joined); n > 0 && joined[n-1].From == image.From && joined[n-1].To == image.To {
			joined[n-1].Users = append(joined[n-1].Users, image.Users...)
			continue
		}
		joined = append(joined, image)
	}
	t.Images = joined
	at := func(file, other string, object, another finding.Object) int {
		return cmp.Or(cmp.Compare(file, other), cmp.Compare(object.Key(), another.Key()))
	}
	slices.SortStableFunc(t.Rollouts, func(a, b Rollout) int { return at(a.File, b.File, a.Object, b.Object) })
	slices.SortStableFunc(t.Rights, func(a, b Rights) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), at(a.File, b.File, a.Object, b.Object))
	})
	slices.SortStableFunc(t.CRDs, func(a, b CRDChange) int { return at(a.File, b.File, a.Object, b.Object) })
	slices.SortStableFunc(t.Webhooks, func(a, b WebhookChange) int {
		return cmp.Or(at(a.File, b.File, a.Object, b.Object), cmp.Compare(a.Webhook, b.Webhook), cmp.Compare(a.Field, b.Field))
	})
}
