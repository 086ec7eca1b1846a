package deid

import (
	"strings"
	"unicode"
)

const (
	maxDisplay = 400 // bytes of the longest display that may stay
	maxDigits  = 6   // with no letter between them; a telephone number has more
)

// suspicious reports whether a display text has what no designation of a code
// needs but identifiers have: characters that hide others, an at sign, an
// address of the web, more than six digits with no letter between them, a date
// or an age over 89.
func suspicious(s string) bool {
	if len(s) > maxDisplay || strings.ContainsFunc(s, hides) {
		return true
	}
	lower := fold(s)
	if strings.ContainsAny(lower, "@<>﹫") || strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		return true
	}
	list := tokens(lower)
	digits := 0
	for i, t := range list {
		if !t.number {
			digits = 0
			if isHost(list, i) || listed(ageWords, t.text) {
				return true
			}
			continue
		}
		if digits += len([]rune(t.text)); digits > maxDigits {
			return true
		}
		if isDate(list, i) || isOldAge(list, i) {
			return true
		}
	}
	return bornWithNumber(list)
}

// hides reports whether a character is one that is not seen, that breaks a
// line, or that is a digit of another script.
func hides(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || c > 0x7f && unicode.IsDigit(c) || c == unicode.ReplacementChar
}

// token is a run of letters or of digits in a text.
type token struct {
	text   string
	number bool
	before string // what stands between it and the token before
}

func tokens(s string) []token {
	var list []token
	start, end, number := -1, 0, false
	flush := func(at int) {
		if start >= 0 {
			list = append(list, token{s[start:at], number, s[end:start]})
			start, end = -1, at
		}
	}
	for i, c := range s {
		digit := unicode.IsNumber(c)
		letter := unicode.IsLetter(c) || unicode.IsMark(c)
		if start >= 0 && (!digit && !letter || digit != number) {
			flush(i)
		}
		if start < 0 && (digit || letter) {
			start, number = i, digit
		}
	}
	flush(len(s))
	return list
}

const (
	monthNames = " january february march april may june july august september october november december" +
		" jan feb mar apr jun jul aug sep sept oct nov dec "
	topDomains = " com org net edu gov mil info biz io me us uk ca eu app dev health example "
	yearsOld   = " year years yr yrs yo y jahre jahr anos ans "
	ageWords   = " nonagenarian centenarian supercentenarian ninetysomething "
	bornWords  = " born dob birthdate birthday "
)

// isHost reports whether the letters at i end the name of a computer.
func isHost(list []token, i int) bool {
	return i > 0 && list[i].before == "." && listed(topDomains, list[i].text)
}

// isDate reports whether the number at i ends a date of three numbers, or
// stands beside the name of a month.
func isDate(list []token, i int) bool {
	if i >= 2 && list[i-1].number && list[i-2].number && isMark(list[i].before) && sameMark(list[i].before, list[i-1].before) {
		return true
	}
	isMonth := func(i int) bool { return i >= 0 && i < len(list) && listed(monthNames, list[i].text) }
	return len(list[i].text) <= 4 && (isMonth(i-1) || isMonth(i+1) || i+2 < len(list) && ordinalSuffix(list[i+1]) && isMonth(i+2))
}

// isMark reports whether s stands between the numbers of a date, or of an
// address of the internet.
func isMark(s string) bool {
	s = strings.TrimSpace(s)
	return len([]rune(s)) == 1 && !strings.ContainsAny(s, "+%&([,;:*=^")
}

func sameMark(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

func ordinalSuffix(t token) bool { return t.before == "" && listed(" st nd rd th ", t.text) }

// isOldAge reports whether the number at i is an age over 89.
func isOldAge(list []token, i int) bool {
	s := strings.TrimLeft(list[i].text, "0")
	if len(s) < 2 || len(s) > 3 || len(s) == 2 && s < "90" {
		return false
	}
	after := i+1 < len(list) && listed(yearsOld, list[i+1].text)
	before := i > 0 && listed(" age aged ages ", list[i-1].text)
	return after || before
}

// bornWithNumber reports whether a text speaks of a birth and has a number.
func bornWithNumber(list []token) bool {
	born, number := false, false
	for _, t := range list {
		born = born || listed(bornWords, t.text)
		number = number || t.number
	}
	return born && number
}
