package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// Purposes are the purposes of use that a route serves. A request may choose
// among them and never names another: not what it claims decides, but the route,
// then the grant of the caller ([WithPurposes]), then the rules of the policy.
// [FixedPurpose] and [PurposeChoice] make them; the zero value serves none, and
// fails [Guard.VerifyRoutes]. It is immutable and safe for concurrent use.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Purposes struct {
	allowed []safeguard.Purpose
	named   func(*http.Request) []string // nil if requests do not choose
}

// FixedPurpose is p for every request of a route that serves one purpose,
// whatever the request says.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func FixedPurpose(p safeguard.Purpose) Purposes {
	return Purposes{allowed: []safeguard.Purpose{p}}
}

// PurposeChoice lets a request choose one of allowed by its Purpose-Of-Use
// header, which must be there once. Without the header it is the only one of
// allowed that the caller was let in for, if there is just one. The choice is a
// claim of the caller, and recorded as such.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func PurposeChoice(allowed ...safeguard.Purpose) Purposes {
	return Purposes{slices.Clone(allowed), func(r *http.Request) []string { return r.Header["Purpose-Of-Use"] }}
}

// ChosenBy is p with the choice found elsewhere than in the header, for a
// browser that cannot send one: named returns all that a request names. It is
// held against the list all the same.
func (p Purposes) ChosenBy(named func(*http.Request) []string) Purposes {
	p.named = named
	return p
}

// Of returns the purpose of a request. The error is safeguard.ErrPurpose.
func (p Purposes) Of(r *http.Request) (safeguard.Purpose, error) {
	var named []string
	if p.named != nil {
		named = p.named(r)
	}
	if len(named) == 0 {
		return p.only(narrowingOf(r.Context()).denied)
	}
	for _, allowed := range p.allowed {
		if len(named) == 1 && named[0] == string(allowed) && allowed.Valid() {
			return allowed, nil
		}
	}
	return "", safeguard.ErrPurpose
}

// only returns the purpose that is left where one is.
func (p Purposes) only(denied uint32) (safeguard.Purpose, error) {
	if len(p.allowed) == 1 { // what the grant says of it is for the decision
		denied = 0
	}
	var left safeguard.Purpose
	for _, allowed := range p.allowed {
		switch {
		case !allowed.Valid() || purposeBit(allowed)&denied != 0 || allowed == left:
		case left != "":
			return "", safeguard.ErrPurpose
		default:
			left = allowed
		}
	}
	if left == "" {
		return "", safeguard.ErrPurpose
	}
	return left, nil
}

// check returns what is wrong with the purposes of a route.
func (p Purposes) check() error {
	if len(p.allowed) == 0 {
		return errors.New("rule: no Purpose; FixedPurpose and PurposeChoice make one")
	}
	for _, allowed := range p.allowed {
		if !allowed.Valid() {
			return fmt.Errorf("rule: Purpose: %s is no purpose of use", quote(string(allowed)))
		}
	}
	return nil
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
