package policyyaml

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// hidden says where in src the first character is that a reviewer does not see
// or an editor and a parser of YAML take for different things, such as a line
// separator that ends a comment, or one that turns the direction of the text.
func hidden(src []byte) (line, column int, found bool) {
	line, column = 1, 1
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == '\t', r == '\r' && bytes.HasPrefix(src[i+1:], []byte("\n")):
		case r == '\ufeff' && i == 0:
			column = 0
		case isHidden(r):
			return line, column, true
		}
		column++
		i += size
	}
	return 0, 0, false
}

// isHidden reports whether r is a control, a format or a line separator, or
// white space that is no space.
func isHidden(r rune) bool {
	return unicode.Is(unicode.C, r) || unicode.IsSpace(r) && r != ' '
}
