package safeguard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Kind says what sort of entity a Principal is. The zero value is no kind
// and is refused.
//
// Controls: HIPAA 164.312(d).
type Kind uint8

// The kinds of Principal: a human being, or a program that acts under its own
// identity.
//
// Controls: HIPAA 164.312(d).
const (
	Person Kind = iota + 1
	Service
)

// String returns "person", "service" or "unknown".
func (k Kind) String() string {
	switch k {
	case Person:
		return "person"
	case Service:
		return "service"
	}
	return "unknown"
}

// A Principal is who acts: one person or one service, never a group, a shared
// login or nobody. It is a plain value and safe to copy. The zero value is
// not valid and counts as nobody wherever it is read.
//
// It holds identifiers of workforce members and services. It must not hold
// PHI; when the principal is a patient (a portal), ID must be an opaque
// account number.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
type Principal struct {
	// ID is unique within the tenant and never reassigned.
	ID string
	// Kind is Person or Service.
	Kind Kind
	// Tenant is the organisation on whose behalf ID acts; empty in a service
	// that works for one only.
	Tenant string
	// Method is how ID was authenticated, for instance "password+totp",
	// "mtls" or "oidc".
	Method string
	// At is when ID was authenticated.
	At time.Time
	// Session identifies the session, empty if there is none. It is an
	// identifier for logs, never the secret token.
	Session string
	// OnBehalfOf is the ID of the person of the same tenant for whom a service
	// or an agent acts; empty if it acts for itself.
	OnBehalfOf string
}

// ErrPrincipal reports a Principal that names nobody in particular.
//
// Controls: HIPAA 164.312(a)(2)(i).
var ErrPrincipal = errors.New("safeguard: principal: not a unique person or service")

// shared names accounts that no single person or service owns. The rule asks
// for a unique name or number to track identity by (164.312(a)(2)(i)).
var shared = map[string]bool{
	"anonymous": true, "everyone": true, "guest": true, "nobody": true, "none": true,
	"public": true, "shared": true, "unauthenticated": true, "unknown": true,
}

// maxID bounds the identifiers of a Principal, in bytes.
const maxID = 256

// Validate returns an error unless p names one person or one service: a kind,
// and an ID that is not one of the common names of shared accounts ("guest",
// "anonymous" and the like). No text may be longer than 256 bytes or have a
// control character. The error unwraps to [ErrPrincipal] and names the field
// that is wrong, never its value.
func (p Principal) Validate() error {
	if what := p.fault(); what != "" {
		return fmt.Errorf("%w: %s", ErrPrincipal, what)
	}
	return nil
}

// fault says what is wrong with p, "" if nothing is.
func (p *Principal) fault() string {
	switch {
	case p.Kind != Person && p.Kind != Service:
		return "Kind is not set (Person or Service)"
	case p.ID == "":
		return "ID is not set"
	case shared[strings.ToLower(strings.TrimSpace(p.ID))]:
		return "ID is a name of shared accounts"
	}
	for _, f := range [...]struct{ name, text string }{
		{"ID", p.ID}, {"Tenant", p.Tenant}, {"Method", p.Method}, {"Session", p.Session},
		{"OnBehalfOf", p.OnBehalfOf},
	} {
		if len(f.text) > maxID {
			return f.name + " is longer than 256 bytes"
		}
		if strings.ContainsFunc(f.text, isControl) {
			return f.name + " has a control character or is not UTF-8"
		}
	}
	return ""
}

func isControl(r rune) bool {
	return r < 0x20 || (r >= 0x7f && r <= 0x9f) || r == '\uFFFD'
}

type principalKey struct{}

// identity is what a context says of who acts: whether the Principal is valid
// is found out once, not at every question.
type identity struct {
	principal Principal
	valid     bool
}

// WithPrincipal returns a context that says who acts. A service with its own
// sign-in calls it once a request has been authenticated. A later call
// replaces an earlier one.
//
// Set ID and Kind. It stores p as it is; [PrincipalFrom] refuses one that is
// not valid, so that a sign-in which forgot one of them cannot pass for
// somebody: the caller then counts as nobody. [Principal.Validate] says why.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, &identity{p, p.fault() == ""})
}

// PrincipalFrom returns who acts. It returns false, and the zero Principal,
// if ctx says nobody or a Principal that is not valid.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	who, ok := ctx.Value(principalKey{}).(*identity)
	if !ok || !who.valid {
		return Principal{}, false
	}
	return who.principal, true
}
