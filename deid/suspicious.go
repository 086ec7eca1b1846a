package deid

import "strings"

// suspicious reports whether a display text has what no designation of a
// code has but identifiers do: an at sign, a URL, or seven digits and more
// with nothing but hyphens, points, slashes, spaces or brackets between them.
func suspicious(s string) bool {
	if strings.ContainsAny(s, "@<>\n\r\t") || strings.Contains(s, "://") || strings.Contains(s, "www.") || len(s) > 400 {
		return true
	}
	run := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			if run++; run >= 7 {
				return true
			}
		case strings.IndexByte("-./ ()", c) < 0:
			run = 0
		}
	}
	return false
}
