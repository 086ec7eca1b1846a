package oidc

import (
	"slices"
	"strings"
	"time"
)

// maxAudiences bounds the "aud" of a token.
const maxAudiences = 32

// read makes a Token of claims whose signature was verified, if they say what
// they must.
func (v *Verifier) read(claims map[string]any) (*Token, *Error) {
	t := &Token{claims: claims}
	if foreign(claims) {
		return nil, refusal(codeType)
	}
	if issuer, _, ok := text(claims, "iss"); !ok || issuer != v.trust.Issuer {
		return nil, refusal(codeIssuer)
	}
	audiences, _, ok := texts(claims, "aud")
	if !ok || len(audiences) > maxAudiences || !slices.Contains(audiences, v.trust.Audience) {
		return nil, refusal(codeAudience)
	}
	for _, step := range []func(*Token) *Error{v.readTimes, v.readBinding, v.readPrincipal, v.readAssurance, v.readGrant} {
		if err := step(t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// foreign reports whether claims are those of another kind of token than an
// access token: an ID token (OpenID Connect Core, section 2), a logout token or
// another event (RFC 8417), a refresh token of an issuer that says so, or one of
// somebody who acts as the subject (RFC 8693), whom the Principal could not show.
func foreign(claims map[string]any) bool {
	for _, name := range []string{"nonce", "at_hash", "c_hash", "s_hash", "events", "toe", "act"} {
		if _, is := claims[name]; is {
			return true
		}
	}
	if use, is, ok := text(claims, "token_use"); is && (!ok || use != "access") {
		return true
	}
	typ, is, ok := text(claims, "typ")
	return is && (!ok || !strings.EqualFold(typ, "Bearer") && !strings.EqualFold(typ, "DPoP"))
}

// readTimes takes "exp" and "iat", which are required, and "nbf".
func (v *Verifier) readTimes(t *Token) *Error {
	var there [2]bool
	var ok [3]bool
	t.expires, there[0], ok[0] = instant(t.claims, "exp")
	t.issued, there[1], ok[1] = instant(t.claims, "iat")
	t.starts, _, ok[2] = instant(t.claims, "nbf")
	if there != [2]bool{true, true} || ok != [3]bool{true, true, true} {
		return refusal(codeLifetime)
	}
	if life := t.expires.Sub(t.issued); life <= 0 || life > v.trust.MaxLifetime {
		return refusal(codeLifetime)
	}
	now := time.Now()
	if t.issued.After(now.Add(v.opts.Leeway)) {
		return refusal(codeNotYet)
	}
	t.deadline = now.Add(t.expires.Sub(now))
	return v.inTime(t, now)
}

// inTime says whether a token counts now: by the wall clock, and by the
// monotonic one since it was first seen.
func (v *Verifier) inTime(t *Token, now time.Time) *Error {
	if !now.Add(-v.opts.Leeway).Before(t.deadline) || now.Round(0).Add(-v.opts.Leeway).Compare(t.expires) >= 0 {
		return refusal(codeExpired)
	}
	if !t.starts.IsZero() && now.Add(v.opts.Leeway).Before(t.starts) {
		return refusal(codeNotYet)
	}
	return nil
}

// readBinding takes the key that the token is bound to. A binding of another
// kind, as to a certificate (RFC 8705), cannot be checked here.
func (v *Verifier) readBinding(t *Token) *Error {
	member, is := t.claims["cnf"]
	if !is {
		return nil
	}
	confirmation, ok := member.(map[string]any)
	if !ok || len(confirmation) != 1 {
		return refusal(codeProof)
	}
	thumbprint, is, ok := text(confirmation, "jkt")
	if raw, canonical := decode(thumbprint); !is || !ok || !canonical || len(raw) != 32 {
		return refusal(codeProof)
	}
	t.bound = thumbprint
	return nil
}
