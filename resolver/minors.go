package resolver

import (
	"fmt"

	"gkops.dev/gkops/resolver/catalog"
)

// maxMinor is above every minor version of Kubernetes that a range is likely to mean.
const maxMinor = 200

// minors says which versions of Kubernetes a range holds, by their minors: "1.31 to 1.35", "1.25 and later". A range that cuts
// through a minor, or that has holes, is as it was written.
func minors(r catalog.Range) string {
	first, last := -1, -1
	for minor := range maxMinor {
		low, high := r.Allows(minorVersion(1, minor, 0)), r.Allows(minorVersion(1, minor, 1<<20))
		switch {
		case low != high, low && last >= 0 && last < minor-1:
			return anyText(rangeText(r))
		case low && first < 0:
			first = minor
		}
		if low {
			last = minor
		}
	}
	switch {
	case first < 0 || first == 0 && last == maxMinor-1:
		return anyText(rangeText(r))
	case first == 0:
		return fmt.Sprintf("up to 1.%d", last)
	case last == maxMinor-1:
		return fmt.Sprintf("1.%d and later", first)
	case first == last:
		return fmt.Sprintf("1.%d", first)
	}
	return fmt.Sprintf("1.%d to 1.%d", first, last)
}

// minorVersion is a version of Kubernetes.
func minorVersion(major, minor, patch int) catalog.Version {
	v, err := catalog.ParseVersion(fmt.Sprintf("%d.%d.%d", major, minor, patch))
	if err != nil {
		panic(err)
	}
	return v
}
