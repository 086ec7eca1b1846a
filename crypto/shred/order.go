package shred

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard"
)

// A Kind says what an [Order] asks for. The zero value is no kind and is
// refused.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Kind string

// The kinds of Order.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
const (
	// DestroyPatient destroys the keys of one patient.
	DestroyPatient Kind = "patient"
	// DestroyTenant destroys all keys of a tenant.
	DestroyTenant Kind = "tenant"
	// ReleaseHold ends a legal hold.
	ReleaseHold Kind = "release"
	// EndEpoch certifies that two persons state that a tenant key and all its
	// copies are destroyed, after a check that the store needs it no more.
	EndEpoch Kind = "epoch"
)

// An Order is what two persons agree on. It holds no PHI but the Patient, which
// never prints and is kept only as the name that the store has for it.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
type Order struct {
	Kind Kind
	// Tenant is the tenant of the keys, always set.
	Tenant string
	// Patient is set for DestroyPatient and ReleaseHold.
	Patient safeguard.Patient
	// Case is the hold that ReleaseHold ends, as it was given to Hold.
	Case string
	// TenantKey is the tenant key of EndEpoch.
	TenantKey uint32
	// Reason is a code of the organisation's own, 1 to 64 of a-z, 0-9, '.' and
	// '-', such as "retention.expired". It stands in the certificate.
	Reason string
	// NoExport, for DestroyTenant, is the code of why the data is not exported first;
	// empty means that it is. 164.504(e)(2)(ii)(J) asks to return or destroy.
	NoExport string
}

const (
	maxCode   = 64
	maxTenant = 1024
)

func (o *Order) validate() error {
	switch {
	case !isTenant(o.Tenant):
		return badOrder("Tenant is not set, too long or not UTF-8")
	case !isCode(o.Reason):
		return badOrder("Reason is not a code")
	case len(o.Patient.Reveal()) > maxTenant:
		return badOrder("Patient is too long")
	}
	want, ok := o.Kind.parts()
	switch {
	case !ok:
		return badOrder("Kind is not set")
	case want.patient == o.Patient.IsZero():
		return badOrder("Patient belongs to the kinds DestroyPatient and ReleaseHold")
	case want.hold != (o.Case != "") || want.hold && !isCase(o.Case):
		return badOrder("Case belongs to the kind ReleaseHold, as 1 to 64 letters, digits and . _ / -")
	case want.key != (o.TenantKey != 0):
		return badOrder("TenantKey belongs to the kind EndEpoch")
	case o.NoExport != "" && (o.Kind != DestroyTenant || !isCode(o.NoExport)):
		return badOrder("NoExport belongs to the kind DestroyTenant, as a code")
	}
	return nil
}

type orderParts struct{ patient, hold, key bool }

// parts returns which parts an Order has beside the common ones.
func (k Kind) parts() (orderParts, bool) {
	switch k {
	case DestroyPatient:
		return orderParts{patient: true}, true
	case DestroyTenant:
		return orderParts{}, true
	case ReleaseHold:
		return orderParts{patient: true, hold: true}, true
	case EndEpoch:
		return orderParts{key: true}, true
	}
	return orderParts{}, false
}

func isTenant(s string) bool {
	return s != "" && len(s) <= maxTenant && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func isCode(s string) bool {
	return only(s, maxCode, "abcdefghijklmnopqrstuvwxyz0123456789.-")
}

func isCase(s string) bool {
	return only(s, maxCode, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-")
}

func isHex(s string, n int) bool { return len(s) == n && only(s, n, "0123456789abcdef") }

// only reports whether s is 1 to n of the given characters.
func only(s string, n int, chars string) bool {
	return s != "" && len(s) <= n && strings.Trim(s, chars) == ""
}

// A Step is what a person is about to do.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Step string

// The steps that are authorised.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
const (
	// StepRequest is asked of the first person, when they request and again
	// when the second one approves.
	StepRequest Step = "request"
	// StepApprove is asked of the second person.
	StepApprove Step = "approve"
	// StepHold is asked of who places a hold. Order.Kind is then ReleaseHold, the
	// kind that undoes it, and Order.Reason is empty.
	StepHold Step = "hold"
	// StepCancel is asked of who takes an order back.
	StepCancel Step = "cancel"
)

// A Person is one of the two, as they stand in the register and in
// certificates.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
type Person struct {
	ID string `json:"id"`
	// Tenant is empty for a person of the platform.
	Tenant string `json:"tenant,omitempty"`
	// Method is how they were authenticated.
	Method string `json:"method,omitempty"`
	// At is when they acted.
	At time.Time `json:"at"`
}

func (p *Person) principal() safeguard.Principal {
	return safeguard.Principal{ID: p.ID, Kind: safeguard.Person, Tenant: p.Tenant, Method: p.Method}
}

// same reports whether two ids may be one person's. Ids are unique in a tenant
// only, but who bears the same one in two tenants does not count as two, nor
// does a change of case, of spaces or of accents. Letters of two alphabets that
// look alike are different: ids are as good as who gives them out.
func (p *Person) same(q *Person) bool {
	return strings.EqualFold(bare(p.ID), bare(q.ID))
}

// bare is an id without spaces and combining marks.
func bare(id string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsMark(r) {
			return -1
		}
		return r
	}, id)
}

// invisible reports whether a rune cannot be seen: of formats, controls, and
// all spaces but the common one.
func invisible(r rune) bool { return !unicode.IsPrint(r) }

// valid reports whether p may act for the tenant.
func (p *Person) valid(tenant string) bool {
	who := p.principal()
	return who.Validate() == nil && !strings.ContainsFunc(p.ID, invisible) && (p.Tenant == "" || p.Tenant == tenant) && isTime(p.At)
}

// now is the current time as it is written everywhere: UTC, in whole seconds.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// roundUp is t as it is written, or a moment later: what a process has in memory
// counts from t.
func roundUp(t time.Time) time.Time {
	return t.UTC().Add(time.Second - 1).Truncate(time.Second)
}

// wholeSeconds is d, or a moment longer.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

func isTime(t time.Time) bool {
	return t.Location() == time.UTC && t.Nanosecond() == 0 && t.Year() >= 2000 && t.Year() < 10_000
}
