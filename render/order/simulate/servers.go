package simulate

import (
	"fmt"
	"slices"
)

// checkWebhooks finds objects that are applied while something that must answer for them is not up: a webhook that admits them, one that
// converts them, or the server of an aggregated API.
func (t *Timeline) checkWebhooks() {
	plurals := map[string]string{}
	for _, o := range t.after.Objects {
		if d := o.defines; d != nil {
			plurals[typeKey(d.group, d.kind)] = d.plural
		}
	}
	namespaces := t.namespaceLabels()
	for n := range t.Events {
		e := &t.Events[n]
		if e.Action == Prune || e.Action == Orphan {
			continue
		}
		o := e.Object
		for i := range o.webhooks {
			t.checkWebhook(e, &o.webhooks[i], plurals, namespaces)
		}
		if o.defines != nil && o.defines.converter != nil {
			t.checkConverter(e)
		}
		if o.aggregates != nil {
			t.checkAggregated(e)
		}
	}
}

// namespaceLabels are the labels of namespaces, with the one that the API server gives to each.
func (t *Timeline) namespaceLabels() func(*Object) map[string]string {
	known := map[string]map[string]string{}
	return func(o *Object) map[string]string {
		name := o.ID.Namespace
		if o.isNamespace() {
			name = o.ID.Name
		}
		if labels, found := known[name]; found {
			return labels
		}
		labels := map[string]string{"kubernetes.io/metadata.name": name}
		if namespace := t.after.object("/Namespace//" + name); namespace != nil {
			for key, value := range namespace.labels {
				labels[key] = value
			}
		}
		known[name] = labels
		return labels
	}
}

// servers are the workloads behind a Service. stays reports whether the cluster had some before and keeps them.
func (t *Timeline) servers(s service) (servers []*Event, stays bool) {
	key := "/Service/" + s.namespace + "/" + s.name
	front := t.after.object(key)
	if front == nil || len(front.selector()) == 0 {
		return nil, false
	}
	behind := selector{labels: front.selector()}
	for n := range t.Events {
		e := &t.Events[n]
		if e.Object.runs && e.Object.ID.Namespace == s.namespace && e.Action != Prune && e.Action != Orphan && behind.matches(e.Object.pods()) {
			servers = append(servers, e)
			stays = stays || e.Action == Keep || e.Action == Update
		}
	}
	if was := t.before.object(key); was != nil && !stays {
		stays = slices.ContainsFunc(t.before.Objects, func(o *Object) bool {
			return o.runs && o.ID.Namespace == s.namespace && selector{labels: was.selector()}.matches(o.pods())
		}) && len(servers) > 0
	}
	return servers, stays
}

func (t *Timeline) checkWebhook(w *Event, h *webhook, plurals map[string]string, namespaces func(*Object) map[string]string) {
	if !h.strict || t.backendPruned(w.Object, h.service, "webhook "+h.name) {
		return
	}
	servers, stays := t.servers(h.service)
	if len(servers) == 0 {
		return
	}
	for n := range t.Events {
		e := &t.Events[n]
		if e.Action == Prune || e.Action == Orphan {
			continue
		}
		o := e.Object
		plural, custom := plurals[typeKey(o.ID.Group(), o.ID.Kind)]
		if !custom {
			plural = pluralOf(o.ID.Kind)
		}
		if !h.asked(o, plural, namespaces(o)) {
			continue
		}
		if s := t.blocked(e, servers); custom && s != nil {
			t.fault(o, WebhookDown, Error, fmt.Sprintf("webhook %s of %s must admit it, and its server %s is applied only when it is: "+
				"once the server is broken, this object fails, and the fix is never applied",
				h.name, w.Object.ID, s.Object.ID), "put it into a part that waits for the part of the server")
			continue
		}
		if !stays && e.arrives() {
			t.mustBeUp(e, w, servers, custom, fmt.Sprintf("webhook %s of %s", h.name, w.Object.ID))
		}
	}
}

// blocked is a server that is applied, or tried by Flux, only together with an object or after it.
func (t *Timeline) blocked(e *Event, servers []*Event) *Event {
	for _, s := range servers {
		if t.Ready(e, s) || t.Engine == Flux && s.owner == e.owner {
			return s
		}
	}
	return nil
}

// mustBeUp says a fault when an object is not sure to be applied before a webhook is there, or after its server is healthy. What only needs
// another try is a warning; a custom resource is never applied without its controller.
func (t *Timeline) mustBeUp(e, w *Event, servers []*Event, custom bool, who string) {
	if t.fresh(w.Object) == w && t.Before(e, w) {
		return
	}
	if slices.ContainsFunc(servers, func(s *Event) bool { return t.Ready(s, e) }) {
		return
	}
	severity, why := Warning, "and nothing orders the two: the first try may fail"
	switch {
	case slices.ContainsFunc(servers, func(s *Event) bool { return t.Ready(e, s) }):
		severity, why = Error, "and that is applied only when this is: it is never admitted"
	case custom:
		severity, why = Error, "and nothing makes sure that it is up before"
	}
	t.fault(e.Object, WebhookDown, severity, fmt.Sprintf("%s must admit it, its server is %s, %s", who, servers[0].Object.ID, why),
		"let its part wait for the part of the server")
}

// checkConverter: a custom resource of another version than the stored one is converted when it is applied.
func (t *Timeline) checkConverter(c *Event) {
	d := c.Object.defines
	if t.backendPruned(c.Object, *d.converter, "the conversion of "+d.kind) {
		return
	}
	servers, stays := t.servers(*d.converter)
	if stays || len(servers) == 0 {
		return
	}
	for n := range t.Events {
		e := &t.Events[n]
		_, version := cut(e.Object.ID.APIVersion)
		if !e.arrives() || e.Object.ID.Group() != d.group || e.Object.ID.Kind != d.kind || version == d.storage {
			continue
		}
		if !slices.ContainsFunc(servers, func(s *Event) bool { return t.Ready(s, e) }) {
			t.fault(e.Object, ConverterDown, Error, fmt.Sprintf("it has version %s and is stored as %s: "+
				"%s must convert it, and nothing makes sure that it is up before", version, d.storage, servers[0].Object.ID),
				"let its part wait for the part of the server")
		}
	}
}

// checkAggregated: the kinds of an aggregated API are there when its server is.
func (t *Timeline) checkAggregated(a *Event) {
	servers, stays := t.servers(*a.Object.aggregates)
	if stays || len(servers) == 0 {
		return
	}
	version, group, _ := splitDot(a.Object.ID.Name)
	for n := range t.Events {
		e := &t.Events[n]
		_, has := cut(e.Object.ID.APIVersion)
		if !e.arrives() || e.Object.ID.Group() != group || has != version {
			continue
		}
		if !slices.ContainsFunc(servers, func(s *Event) bool { return t.Ready(s, e) }) {
			t.fault(e.Object, APIDown, Error, fmt.Sprintf("its kind is served by %s by way of %s, "+
				"and nothing makes sure that it is up before", servers[0].Object.ID, a.Object.ID),
				"let its part wait for the part of the server")
		}
	}
}

// backendPruned says a fault when the Service of a webhook leaves and the webhook stays.
func (t *Timeline) backendPruned(o *Object, s service, who string) bool {
	gone := t.gone["/Service/"+s.namespace+"/"+s.name]
	if gone == nil || gone.Action != Prune {
		return false
	}
	if o.defines != nil && !t.usesKind(o.defines) {
		return false
	}
	t.fault(o, BackendPruned, Error, fmt.Sprintf("%s stays, and Service %s/%s that answers for it is deleted: "+
		"what it must answer for is refused from then on", who, s.namespace, s.name),
		"delete the webhook before its server, or both in one part")
	return true
}

// usesKind reports whether the new tree has custom resources of a definition.
func (t *Timeline) usesKind(d *definition) bool {
	return slices.ContainsFunc(t.after.Objects, func(o *Object) bool { return o.ID.Group() == d.group && o.ID.Kind == d.kind })
}
