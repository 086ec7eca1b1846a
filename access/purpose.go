package access

import (
	"context"
	"net/http"
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// PurposeHeader returns the purpose that the request's Purpose-Of-Use header
// names, which must be there once. It is a claim of the caller, and recorded as
// such. It reaches no further than the grant: the purposes of the caller's own
// rules, and those of [WithPurposes]. Where a route serves few purposes, say
// which, with [PurposeChoice] or [FixedPurpose].
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func PurposeHeader() func(*http.Request) (safeguard.Purpose, error) {
	return func(r *http.Request) (safeguard.Purpose, error) {
		values := r.Header.Values("Purpose-Of-Use")
		if len(values) != 1 {
			return "", safeguard.ErrPurpose
		}
		return safeguard.ParsePurpose(values[0])
	}
}

// PurposeChoice returns the purpose that the request's Purpose-Of-Use header
// names, which must be there once and be one of allowed. Without the header it
// is the only one allowed, if there is just one.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func PurposeChoice(allowed ...safeguard.Purpose) func(*http.Request) (safeguard.Purpose, error) {
	allowed = slices.Clone(allowed)
	header := PurposeHeader()
	return func(r *http.Request) (safeguard.Purpose, error) {
		if len(allowed) == 1 && len(r.Header.Values("Purpose-Of-Use")) == 0 && allowed[0].Valid() {
			return allowed[0], nil
		}
		p, err := header(r)
		if err != nil || !slices.Contains(allowed, p) {
			return "", safeguard.ErrPurpose
		}
		return p, nil
	}
}

// FixedPurpose returns p for every request of a route that serves one
// purpose.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func FixedPurpose(p safeguard.Purpose) func(*http.Request) (safeguard.Purpose, error) {
	return func(*http.Request) (safeguard.Purpose, error) {
		if !p.Valid() {
			return "", safeguard.ErrPurpose
		}
		return p, nil
	}
}

// WithPurposes says for which purposes the caller was let in, as a bearer token
// or a session may have it: whatever a request claims, other purposes are denied
// with [CodePurpose]. It can only narrow: purposes that are in ctx already go on
// to count. None at all denies everything.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func WithPurposes(ctx context.Context, purposes ...safeguard.Purpose) context.Context {
	var granted uint32
	for _, p := range purposes {
		granted |= purposeBit(p)
	}
	n := narrowingOf(ctx)
	n.denied |= ^granted
	return context.WithValue(ctx, narrowingKey{}, &n)
}
