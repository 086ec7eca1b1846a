package access

import (
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// ErrReplay reports a recorded decision that cannot be taken again by this
// policy alone.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
var ErrReplay = errors.New("access: replay: not decidable from the policy")

// Replayed is what a policy says to a recorded decision.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
type Replayed struct {
	// Agrees reports whether the record says the same in every point below.
	Agrees bool
	// Differs names the points in which it does not: "effect", "code",
	// "rules" and "fields".
	Differs []string
	// Allowed, Code, Rules, Fields, Obligations and Exempt are what is
	// decided now, as in a [Decision].
	Allowed     bool
	Code        string
	Rules       []string
	Fields      []string
	Obligations []string
	Exempt      string
}

// Replay takes a recorded decision again: from the record, what was asked, and
// the policy, which must be the one of the record's hash. It answers, years
// later, why somebody was let in, and whether the log says what the policy
// said. It opens nothing.
//
// r is the decision of an audit record; where a request has several records,
// join the Rules, Fields and Basis of all of them first. What was found out
// about the caller and the patient (roles, relationships, consent, labels,
// conditions, an emergency) is taken from its Basis: that it was true then, the
// policy does not know.
//
// The error unwraps to [ErrReplay]. It is returned if the hash is that of
// another policy, if the Basis has a word that the policy does not know, and
// for a denial that no rule took: of a gate before the rules (an unknown
// caller, an inactive account, training, roles, separation, scope), of a source
// that failed, of the throttle, and of the Mux. Its text names the code.
func (p *Policy) Replay(r audit.Decision, resource, action string, purpose safeguard.Purpose) (Replayed, error) {
	if r.Policy != p.hash || p.hash == "" {
		return Replayed{}, fmt.Errorf("%w: the record is of another policy", ErrReplay)
	}
	c, known := codeOf(r.Code)
	if !known {
		return Replayed{}, fmt.Errorf("%w: not the code of a decision", ErrReplay)
	}
	if c.source() || c < codeUndeclared && c != codeAllowed && c != codeNoPurpose || c > codeCondition {
		return Replayed{}, fmt.Errorf("%w: %s is a denial that no rule took", ErrReplay, c)
	}
	if len(r.Basis) == 0 && c != codeNoPurpose && c != codeUndeclared {
		return Replayed{}, fmt.Errorf("%w: %s without a basis is a denial that no rule took", ErrReplay, c)
	}
	q, unknown := p.question(r.Basis)
	if unknown != "" {
		return Replayed{}, fmt.Errorf("%w: the basis has a word that the policy does not know", ErrReplay)
	}
	now := Replayed{Code: CodeUndeclared}
	q.purpose = purposeBit(purpose)
	if _, at := p.cell(resource, action); q.purpose == 0 {
		now.Code = CodeNoPurpose
	} else if at != nil {
		q.cell = uint32(at.index)
		v := p.judge(q, at, nil)
		now = Replayed{
			Allowed: v.code == codeAllowed, Code: v.code.String(), Rules: v.rules, Fields: v.fields,
			Obligations: v.obligations, Exempt: v.exempt,
		}
	}
	now.compare(r)
	return now, nil
}

// source reports whether c says that something could not be found out.
func (c code) source() bool {
	switch c {
	case codeRoleSource, codeRelationSource, codeEmergencySource, codeConsentSource, codeConditionSource:
		return true
	}
	return false
}

// compare says where a record differs.
func (now *Replayed) compare(r audit.Decision) {
	for _, point := range [...]struct {
		name string
		same bool
	}{
		{"effect", now.Allowed == r.Allowed}, {"code", now.Code == r.Code},
		{"rules", sameNames(now.Rules, r.Rules)}, {"fields", sameNames(now.Fields, r.Fields)},
	} {
		if !point.same {
			now.Differs = append(now.Differs, point.name)
		}
	}
	now.Agrees = len(now.Differs) == 0
}

// sameNames compares two lists without regard to their order.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
