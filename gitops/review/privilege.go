package review

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gkops.dev/gkops/compat/document"
)

// power is one thing that gives a pod more than its own.
type power struct {
	what string // as part of a sentence
	risk Risk
	path fieldPath
}

// privileges calls to attention what pods may do now and could not before, and namespaces that let them.
func (c *change) privileges() {
	for _, pair := range c.twins() {
		known := map[string]bool{}
		if pair[0] != nil {
			for _, p := range pair[0].powers() {
				known[p.what] = true
			}
		}
		for _, p := range pair[1].powers() {
			if !known[p.what] {
				c.say(rulePrivilege, p.risk, p.path, title(c.object())+": "+p.what)
			}
		}
		if pair[0] != nil {
			c.guards(pair[0], pair[1])
			c.account(pair[0], pair[1])
		}
	}
	c.podSecurity()
}

// powers are what a pod may do to its node, and the containers that may.
func (p podSpec) powers() []power {
	var all []power
	for _, name := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if isTrue(p.node, name) {
			all = append(all, power{"the pods use " + hostWords[name], High, p.path.child(name)})
		}
	}
	if volumes := document.Lookup(p.node, "volumes"); volumes != nil {
		for i, at := range itemPaths(p.path.child("volumes"), volumes) {
			if host := document.Lookup(volumes.Content[i], "hostPath"); host != nil {
				all = append(all, power{"the pods mount " + scalarOf(host, "path") + " of the node (hostPath)", High, at.child("hostPath")})
			}
		}
	}
	all = append(all, contextPowers("the pods", p.path, document.Lookup(p.node, "securityContext"))...)
	for _, one := range p.containers() {
		who := "container " + one.name
		all = append(all, contextPowers(who, one.path, document.Lookup(one.node, "securityContext"))...)
		ports := document.Lookup(one.node, "ports")
		if ports == nil {
			continue
		}
		for i, at := range itemPaths(one.path.child("ports"), ports) {
			if host := scalarOf(ports.Content[i], "hostPort"); host != "" && host != "0" {
				all = append(all, power{who + " takes port " + host + " of the node (hostPort)", Medium, at.child("hostPort")})
			}
		}
	}
	return all
}

var hostWords = map[string]string{
	"hostNetwork": "the network of the node (hostNetwork)",
	"hostPID":     "the processes of the node (hostPID)",
	"hostIPC":     "the shared memory of the node (hostIPC)",
}

// contextPowers is what a securityContext gives.
func contextPowers(who string, at fieldPath, node *yaml.Node) []power {
	if node == nil {
		return nil
	}
	at = at.child("securityContext")
	var all []power
	add := func(risk Risk, what string, path ...string) {
		all = append(all, power{who + " " + what, risk, append(at[:len(at):len(at)], pathOf(path...)...)})
	}
	if isTrue(node, "privileged") {
		add(High, "is privileged", "privileged")
	}
	if isTrue(node, "allowPrivilegeEscalation") {
		add(Medium, "may gain privileges (allowPrivilegeEscalation)", "allowPrivilegeEscalation")
	}
	if scalarOf(node, "runAsUser") == "0" {
		add(Medium, "runs as root (runAsUser 0)", "runAsUser")
	}
	if canonical(document.Lookup(node, "runAsNonRoot")) == "false" {
		add(Medium, "may run as root (runAsNonRoot false)", "runAsNonRoot")
	}
	if scalarOf(node, "procMount") == "Unmasked" {
		add(High, "sees all of /proc (procMount Unmasked)", "procMount")
	}
	for _, profile := range []string{"seccompProfile", "appArmorProfile"} {
		if scalarOf(node, profile, "type") == "Unconfined" {
			add(Medium, "runs without "+profile, profile)
		}
	}
	for _, capability := range texts(document.Lookup(node, "capabilities"), "add") {
		risk := Medium
		if slices.Contains(strongCapabilities, strings.TrimPrefix(strings.ToUpper(capability), "CAP_")) {
			risk = High
		}
		add(risk, "has the capability "+capability, "capabilities", "add")
	}
	return all
}

// strongCapabilities lead to the node (capabilities(7)).
var strongCapabilities = []string{
	"ALL", "BPF", "DAC_READ_SEARCH", "NET_ADMIN", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME", "MAC_ADMIN", "PERFMON",
}

// guards calls to attention what protected the node and does no more.
func (c *change) guards(old, new *podSpec) {
	lost := func(path fieldPath, before, after *yaml.Node, who string) {
		for _, guard := range []struct{ name, want, what string }{
			{"runAsNonRoot", "true", "no longer has to run as another user than root (runAsNonRoot)"},
			{"readOnlyRootFilesystem", "true", "may write to its root file system (readOnlyRootFilesystem)"},
			{"allowPrivilegeEscalation", "false", "may gain privileges (allowPrivilegeEscalation)"},
		} {
			was, now := canonical(document.Lookup(before, guard.name)), canonical(document.Lookup(after, guard.name))
			if was == guard.want && (now == "" || guard.name == "readOnlyRootFilesystem" && now != was) { // the others are powers, see contextPowers
				c.say(rulePrivilege, Medium, path.child("securityContext"), title(c.object())+": "+who+" "+guard.what)
			}
		}
		for _, profile := range []string{"seccompProfile", "appArmorProfile"} {
			if was := scalarOf(before, profile, "type"); was != "" && was != "Unconfined" && document.Lookup(after, profile) == nil {
				c.say(rulePrivilege, Medium, path.child("securityContext"), title(c.object())+": "+who+" has no "+profile+" any more (it was "+was+")")
			}
		}
		if slices.Contains(texts(document.Lookup(before, "capabilities"), "drop"), "ALL") && !slices.Contains(texts(document.Lookup(after, "capabilities"), "drop"), "ALL") {
			c.say(rulePrivilege, Medium, path.child("securityContext").child("capabilities"), title(c.object())+": "+who+" drops not all capabilities any more")
		}
	}
	lost(new.path, document.Lookup(old.node, "securityContext"), document.Lookup(new.node, "securityContext"), "the pods")
	known := map[string]*yaml.Node{}
	for _, one := range old.containers() {
		known[one.path.String()] = one.node
	}
	for _, one := range new.containers() {
		if was := known[one.path.String()]; was != nil {
			lost(one.path, document.Lookup(was, "securityContext"), document.Lookup(one.node, "securityContext"), "container "+one.name)
		}
	}
}

// account calls pods to attention that act as somebody else than before, or that carry a token which they did not.
func (c *change) account(old, new *podSpec) {
	was, now := cmp.Or(scalarOf(old.node, "serviceAccountName"), "default"), cmp.Or(scalarOf(new.node, "serviceAccountName"), "default")
	if was != now {
		c.say(rulePrivilege, Medium, new.path.child("serviceAccountName"), title(c.object())+": the pods act as ServiceAccount "+now+" instead of "+was+": they may do what that may")
	}
	const token = "automountServiceAccountToken"
	if canonical(document.Lookup(old.node, token)) == "false" && canonical(document.Lookup(new.node, token)) != "false" {
		c.say(rulePrivilege, Medium, new.path.child(token), title(c.object())+": the pods carry a token of their account ("+token+")")
	}
}

// podSecurity calls a namespace to attention that lets pods do more than before.
func (c *change) podSecurity() {
	const label = "pod-security.kubernetes.io/enforce"
	levels := []string{"restricted", "baseline", "privileged"}
	if !c.is("", "Namespace") {
		return
	}
	now := slices.Index(levels, scalarOf(c.head.Root(), "metadata", "labels", label))
	was := -1
	if c.base != nil {
		was = slices.Index(levels, scalarOf(c.base.Root(), "metadata", "labels", label))
	}
	path := pathOf("metadata", "labels", label)
	switch {
	case c.base != nil && was >= 0 && now < 0:
		c.say(rulePrivilege, High, path, title(c.object())+" no longer says what its pods may do ("+label+" was "+levels[was]+")")
	case now > was && (was >= 0 || levels[now] == "privileged"):
		c.say(rulePrivilege, High, path, title(c.object())+" lets its pods do more: "+label+" is "+levels[now])
	}
}
