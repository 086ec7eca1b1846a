package access

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escape returns the length of the escape sequence at the start of b, a pair
// of surrogates counting as one, or 0 if it is not a valid one.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		_, n := unicodeEscape(b)
		return n
	}
	return 0
}

// unicodeEscape returns the character that \uXXXX, or a pair of them, stands
// for, and its length; 0 if b does not begin with one. Half a pair is none.
func unicodeEscape(b []byte) (rune, int) {
	high, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	low, ok := hex4(b[6:])
	if !ok {
		return 0, 0
	}
	r := utf16.DecodeRune(high, low)
	if r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex4 returns the number in \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	r := rune(0)
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape writes what a valid string stands for into dst and returns its
// length. It reports false if dst is too short.
func unescape(dst, raw []byte) (int, bool) {
	n := 0
	for i := 0; i < len(raw); {
		if n+utf8.UTFMax > len(dst) {
			return 0, false
		}
		if raw[i] != '\\' {
			dst[n] = raw[i]
			n++
			i++
			continue
		}
		if raw[i+1] == 'u' {
			r, size := unicodeEscape(raw[i:])
			n += utf8.EncodeRune(dst[n:], r)
			i += size
			continue
		}
		dst[n] = simpleEscape(raw[i+1])
		n++
		i += 2
	}
	return n, true
}

func simpleEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
