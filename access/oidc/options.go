package oidc

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/smart"
)

// Trust says whose tokens count, and for whom they must have been made. All of
// it is required, but for one of KeySet and Discover.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
type Trust struct {
	// Issuer is the "iss" of the tokens, to the letter: an https address.
	Issuer string
	// Audience is the "aud" that tokens must name: this service.
	Audience string
	// Algorithms are the signatures that are accepted: RS256, RS384, RS512,
	// PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, and Ed25519, which is
	// what RFC 9864 calls EdDSA by a key of that curve. There are no others.
	Algorithms []string
	// MaxLifetime is the longest time from "iat" to "exp" of a token, at most
	// 24 hours.
	MaxLifetime time.Duration
	// KeySet is the address of the issuer's JSON Web Key Set.
	KeySet string
	// Discover takes that address from the issuer's openid-configuration,
	// which must name the same issuer.
	Discover bool
}

// Epochs says since when tokens of a principal count. One that was issued
// earlier is refused, whatever its expiry: the account was terminated, or its
// password changed. An error is a denial: for good if it is
// safeguard.ErrPrincipal, as for an account that is closed, and otherwise until
// it can be told. It must be safe for concurrent use and must not wait, for it
// is asked for every token. Package access/workforce has one.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
type Epochs interface {
	Epoch(p safeguard.Principal) (epoch uint64, since time.Time, err error)
}

// Options are the choices of a [Verifier]. The zero value, like nil, is the
// secure default in every field.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
type Options struct {
	// Types are the "typ" of the tokens. The default is "at+jwt" (RFC 9068).
	// With "JWT", as many issuers write, only what the claims show keeps ID
	// tokens out, and the audience.
	Types []string
	// Leeway is how far the clocks of issuer and service may differ: 0 means
	// 10 s, the most is 60 s.
	Leeway time.Duration

	// User is the claim that is the principal's ID; empty means "sub". It must
	// be unique within the tenant and never reassigned, which an e-mail address
	// is not.
	User string
	// Tenant is the tenant of all principals, and what keeps those of two issuers
	// apart that name their users alike: a Principal does not say who its issuer is. TenantClaim is the claim that
	// names it, and which then must be there. At most one is given.
	Tenant      string
	TenantClaim string
	// Kind is what all principals are. By default the claims "client_id" or
	// "azp" tell: a token whose subject is its client is a service's
	// (RFC 9068, section 5), any other a person's, and one that names no client
	// is refused. The issuer must let no client choose the name of a person.
	// Many name services in ways of their own (Entra, Auth0, Keycloak), and
	// theirs would count as persons: take one Verifier for people and another
	// for services then, by audience, and set Kind in both.
	Kind safeguard.Kind

	// Contexts are the values of "acr" that are good enough; empty means any
	// and none.
	Contexts []string
	// Methods are values that "amr" must all have, for instance "mfa".
	Methods []string
	// MaxAge is the longest time since the person signed in ("auth_time"); 0
	// means any, and that the claim may be missing.
	MaxAge time.Duration

	// Purposes are the purposes of use that the issuer's tokens can be used
	// for; PurposesClaim is the claim with those of one token, a list or one
	// text with blanks. A token without it then has none. If both are given,
	// what is in both counts; if none is, the token does not limit purposes and
	// the policy alone does.
	Purposes      []safeguard.Purpose
	PurposesClaim string

	// Actions says which SMART permissions the actions of the policy need, where
	// they are not FHIR's own, "break" or "export" for instance: see smart.Options.
	// An action of which nothing is known is permitted by no token, and denied with
	// access.CodeScope; [Verifier.VerifyRoutes] finds such routes at the start.
	Actions map[string]smart.Permissions
	// UnsafeIgnoreScope leaves the "scope" claim unread, for issuers whose
	// scopes are not SMART's. By default a token permits what its SMART scopes
	// permit, and without any nothing.
	UnsafeIgnoreScope bool

	// Epochs says since when a principal's tokens count. A Registry of
	// access/workforce does, in every replica, and then needs no
	// [Verifier.Revoke] among its Revokers: make the Registry first, give it
	// here and to the Guard. Without Epochs Revoke of this process alone says it.
	//
	// A token counts if it was issued more than Leeway after that time, so for
	// some ten seconds after an account was opened, resumed or distrusted its new
	// tokens are refused as well, with the code "oidc.too-early", and for good: ask
	// the issuer for another one then.
	Epochs Epochs

	// Client fetches keys; nil means one of its own. Redirects are never
	// followed.
	Client *http.Client
	// Refresh is the age beyond which keys do not count if the issuer can be
	// asked: 0 means 5 minutes. They are fetched from half of it on, and nobody
	// waits for that; a request that finds older ones waits for the fetch, Timeout
	// at most. So a key that the issuer has withdrawn is trusted for Refresh, for
	// MaxStale if the issuer does not answer, and after Distrust not at all.
	Refresh time.Duration
	// MinRefresh is the least time between two fetches, also when tokens name
	// unknown keys: 0 means 30 s, the least is 1 s.
	MinRefresh time.Duration
	// MaxStale is the age of the keys at which everything is denied, if the
	// issuer does not answer: 0 means 1 hour, the most is 24 hours.
	MaxStale time.Duration
	// Timeout bounds a fetch: 0 means 5 s, the most is 30 s.
	Timeout time.Duration

	// Cache is how many verified tokens are kept: 0 means 4096, the most is
	// 1,000,000. A kept token takes some 4 times its size; one of more than
	// 4 KiB is not kept.
	Cache int

	// Origin is the address of this service as callers see it, for instance
	// "https://api.example.org". DPoP proofs (RFC 9449) are made for it;
	// without it tokens that are bound to a key are refused.
	Origin string
	// Proofs is how many proofs are remembered, each for 80 s or so, so that none
	// counts twice: 0 means 131,072, the most is 4,194,304. Beyond that proofs are
	// refused, and those of one account beyond an eighth of it, which by default is
	// some 200 requests a second. One takes some 200 bytes.
	Proofs int

	// NonceKey, if it is given, makes proofs need a nonce of this service (RFC
	// 9449, section 8), so that none can be made ahead: a secret of at least 32
	// bytes, the same in each replica. A nonce counts for one to two minutes. A
	// caller gets it with any answer of [Verifier.Handler], a refusal included.
	NonceKey []byte

	// UnsafeWithoutEntry lets the handlers run outside audit.Handler, in a
	// service that keeps its own access log. Nothing then asks again before
	// output whether a token is still good.
	UnsafeWithoutEntry bool
}

// Defaults and bounds.
const (
	defaultLeeway  = 10 * time.Second
	maxLeeway      = 60 * time.Second
	maxLifetime    = 24 * time.Hour
	defaultCache   = 4096
	maxCache       = 1_000_000
	defaultProofs  = 1 << 17
	maxProofs      = 1 << 22
	defaultRefresh = 5 * time.Minute
	defaultLeast   = 30 * time.Second
	defaultStale   = time.Hour
	maxStale       = 24 * time.Hour
	defaultTimeout = 5 * time.Second
	maxTimeout     = 30 * time.Second
)

// defaults puts the defaults in place.
func (o Options) defaults() Options {
	o.Types = slices.Clone(o.Types)
	if len(o.Types) == 0 {
		o.Types = []string{"at+jwt"}
	}
	if o.User == "" {
		o.User = "sub"
	}
	o.Contexts, o.Methods, o.Purposes = slices.Clone(o.Contexts), slices.Clone(o.Methods), slices.Clone(o.Purposes)
	o.NonceKey = slices.Clone(o.NonceKey)
	o.Leeway = or(o.Leeway, defaultLeeway)
	o.Refresh = or(o.Refresh, defaultRefresh)
	o.MinRefresh = or(o.MinRefresh, defaultLeast)
	o.MaxStale = or(o.MaxStale, defaultStale)
	o.Timeout = or(o.Timeout, defaultTimeout)
	o.Cache = or(o.Cache, defaultCache)
	o.Proofs = or(o.Proofs, defaultProofs)
	return o
}

func or[T ~int | ~int64](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

func (t *Trust) fault() string {
	switch {
	case !secure(t.Issuer) || strings.ContainsAny(t.Issuer, "?#"):
		return "Issuer must be an https address"
	case t.Audience == "":
		return "Audience is required"
	case len(t.Algorithms) == 0:
		return "Algorithms are required"
	case slices.ContainsFunc(t.Algorithms, func(a string) bool { return !known(a) }):
		return "Algorithms must be signatures by asymmetric keys: RS256, PS256, ES256, Ed25519, EdDSA and their longer kin"
	case t.MaxLifetime <= 0 || t.MaxLifetime > maxLifetime:
		return "MaxLifetime must be between 0 and 24 h"
	case (t.KeySet != "") == t.Discover:
		return "either KeySet or Discover is required"
	case t.KeySet != "" && !secure(t.KeySet):
		return "KeySet must be an https address"
	}
	return ""
}

func (o *Options) fault() string {
	switch {
	case slices.Contains(o.Types, ""):
		return "Types must name types"
	case slices.ContainsFunc(o.Types, func(t string) bool { return isType(t, proofType) || isType(t, forwardType) }):
		return "Types must not be those of proofs and forwarded identities"
	case o.Leeway < 0 || o.Leeway > maxLeeway:
		return "Leeway must be at most 60 s"
	case o.Tenant != "" && o.TenantClaim != "":
		return "only one of Tenant and TenantClaim may be given"
	case o.Kind > safeguard.Service:
		return "Kind must be Person or Service"
	case o.MaxAge < 0:
		return "MaxAge must not be negative"
	case slices.ContainsFunc(o.Purposes, func(p safeguard.Purpose) bool { return !p.Valid() }):
		return "Purposes must be purpose-of-use codes"
	case o.MinRefresh < time.Second:
		return "MinRefresh must be at least 1 s"
	case o.Refresh < o.MinRefresh || o.MaxStale < o.Refresh || o.MaxStale > maxStale:
		return "MinRefresh, Refresh and MaxStale must not decrease, and be at most 24 h"
	case o.Timeout < 0 || o.Timeout > maxTimeout:
		return "Timeout must be at most 30 s"
	case o.Cache < 0 || o.Cache > maxCache:
		return "Cache must be at most 1,000,000"
	case o.Proofs < 0 || o.Proofs > maxProofs:
		return "Proofs must be at most 4,194,304"
	case len(o.NonceKey) > 0 && (len(o.NonceKey) < minNonceKey || o.Origin == ""):
		return "NonceKey must be at least 32 bytes, and needs Origin"
	case o.Origin != "" && !isOrigin(o.Origin):
		return "Origin must be an https address without a path"
	}
	return ""
}

// isOrigin reports whether an address is a scheme and a host, in lower case
// and without the port that goes without saying.
func isOrigin(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !secure(address) {
		return false
	}
	return originOf(u) == address
}

// originOf returns the origin of an address (RFC 6454, section 6.2).
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
}

func (o *Options) checked(t *Trust) (Options, error) {
	if o == nil {
		o = &Options{}
	}
	full := o.defaults()
	if what := t.fault(); what != "" {
		return Options{}, fmt.Errorf("%w: %s", ErrOptions, what)
	}
	if what := full.fault(); what != "" {
		return Options{}, fmt.Errorf("%w: %s", ErrOptions, what)
	}
	return full, nil
}
