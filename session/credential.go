package session

import (
	"net/http"
	"strings"
)

// credential returns the one session token of a request, from the cookie or
// from "Authorization: Bearer". More than one, of either kind, is ambiguous:
// a neighbour host or a proxy may have planted the other, and guessing which
// is right would be trusting it.
func credential(h http.Header, cookie string) (string, denial, bool) {
	fromCookie, cookies := cookieValue(h["Cookie"], cookie)
	bearer, bearers := bearerValue(h["Authorization"])
	switch {
	case cookies+bearers > 1:
		return "", denyAmbiguous, false
	case cookies == 1:
		return fromCookie, 0, true
	case bearers == 1:
		return bearer, 0, true
	}
	return "", denyMissing, false
}

// cookieValue returns the last value and the number of cookies of a name.
// RFC 6265, section 4.2.1: pairs are separated by ';'. Names are compared
// exactly; a quoted value is returned with its quotes and fits no token.
func cookieValue(lines []string, name string) (value string, n int) {
	for _, line := range lines {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			k, v, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
			if ok && strings.Trim(k, " \t") == name {
				value = v
				n++
			}
		}
	}
	return value, n
}

// bearerValue returns the value and the number of bearer tokens (RFC 6750,
// section 2.1). Other schemes are left to others.
func bearerValue(lines []string) (value string, n int) {
	const scheme = "Bearer "
	for _, line := range lines {
		if len(line) > len(scheme) && strings.EqualFold(line[:len(scheme)], scheme) {
			value = strings.Trim(line[len(scheme):], " \t")
			n++
		}
	}
	return value, n
}

// activity says what a request counts as on a route that allows most. A client
// can only lower it: by "Session-Activity: passive", or when the browser
// says that it merely fetches ahead.
func activity(h http.Header, most Activity) Activity {
	if most != Active {
		return Passive
	}
	if v := h["Session-Activity"]; len(v) > 0 {
		return Passive
	}
	if v := h["Sec-Purpose"]; len(v) > 0 && strings.HasPrefix(v[0], "prefetch") {
		return Passive
	}
	return Active
}
