package oidc

import (
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// readPrincipal takes who the token names. When a person signed in says
// "auth_time" alone: a token that was refreshed is no fresh sign-in, as breaking
// the glass needs it.
func (v *Verifier) readPrincipal(t *Token) *Error {
	subject, there, ok := text(t.claims, "sub")
	if !there || !ok || subject == "" {
		return refusal(codeSubject)
	}
	kind, err := v.kind(t.claims, subject)
	if err != nil {
		return err
	}
	user, there, ok := text(t.claims, v.opts.User)
	if !there || !ok {
		return refusal(codeSubject)
	}
	p := safeguard.Principal{ID: user, Kind: kind, Tenant: v.opts.Tenant, Method: "oidc"}
	if kind == safeguard.Service { // who signs in anew for each token
		p.At = t.issued
	}
	if v.opts.TenantClaim != "" {
		if p.Tenant, _, ok = text(t.claims, v.opts.TenantClaim); !ok || p.Tenant == "" {
			return refusal(codeClaim)
		}
	}
	if session, is, ok := text(t.claims, "sid"); is && ok {
		p.Session = session
	}
	if p.Validate() != nil {
		return refusal(codeSubject)
	}
	t.principal = p
	return nil
}

// kind says what the subject is. It guesses nothing: a token that does not
// name its client tells neither.
func (v *Verifier) kind(claims map[string]any, subject string) (safeguard.Kind, *Error) {
	client, there, ok := text(claims, "client_id")
	if !there {
		client, there, ok = text(claims, "azp")
	}
	its := there && client == subject
	switch {
	case !ok || there && client == "":
		return 0, refusal(codeClaim)
	case v.opts.Kind == safeguard.Service:
		return safeguard.Service, nil
	case v.opts.Kind == safeguard.Person && its:
		return 0, refusal(codeSubject)
	case v.opts.Kind == safeguard.Person:
		return safeguard.Person, nil
	case !there:
		return 0, refusal(codeClaim)
	case its:
		return safeguard.Service, nil
	}
	return safeguard.Person, nil
}

// readAssurance holds the token to how its subject must have signed in.
func (v *Verifier) readAssurance(t *Token) *Error {
	context, there, ok := text(t.claims, "acr")
	if !ok || len(v.opts.Contexts) > 0 && !slices.Contains(v.opts.Contexts, context) {
		return refusal(codeAssurance)
	}
	if there && context != "" {
		t.principal.Method = "oidc " + context
	}
	methods, _, ok := texts(t.claims, "amr")
	if !ok {
		return refusal(codeAssurance)
	}
	for _, needed := range v.opts.Methods {
		if !slices.Contains(methods, needed) {
			return refusal(codeAssurance)
		}
	}
	at, there, ok := instant(t.claims, "auth_time")
	if !ok || v.opts.MaxAge > 0 && !there {
		return refusal(codeAssurance)
	}
	if there {
		t.principal.At = at
	}
	if v.tooOld(t, time.Now()) || at.After(t.issued.Add(v.opts.Leeway)) || t.principal.Validate() != nil {
		return refusal(codeAssurance)
	}
	return nil
}

// tooOld reports whether the person signed in too long ago.
func (v *Verifier) tooOld(t *Token, now time.Time) bool {
	return v.opts.MaxAge > 0 && now.Sub(t.principal.At) > v.opts.MaxAge+v.opts.Leeway
}
