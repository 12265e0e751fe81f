package document

import "gkops.dev/gkops/compat/finding"

// Header is what Scan reads of one document.
type Header struct {
	Object finding.Object
	Line   int // 1-based line of the first content
}
