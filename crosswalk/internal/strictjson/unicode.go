package strictjson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
)

// half returns where an escape stands for half of a surrogate pair alone, which
// encoding/json would read as U+FFFD, and -1 if none does. data is valid JSON,
// so that every backslash begins an escape.
func half(data []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\\')
		if n < 0 {
			return -1
		}
		i += n
		r, ok := escape(data[i:])
		switch {
		case !ok:
			i += 2
		case !utf16.IsSurrogate(r):
			i += 6
		default:
			low, _ := escape(data[i+6:])
			if utf16.DecodeRune(r, low) == '\uFFFD' {
				return i
			}
			i += 12
		}
	}
}

// escape reads the \u escape that data begins with, and false if it begins with
// none.
func escape(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}
