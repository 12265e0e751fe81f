package catalog

import (
	"fmt"
	"regexp"
)

var kubernetesVersion = regexp.MustCompile(`^v?((?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8}))(\.(?:0|[1-9][0-9]{0,8}))?(?:\+|[-+][0-9A-Za-z.+-]+)?$`)

// ParseKubernetes reads the version of a cluster as people and clouds write it: "1.33", "v1.31.4", "v1.31.4-gke.1200",
// "v1.30.1+k3s1", "1.29+". What a vendor or a release candidate appends is dropped, since ">=1.25.0" must hold for
// "v1.31.4-gke.1200". A version without a patch compares as patch 0; its String has none either.
func ParseKubernetes(s string) (Version, error) {
	if len(s) > maxVersionLength {
		return Version{}, fmt.Errorf("kubernetes version %q... has %d bytes, more than %d", s[:16], len(s), maxVersionLength)
	}
	m := kubernetesVersion.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("kubernetes version %q is not MAJOR.MINOR or MAJOR.MINOR.PATCH", s)
	}
	patch := m[2]
	if patch == "" {
		patch = ".0"
	}
	v, err := ParseVersion(m[1] + patch)
	v.raw = m[1] + m[2]
	return v, err
}
