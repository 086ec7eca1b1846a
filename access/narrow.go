package access

import (
	"context"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Scope is what a caller was given on somebody's behalf, as the scopes of a
// bearer token. It can only narrow: what it permits still needs a rule.
// [WithScope] puts it into the context. It must be safe for concurrent use.
// Package access/smart makes one of SMART on FHIR scopes.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Scope interface {
	// Permits reports whether the scope covers a request at all.
	Permits(r *Request) bool
	// Filtered reports whether the scope covers only some of the resources
	// of a type, so that Holds must be asked about each.
	Filtered(resource, action string) bool
	// Holds reports whether the scope covers one resource, by its JSON
	// document. A document that it cannot read is not covered.
	Holds(resource, action string, document []byte) bool
}

// A Condition is a question of the program's own that a rule asks by its name,
// for instance whether the caller is on shift; engines such as Cedar, OPA and
// OpenFGA can answer it. It can only narrow: false takes away what the rule
// would give. An error is a denial. It must be safe for concurrent use, return
// soon after ctx is done, and not keep r.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Condition interface {
	Narrow(ctx context.Context, p safeguard.Principal, r *Request) (bool, error)
}

// Consents says whether the patient of a request has given the consent that
// the policy asks for, such as the one of 42 CFR Part 2. It is asked with the
// id of the policy's consent requirement. An error is a denial. It must be safe
// for concurrent use.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Consents interface {
	Consented(ctx context.Context, requirement string, p safeguard.Principal, r *Request) (bool, error)
}

// A Throttle bounds the number of patients whose data one principal takes out.
// The Mux charges it, as answers leave, for the patients that the audit Entry
// names: the one of Rule.Patient, those of sealed fields that were opened, those
// of Entry.AddPatient and [WriteEach]. It does not find patients in the data: a
// list of a hundred of which none was noted costs one. Each counts once a request,
// and again in the next: the same chart read three times costs three.
//
// Package access/throttle makes one. It must be safe for concurrent use, and
// must not wait.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
type Throttle interface {
	// Ready reports whether p has anything left. It takes nothing.
	Ready(p safeguard.Principal) bool
	// Charge takes n patients from what p has left, also if that is less.
	Charge(p safeguard.Principal, n int)
}

// An Emergency is an open break-glass grant.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type Emergency struct {
	// ID names the grant in the audit log.
	ID string
	// Until is when it ends.
	Until time.Time
}

// An EmergencySource says whether a principal has broken the glass for a
// patient, and that this is recorded durably. It is asked when the purpose is
// [safeguard.BreakGlass]. Without a grant it returns the zero Emergency. An error
// is a denial. It must be safe for concurrent use. Package access/workforce has
// one.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type EmergencySource interface {
	Emergency(ctx context.Context, p safeguard.Principal, patient safeguard.Patient) (Emergency, error)
}

// Labels are the security labels of data: HL7 v3 confidentiality and the
// sensitivity and privacy-law codes of v3-ActCode (PSY, HIV, ETH, 42CFRPart2).
// The zero Labels say nothing: such data counts as normal (N).
//
// What counts is what the program says, by Rule.Labels, Request.Labels or
// [WriteLabelled], and what stands in the data in one place: the member "security"
// of the member "meta" of a resource, of one contained in it that may be seen, and
// of a Bundle: a list of codings that have a "system" and a "code". That is so whether the data is FHIR or plain JSON. A label anywhere else
// says nothing, as a "confidentiality" or "security" of a resource's own, or a
// meta.tag: the program has to say it. A coding in the place without a system, as
// {"code": "PSY"}, cannot be read, and such data is withheld from everybody.
//
// In the meta.security of a resource, codes of v3-Confidentiality count as
// the former, and codes that the policy declares, of whatever system, as the
// latter. A purpose of use of v3-ActReason says what the data may be used for:
// unless the decision is for one of those, or for one below it as ETREAT, ERTREAT
// and BTG are below TREAT, the resource is above every ceiling. HTEST and
// v3-ObservationValue (integrity, REDACTED) say nothing about access. All else is
// above every ceiling, and so is what cannot be read: an obligation or a refrain
// policy (NORDSCLCD) that the program keeps is declared in the policy.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Labels struct {
	// Confidentiality is U, L, M, N, R or V; empty counts as N.
	Confidentiality string
	// Sensitivity are codes that the policy declares. One that it does not
	// is a denial.
	Sensitivity []string
}

// narrowing is what a context takes away from what its Principal may do.
type narrowing struct {
	scope  Scope
	active []string // nil for all that are granted
	denied uint32   // purposes that the caller was not let in for
}

type narrowingKey struct{}

func narrowingOf(ctx context.Context) narrowing {
	n, _ := ctx.Value(narrowingKey{}).(*narrowing)
	if n == nil {
		return narrowing{}
	}
	return *n
}

// WithScope narrows what the context's Principal may do to s. A Scope that is
// in ctx already goes on to count: both must permit. A nil Scope permits
// nothing: it is what is left of one that could not be read. A caller who was
// given no Scope is decided about without WithScope.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func WithScope(ctx context.Context, s Scope) context.Context {
	if s == nil {
		s = nothing{}
	}
	n := narrowingOf(ctx)
	if n.scope != nil {
		s = both{n.scope, s}
	}
	n.scope = s
	return context.WithValue(ctx, narrowingKey{}, &n)
}

// nothing is the Scope that permits nothing.
type nothing struct{}

func (nothing) Permits(*Request) bool             { return false }
func (nothing) Filtered(string, string) bool      { return true }
func (nothing) Holds(string, string, []byte) bool { return false }

// both is the intersection of two scopes.
type both struct{ a, b Scope }

func (s both) Permits(r *Request) bool { return s.a.Permits(r) && s.b.Permits(r) }

func (s both) Filtered(resource, action string) bool {
	return s.a.Filtered(resource, action) || s.b.Filtered(resource, action)
}

func (s both) Holds(resource, action string, document []byte) bool {
	return s.a.Holds(resource, action, document) && s.b.Holds(resource, action, document)
}

// WithActiveRoles says which of the principal's roles are active in this
// session, as dynamic separation of duty needs. It can only narrow: only the
// active roles, with what they inherit, allow anything, while the deny rules of
// every granted role go on to count. A role that is neither granted nor
// inherited by one that is, and a list without a role, are a denial. A later
// call replaces an earlier one. Without it all granted roles are active.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
func WithActiveRoles(ctx context.Context, roles ...string) context.Context {
	n := narrowingOf(ctx)
	n.active = append([]string{}, roles...)
	return context.WithValue(ctx, narrowingKey{}, &n)
}
