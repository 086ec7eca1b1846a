package crosswalk

import (
	"errors"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// ErrUnknownID reports a citation that names no provision known here. It is
// what an [IDError] unwraps to.
//
// Controls: none, the rule as data.
var ErrUnknownID = errors.New("crosswalk: id: not a known provision")

// An IDError says which citation was refused and, where one is near, which id
// was probably meant.
//
// Controls: none, the rule as data.
type IDError struct {
	// ID is the refused text, cut to 64 bytes.
	ID string
	// Suggestion is the nearest id, or empty.
	Suggestion safeguard.Control
}

// Error names the refused text and the suggestion.
func (e *IDError) Error() string {
	s := "crosswalk: id: " + quote(e.ID) + " is not a known provision"
	if e.Suggestion != "" {
		s += "; did you mean " + string(e.Suggestion) + "?"
	}
	return s
}

// Unwrap returns ErrUnknownID.
func (e *IDError) Unwrap() error { return ErrUnknownID }

// maxID bounds a citation; the longest id has 20 bytes.
const maxID = 64

// ParseID returns the provision that s cites in the exact spelling of the
// Code of Federal Regulations: no "45 CFR" or "§" before it, no spaces, and
// with the case that tells (i) from (I). Anything else is an [*IDError].
//
// A citation of a whole paragraph, as Appendix A and other tables use it for
// a standard together with its specifications, is refused as well; [Expand]
// reads those.
//
// Controls: none, the rule as data.
func ParseID(s string) (safeguard.Control, error) {
	if r, ok := Get(safeguard.Control(s)); ok {
		return r.ID, nil
	}
	return "", refuse(s)
}

// stale maps paragraph numbers that other sources still use to those of the
// regulation. NIST's CPRT has the number from before 2013, and so does the
// text of 164.314(a)(2)(iii) itself.
func stale(citation string) string {
	if citation == "164.308(b)(4)" {
		return "164.308(b)(3)"
	}
	return citation
}

// Expand returns every known provision that a citation of another source
// stands for. An id stands for itself only: "164.308(a)(7)(i)" is the
// standard. A paragraph or section stands for all that is in it:
// "164.308(a)(7)" is the standard and its specifications, "164.312" all of
// that section. The number 164.308(b)(4), which the regulation has lost and
// NIST's tables keep, stands for 164.308(b)(3).
//
// The spelling is as strict as in [ParseID]. The result is in the order of
// the regulation and belongs to the caller. If nothing matches, the error is
// an [*IDError].
//
// Controls: none, the rule as data.
func Expand(citation string) ([]safeguard.Control, error) {
	citation = stale(citation)
	if r, ok := Get(safeguard.Control(citation)); ok {
		return []safeguard.Control{r.ID}, nil
	}
	var ids []safeguard.Control
	for i := range requirements {
		if strings.HasPrefix(string(requirements[i].ID), citation+"(") {
			ids = append(ids, requirements[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil, refuse(citation)
	}
	return ids, nil
}

func refuse(s string) *IDError {
	if len(s) > maxID {
		return &IDError{ID: strings.ToValidUTF8(s[:maxID], "?")}
	}
	return &IDError{ID: strings.ToValidUTF8(s, "?"), Suggestion: suggest(s)}
}

// suggest returns the id that s probably means: the one that differs only in
// case and punctuation, else the first below the paragraph that s cites, else
// the only one of the same section at an edit distance of one. Guessing
// further would mislead.
func suggest(s string) safeguard.Control {
	key := squash(stale(s))
	if len(key) < len("164308") {
		return ""
	}
	below, near, nears := safeguard.Control(""), safeguard.Control(""), 0
	for i := range requirements {
		id := requirements[i].ID
		switch k := squash(string(id)); {
		case k == key:
			return id
		case below == "" && (k == key+"i" || k == key+"1" || k == key+"1i"):
			below = id
		case k[:6] == key[:6] && oneEdit(k, key):
			near, nears = id, nears+1
		}
	}
	if below != "" {
		return below
	}
	if nears == 1 {
		return near
	}
	return ""
}

// squash keeps letters and digits, in lower case, from the first "164" on.
func squash(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
	if i := strings.Index(s, "164"); i > 0 {
		return s[i:]
	}
	return s
}

// oneEdit reports whether a and b differ by one inserted, deleted or replaced
// byte.
func oneEdit(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i+1:] == b[i:]
}

// quote wraps s in double quotes and shows control characters as '?', so that
// an error text stays on one line.
func quote(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '"' || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, s) + `"`
}
