package oidc

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// What an identity travels in between services.
const (
	forwardType   = "safeguard-identity+jwt"
	forwardHeader = "Safeguard-Identity"
	forwardLife   = 60 * time.Second
)

// ErrForward reports that an identity cannot be forwarded: the context names
// nobody, or no purpose, or the request goes elsewhere than the token is for.
//
// Controls: HIPAA 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.AA-03, PR.DS-02.
var ErrForward = errors.New("oidc: forward: refused")

// A Forwarder tells another service on whose behalf this one calls: by a token
// that is signed, made for that service alone, counts at most 60 s and, at the
// other end, once. It is safe for concurrent use; the zero value is not usable.
//
// The token is signed, not encrypted: it needs TLS. It says that this service
// vouches, not that the person has just signed in; a service that is broken
// into can name anybody who works with it.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i), 164.312(e)(1); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.DS-02.
type Forwarder struct {
	key      crypto.Signer
	kid      string
	issuer   string
	audience string
}

// NewForwarder returns a Forwarder from the service called issuer to the one at
// audience, an origin such as "https://billing.example.org". The key must be
// Ed25519, as ed25519.GenerateKey makes it, or a key service that holds one. The
// error unwraps to [ErrOptions].
//
// Controls: HIPAA 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.AA-03, PR.DS-02.
func NewForwarder(key crypto.Signer, issuer, audience string) (*Forwarder, error) {
	if key == nil || issuer == "" || !isOrigin(audience) {
		return nil, fmt.Errorf("%w: a key, an issuer and the origin of the audience are required", ErrOptions)
	}
	raw, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: the key must be Ed25519", ErrOptions)
	}
	public, err := importEdDSA(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: the key must be Ed25519", ErrOptions)
	}
	return &Forwarder{key: key, kid: public.id, issuer: issuer, audience: audience}, nil
}

// identity is the claims of a forwarded identity.
type identity struct {
	Issuer     string              `json:"iss"`
	Audience   string              `json:"aud"`
	ID         string              `json:"jti"`
	Issued     int64               `json:"iat"`
	Expires    int64               `json:"exp"`
	Subject    string              `json:"sub"`
	Kind       string              `json:"kind"`
	Tenant     string              `json:"tenant,omitempty"`
	Method     string              `json:"method,omitempty"`
	SignedIn   int64               `json:"auth_time,omitempty"`
	Session    string              `json:"sid,omitempty"`
	OnBehalfOf string              `json:"on_behalf_of,omitempty"`
	Purposes   []safeguard.Purpose `json:"purposes"`
	Scope      *string             `json:"scope,omitempty"` // nil if scopes do not count
	Patient    string              `json:"patient,omitempty"`
}

// Mint returns a token for the Principal of ctx. It is for the purpose alone,
// which must be one of those of the token that ctx has, if it has one; that
// token's scopes and patient narrow at the other end as well, and it must still
// count: work that goes on after a termination calls nobody, nor does work for an
// identity that was itself forwarded here, once its 60 s are over. What narrows ctx
// otherwise, as access.WithScope and access.WithActiveRoles, is not passed on.
// The error unwraps to [ErrForward].
func (f *Forwarder) Mint(ctx context.Context, purpose safeguard.Purpose) (string, error) {
	p, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return "", fmt.Errorf("%w: nobody is identified", ErrForward)
	}
	if !purpose.Valid() || !slices.Contains(within(ctx, []safeguard.Purpose{purpose}), purpose) {
		return "", fmt.Errorf("%w: the purpose is not one that was granted", ErrForward)
	}
	if t, ok := TokenFrom(ctx); ok && !t.counts(ctx) {
		return "", fmt.Errorf("%w: the caller's token counts no longer", ErrForward)
	}
	now := time.Now()
	claims := identity{
		Issuer: f.issuer, Audience: f.audience, ID: rand.Text(),
		Issued: now.Unix(), Expires: now.Add(forwardLife).Unix(),
		Subject: p.ID, Kind: p.Kind.String(), Tenant: p.Tenant, Method: p.Method, Session: p.Session, OnBehalfOf: p.OnBehalfOf,
		Purposes: []safeguard.Purpose{purpose},
	}
	if !p.At.IsZero() {
		claims.SignedIn = p.At.Unix()
	}
	if t, ok := TokenFrom(ctx); ok && t.scopes != nil {
		claims.Scope, claims.Patient = &t.scope, t.patient.Reveal()
	}
	return f.sign(claims)
}

func (f *Forwarder) sign(claims identity) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("%w: the identity cannot be written", ErrForward)
	}
	token, err := signEdDSA(f.key, forwardType, f.kid, payload)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrForward, err)
	}
	return token, nil
}

// Transport returns a RoundTripper that forwards the identity in the context of
// each request, for one purpose, over base; nil means http.DefaultTransport. A
// request to anywhere else than the Forwarder's audience, without a Principal, or
// for a purpose that was not granted fails with [ErrForward]: so does a redirect
// to another place.
func (f *Forwarder) Transport(base http.RoundTripper, purpose safeguard.Purpose) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &forwarding{f, base, purpose}
}

type forwarding struct {
	forwarder *Forwarder
	base      http.RoundTripper
	purpose   safeguard.Purpose
}

// RoundTrip sends a request with the identity of its context.
func (t *forwarding) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.identity(r)
	if err != nil {
		if r.Body != nil {
			r.Body.Close() // as a RoundTripper must
		}
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set(forwardHeader, token)
	return t.base.RoundTrip(r)
}

func (t *forwarding) identity(r *http.Request) (string, error) {
	if originOf(r.URL) != t.forwarder.audience {
		return "", fmt.Errorf("%w: the request goes elsewhere", ErrForward)
	}
	return t.forwarder.Mint(r.Context(), t.purpose)
}
