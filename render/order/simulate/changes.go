package simulate

import (
	"bytes"
	"fmt"

	"gkops.dev/gkops/compat/document"
)

// checkChanges finds what is there and cannot become what it is to be.
func (t *Timeline) checkChanges() {
	for n := range t.Events {
		e := &t.Events[n]
		if e.Action == Update && e.Object.is("batch", "Job") {
			t.checkJob(e)
		}
	}
}

// checkJob: no API server takes another pod template for a Job that is there. Flux makes it again where it is told to; Argo CD does with hooks, and
// where it is told to replace it by force, which it then does in every sync.
func (t *Timeline) checkJob(e *Event) {
	o, was := e.Object, t.before.object(e.Object.ID.Key())
	if bytes.Equal(podTemplate(was), podTemplate(o)) {
		return
	}
	job := fmt.Sprintf("kubectl delete job %s -n %s", o.ID.Name, o.ID.Namespace)
	why := "its pod template changes, which the API server refuses while the Job of before is there"
	switch {
	case t.Engine == ArgoCD && o.annotations[argoHook] == "" && o.annotations[helmHook] == "" && !(o.listed(argoOptions, "Force=true") && o.listed(argoOptions, "Replace=true")):
		t.fault(o, JobChanged, Warning, why+": the sync fails until it is gone", "delete it when this is merged: "+job)
	case t.Engine == Flux && o.annotations[fluxForce] != "enabled" && !t.after.ownerOf(o).forces:
		t.fault(o, JobChanged, Error, why+": its Kustomization fails until it is gone", "annotate it with "+fluxForce+": enabled")
	}
}

// podTemplate is the pod template of a workload in its canonical form.
func podTemplate(o *Object) []byte {
	node := o.template()
	if node == nil {
		return nil
	}
	data, err := document.Canonical(node)
	if err != nil {
		return nil
	}
	return data
}
