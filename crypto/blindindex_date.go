package crypto

import "time"

// year returns the first four bytes of b if b is a date.
func year(b []byte) ([]byte, error) {
	date, clock := b, []byte(nil)
	for i, c := range b {
		if c == 'T' || c == ' ' {
			date, clock = b[:i], b[i+1:]
			break
		}
	}
	if len(date) < len(b) && (len(date) < 8 || !clockLike(clock)) || !validDate(date) {
		return nil, badValue("not a date")
	}
	return b[:4], nil
}

// validDate takes YYYY, YYYY-MM, YYYY-MM-DD and YYYYMMDD.
func validDate(b []byte) bool {
	month, day := 1, 1
	switch {
	case len(b) == 4:
	case len(b) == 7 && b[4] == '-':
		month = number(b[5:7])
	case len(b) == 10 && b[4] == '-' && b[7] == '-':
		month, day = number(b[5:7]), number(b[8:10])
	case len(b) == 8:
		month, day = number(b[4:6]), number(b[6:8])
	default:
		return false
	}
	y := number(b[:4])
	if y < 1 || month < 1 || month > 12 {
		return false
	}
	last := time.Date(y, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return day >= 1 && day <= last
}

// number returns the number that b spells in digits, or -1.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// clockLike reports whether b looks like a time of day, with or without an
// offset. It is not part of what is indexed.
func clockLike(b []byte) bool {
	for _, c := range b {
		digit := c >= '0' && c <= '9'
		if !digit && c != ':' && c != '.' && c != '+' && c != '-' && c != 'Z' {
			return false
		}
	}
	return len(b) >= 2
}
