package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest names bytes by their content: "sha256:" and 64 lower-case hex digits. The empty Digest names nothing.
type Digest string

const digestPrefix = "sha256:"

// DigestOf is the digest of the bytes.
func DigestOf(data []byte) Digest {
	sum := sha256.Sum256(data)
	return Digest(digestPrefix + hex.EncodeToString(sum[:]))
}

// ParseDigest reads a digest in its one spelling.
func ParseDigest(s string) (Digest, error) {
	digits, found := strings.CutPrefix(s, digestPrefix)
	if !found || len(digits) != 2*sha256.Size || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", fmt.Errorf("digest %.80q is not sha256: and 64 lower-case hex digits", s)
	}
	return Digest(s), nil
}

// Hex is the digest without its prefix.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), digestPrefix) }
