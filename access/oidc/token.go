package oidc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// A Token is a bearer token that was verified: who it names, and what it was
// given for. It never prints. It is never changed, and safe for concurrent use;
// the zero Token names nobody.
//
// That it was good when it was verified does not mean that it is good now:
// [Verifier.Live] tells.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
type Token struct {
	principal safeguard.Principal
	issued    time.Time
	starts    time.Time // zero without "nbf"
	expires   time.Time
	deadline  time.Time // expires, by the monotonic clock
	scope     string
	scopes    access.Scope // nil if scopes are ignored
	patient   safeguard.Patient
	user      string
	purposes  []safeguard.Purpose
	limited   bool // to purposes, be they none
	bound     string
	claims    map[string]any
	key       *publicKey
	digest    [sha256.Size]byte
	verifier  *Verifier // nil for a forwarded identity
}

// Principal returns who the token names. Its At is the time of the "auth_time"
// claim; without one it is zero for a person, so that no token passes for a
// fresh sign-in, and the time of issue for a service.
func (t *Token) Principal() safeguard.Principal { return t.principal }

// Issued returns when the token was made, by the issuer's clock.
func (t *Token) Issued() time.Time { return t.issued }

// Expires returns when the token ends. A session that is started for it must
// not last longer.
func (t *Token) Expires() time.Time { return t.expires }

// Scope returns the "scope" claim as it is, empty if there is none.
func (t *Token) Scope() string { return t.scope }

// Patient returns the patient of the SMART launch context, the zero Patient if
// there is none.
func (t *Token) Patient() safeguard.Patient { return t.patient }

// FHIRUser returns the FHIR resource that is the user, empty if the token names
// none. It may be a reference to a patient, and must not be logged then.
func (t *Token) FHIRUser() string { return t.user }

// Purposes returns the purposes of use that the token can be used for, and
// whether it is limited to them at all.
func (t *Token) Purposes() (purposes []safeguard.Purpose, limited bool) {
	return slices.Clone(t.purposes), t.limited
}

// Bound reports whether the token is bound to a key of its holder (RFC 9449), and
// counts only together with a proof of that key.
func (t *Token) Bound() bool { return t.bound != "" }

// Text returns a claim that is a string, and whether there is one.
func (t *Token) Text(claim string) (string, bool) {
	value, there, ok := text(t.claims, claim)
	return value, there && ok
}

// Context returns ctx with what the token says: the principal, and what narrows
// its decisions, which are its scopes and purposes.
func (t *Token) Context(ctx context.Context) context.Context {
	return t.narrow(safeguard.WithPrincipal(ctx, t.principal))
}

// narrow leaves the principal as it is.
func (t *Token) narrow(ctx context.Context) context.Context {
	if t.scopes != nil {
		ctx = access.WithScope(ctx, t.scopes)
	}
	if t.limited {
		ctx = access.WithPurposes(ctx, t.purposes...)
	}
	return context.WithValue(ctx, tokenKey{}, t)
}

// counts reports whether the token is good now.
func (t *Token) counts(ctx context.Context) bool {
	if t.verifier != nil {
		return t.verifier.live(ctx, t) == nil
	}
	now := time.Now()
	return now.Before(t.deadline) && now.Round(0).Before(t.expires)
}

type tokenKey struct{}

// TokenFrom returns the token that the request came with, or that its session
// was started for. It returns false if ctx has none.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TokenFrom(ctx context.Context) (*Token, bool) {
	t, ok := ctx.Value(tokenKey{}).(*Token)
	return t, ok
}

// redaction is what a Token shows wherever it is printed.
const redaction = "[token]"

// Format writes a redaction under every verb.
func (Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, redaction) }

// String returns a redaction.
func (Token) String() string { return redaction }

// GoString returns a redaction.
func (Token) GoString() string { return redaction }

// LogValue returns a redaction for log/slog.
func (Token) LogValue() slog.Value { return slog.StringValue(redaction) }

// MarshalText returns a redaction, for encoding/json, encoding/xml and others.
func (Token) MarshalText() ([]byte, error) { return []byte(redaction), nil }
