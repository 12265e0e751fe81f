package cache

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"gkops.dev/gkops/resolver/catalog"
)

// VanishedError says that a registry's list no longer has versions that it had: it was rolled back, or they were withdrawn.
// The remembered list stays, so the error comes again until somebody removes the memory.
type VanishedError struct {
	URL      string
	Versions []string
	Memory   string // the file that remembers the list
}

// Error names what is gone, five versions at most.
func (e *VanishedError) Error() string {
	const most = 5
	listed := strings.Join(e.Versions[:min(most, len(e.Versions))], ", ")
	if more := len(e.Versions) - most; more > 0 {
		listed += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s lost versions that it listed before: %s", catalog.Redact(e.URL), listed)
}

// Hint says what to do about it.
func (e *VanishedError) Hint() string {
	return "an old copy of the registry may be served; if they were withdrawn on purpose, remove " + e.Memory
}

// vanished are the versions that an old versions.yaml has and the new one lacks. readable is false for a new one that cannot be
// read while the old one can. Other files lose nothing.
func vanished(address string, old, data []byte) (lost []string, readable bool) {
	u, err := url.Parse(address)
	if old == nil || err != nil || path.Base(u.Path) != "versions.yaml" {
		return nil, true
	}
	before, err := catalog.ParseVersions("before", old)
	if err != nil {
		return nil, true
	}
	after, err := catalog.ParseVersions("after", data)
	if err != nil {
		return nil, false
	}
	there := make(map[string]bool, len(after))
	for _, v := range after {
		there[v.Key()] = true
	}
	for _, v := range before {
		if !there[v.Key()] {
			lost = append(lost, v.String())
		}
	}
	return lost, true
}
