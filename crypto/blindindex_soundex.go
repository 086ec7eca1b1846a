package crypto

// soundexCodes are the digits of the letters A to Z. 0 stands for the vowels
// and Y, which part equal digits, and - for H and W, which do not.
const soundexCodes = "0123012-02245501262301-202"

// soundex appends the code of the name in b behind it and returns the code.
func soundex(b []byte) ([]byte, error) {
	code := b[len(b):]
	var last byte
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == ' ', c == '-', c == '\'', c == '.':
			continue
		case c < 'A' || c > 'Z':
			return nil, badValue("a character that Soundex does not know")
		}
		digit := soundexCodes[c-'A']
		switch {
		case len(code) == 0:
			code = append(code, c)
		case digit == '-':
			continue
		case digit != '0' && digit != last && len(code) < 4:
			code = append(code, digit)
		}
		last = digit
	}
	if len(code) == 0 {
		return nil, badValue("no letter")
	}
	return append(code, "000"[len(code)-1:]...), nil
}
