package safeguard

import (
	"context"
	"errors"
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
	// that has one.
	Tenant string
	// Method is how ID was authenticated, for instance "password+totp",
	// "mtls" or "oidc".
	Method string
	// At is when ID was authenticated.
	At time.Time
	// Session identifies the session, empty if there is none. It is an
	// identifier for logs, never the secret token.
	Session string
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

// Validate returns ErrPrincipal unless p names one person or one service: a
// kind, and an ID that is no longer than 256 bytes, has no control character
// and is not one of the common names of shared accounts ("guest",
// "anonymous" and the like).
func (p Principal) Validate() error {
	if p.Kind != Person && p.Kind != Service {
		return ErrPrincipal
	}
	if p.ID == "" || shared[strings.ToLower(strings.TrimSpace(p.ID))] {
		return ErrPrincipal
	}
	for _, s := range [...]string{p.ID, p.Tenant, p.Method, p.Session} {
		if len(s) > maxID || strings.ContainsFunc(s, isControl) {
			return ErrPrincipal
		}
	}
	return nil
}

func isControl(r rune) bool {
	return r < 0x20 || (r >= 0x7f && r <= 0x9f) || r == '\uFFFD'
}

type principalKey struct{}

// WithPrincipal returns a context that says who acts. A service with its own
// sign-in calls it once a request has been authenticated. A later call
// replaces an earlier one.
//
// It stores p as it is; [PrincipalFrom] refuses one that is not valid, so
// that a sign-in which forgot the ID cannot pass for somebody.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom returns who acts. It returns false, and the zero Principal,
// if ctx says nobody or a Principal that is not valid.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	if !ok || p.Validate() != nil {
		return Principal{}, false
	}
	return p, true
}
