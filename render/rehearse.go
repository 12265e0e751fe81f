package render

import (
	"fmt"

	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/order/simulate"
)

// rehearse reads the rendered bytes as the engine will and refuses what a first install of them would fail on. What only takes another
// try is a finding.
func (o *Output) rehearse(root string) error {
	tree, err := simulate.Read(o.Files, root, nil)
	if err != nil {
		return fmt.Errorf("read what was rendered: %w", err)
	}
	o.AsRead = tree
	timeline := simulate.Predict(nil, tree)
	for _, f := range timeline.Faults {
		o.Findings = append(o.Findings, f.Told())
	}
	finding.Sort(o.Findings)
	return timeline.Refuse()
}
