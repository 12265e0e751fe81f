package resolver

import (
	"slices"
	"strings"
)

// apiKind is a kind of custom resource.
type apiKind struct{ group, kind string }

// usage is the elements of a node that use, or serve, the same versions of a kind.
type usage struct {
	node     *node
	set      set
	versions []string // sorted
	source   string
}

// joinAPIs adds that no user of a custom resource is in the plan with a provider of its kind that serves none of the versions
// used. Without a provider in the plan nothing is said: the definitions may be in the cluster already.
func (s *search) joinAPIs(n *node, these set, needs *Needs) {
	for _, api := range needs.Uses {
		if len(api.Versions) == 0 {
			continue
		}
		key := apiKind{api.Group, api.Kind}
		user := use(s.users, key, n, these, api)
		for _, server := range s.servers[key] {
			s.join(key, user, server)
		}
	}
	for _, api := range served(needs.Serves) {
		key := apiKind{api.Group, api.Kind}
		server := use(s.servers, key, n, these, api)
		for _, user := range s.users[key] {
			s.join(key, user, server)
		}
	}
}

// served is one entry for each kind.
func served(apis []API) []API {
	var all []API
	for _, api := range apis {
		i := slices.IndexFunc(all, func(other API) bool { return other.Group == api.Group && other.Kind == api.Kind })
		if i < 0 {
			all = append(all, api)
			continue
		}
		all[i].Versions = append(slices.Clone(all[i].Versions), api.Versions...)
	}
	return all
}

// use notes that more elements of a node use or serve versions of a kind.
func use(table map[apiKind][]*usage, key apiKind, n *node, these set, api API) *usage {
	versions := slices.Compact(slices.Sorted(slices.Values(api.Versions)))
	for _, known := range table[key] {
		if known.node == n && slices.Equal(known.versions, versions) && known.source == api.Source {
			known.set = known.set.or(these)
			return known
		}
	}
	fresh := &usage{n, these, versions, api.Source}
	table[key] = append(table[key], fresh)
	return fresh
}

func (s *search) join(key apiKind, user, server *usage) {
	shared := slices.ContainsFunc(user.versions, func(v string) bool { return slices.Contains(server.versions, v) })
	if shared || user.node == server.node || !s.question.counts(edge{fromAPI, user.node.pkg, server.node.pkg}) {
		return
	}
	api := API{Group: key.group, Kind: key.kind, Versions: user.versions}
	s.claim(user.node, user.set, []term{{server.node, server.set}}, origin{kind: fromAPI, target: server.node, named: server.node.pkg,
		against: server.set, api: api, source: user.source, reason: server.source},
		strings.Join(append([]string{key.group, key.kind, strings.Join(user.versions, " ")}, server.versions...), "\n"))
}
