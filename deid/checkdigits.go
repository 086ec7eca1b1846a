package deid

import "strings"

// isSNOMED reports whether s is a SNOMED CT identifier of a concept: 6 to 18
// digits, partition 00 or 10, and a Verhoeff check digit. Few numbers of other
// sorts pass.
func isSNOMED(s string) bool {
	if len(s) < 6 || len(s) > 18 || s[0] == '0' || !only(s, "0123456789") {
		return false
	}
	if p := s[len(s)-3 : len(s)-1]; p != "00" && p != "10" {
		return false
	}
	check := byte(0)
	for i := range len(s) {
		d := s[len(s)-1-i] - '0'
		for range i % 8 {
			d = "1576283094"[d] - '0'
		}
		check = dihedral(check, d)
	}
	return check == 0
}

// dihedral multiplies in the dihedral group of order ten.
func dihedral(a, b byte) byte {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return (a+b-5)%5 + 5
	case b < 5:
		return (a-5+5-b)%5 + 5
	}
	return (a - b + 5) % 5
}

// isLOINC reports whether s is a LOINC code: up to six digits, behind the two
// letters of a part, answer, list or group if it is one, a hyphen, and a check
// digit by the algorithm of Luhn, in which letters count as what they are
// above '0' in ASCII.
func isLOINC(s string) bool {
	code, check, ok := strings.Cut(s, "-")
	number := code
	if len(code) > 2 && listed(" LP LA LL LG ", code[:2]) {
		number = code[2:]
	}
	if !ok || len(check) != 1 || len(number) > 6 || !only(number, "0123456789") || !isDigit(check[0]) {
		return false
	}
	sum := int(check[0] - '0')
	for i := range len(code) {
		v := int(code[len(code)-1-i] - '0')
		if i%2 == 0 {
			v = 2*v - 9*(v/5)
		}
		sum += v
	}
	return sum%10 == 0
}
