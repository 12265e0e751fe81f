package document

import "strings"

// plainText looks at the characters: no control characters, no line breaks but line feeds, nothing that readers disagree about.
func plainText(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' {
			continue
		}
		if c < 0x80 {
			if c != '\t' {
				return false
			}
			continue
		}
		if !plainRune(text[i:]) {
			return false
		}
	}
	return true
}

// plainRune refuses control characters, other line breaks, byte order marks and noncharacters by their first bytes.
func plainRune(s string) bool {
	switch s[0] {
	case 0xc2:
		return s[1] >= 0xa0
	case 0xe2:
		return s[1] != 0x80 || s[2] != 0xa8 && s[2] != 0xa9
	case 0xef:
		return !strings.HasPrefix(s, "\ufeff") && !strings.HasPrefix(s, "\ufffe") && !strings.HasPrefix(s, "\uffff")
	}
	return true
}
