package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// Link is one request in a chain: who asked, for which instance and in which range.
type Link struct {
	By       string // the asking instance, empty for the workspace
	Instance string // the instance that was asked for
	Range    catalog.Range
	Where    string
	Virtual  string // what was asked for, when the instance provides it as a virtual package
}

// Chain is a way from the workspace to an instance, the workspace's request first.
type Chain []Link

// String is the chain on one line: "gkops.yaml:12 asks for tracecat; tracecat needs postgresql ~1.2".
func (c Chain) String() string {
	links := make([]string, len(c))
	for i, link := range c {
		links[i] = link.String()
	}
	return strings.Join(links, "; ")
}

// String is the request as a sentence.
func (l Link) String() string {
	verb, by := "needs", l.By
	if by == "" {
		verb, by = "asks for", cmp.Or(l.Where, "the workspace")
	}
	text := strings.TrimRight(fmt.Sprintf("%s %s %s %s", by, verb, cmp.Or(l.Virtual, l.Instance), l.Range), " ")
	if l.Virtual != "" {
		text += fmt.Sprintf(", which %s provides", l.Instance)
	}
	return text
}

// Why lists the chains from the workspace to an instance: one for each direct request, each the shortest to who asks, ties
// by name. It is empty when the plan has no such instance.
func (p *Plan) Why(instance string) []Chain {
	chosen := p.Instance(instance)
	if chosen == nil {
		return nil
	}
	shortest := p.shortest()
	var chains []Chain
	for _, reason := range chosen.RequiredBy {
		link := Link{By: reason.By, Instance: instance, Range: reason.Range, Where: reason.Where, Virtual: reason.Virtual}
		chains = append(chains, append(slices.Clone(shortest[reason.By]), link))
	}
	return chains
}

// shortest is the shortest chain from the workspace to each instance, breadth first in the order of names.
func (p *Plan) shortest() map[string]Chain {
	found := map[string]Chain{"": nil}
	queue := []string{""}
	for len(queue) > 0 {
		by := queue[0]
		queue = queue[1:]
		for i := range p.Instances {
			chosen := &p.Instances[i]
			if _, seen := found[chosen.Instance]; seen {
				continue
			}
			for _, reason := range chosen.RequiredBy {
				if reason.By == by {
					link := Link{By: by, Instance: chosen.Instance, Range: reason.Range, Where: reason.Where, Virtual: reason.Virtual}
					found[chosen.Instance] = append(slices.Clone(found[by]), link)
					queue = append(queue, chosen.Instance)
					break
				}
			}
		}
	}
	return found
}
