package oidc

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/safeguard-sdk/safeguard/audit"
)

// ReceiverOptions are the choices of a [Receiver]. The zero value, like nil, is
// the secure default.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
type ReceiverOptions struct {
	// Leeway is how far the clocks of the services may differ: 0 means 10 s,
	// the most is 60 s.
	Leeway time.Duration
	// Actions are as in [Options].
	Actions map[string]smart.Permissions
	// UnsafeAllowReplay lets a token count as often as it comes, for callers that
	// send one request several times. A token that was overheard counts then, too.
	UnsafeAllowReplay bool
	// Replays is how many tokens are remembered, so that none counts twice: 0
	// means 131,072, the most is 4,194,304. Beyond that tokens are refused. One
	// takes some 150 bytes.
	Replays int
	// UnsafeWithoutEntry lets Handler run outside audit.Handler, in a service that
	// keeps its own access log.
	UnsafeWithoutEntry bool
}

// A Receiver takes identities that a [Forwarder] of a trusted service sends. It
// takes nothing from plain headers. It does not ask whether the account is still
// active: an access.Guard does, and ends what goes on for longer than the identity
// counts. It is safe for concurrent use; the zero
// value is not usable.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
type Receiver struct {
	audience string
	keys     map[string]*publicKey // by id
	issuers  map[string]string     // of a key, by its id
	opts     ReceiverOptions
	seen     *replays
	since    time.Time

	verified atomic.Uint64
	refused  [codes]atomic.Uint64
}

// NewReceiver returns a Receiver at audience, the origin of this service as its
// callers know it, for the given services and their public keys: several for
// one while a key is replaced. The error unwraps to [ErrOptions].
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func NewReceiver(audience string, issuers map[string][]ed25519.PublicKey, opts *ReceiverOptions) (*Receiver, error) {
	r := &Receiver{audience: audience, keys: map[string]*publicKey{}, issuers: map[string]string{}, since: time.Now()}
	if opts != nil {
		r.opts = *opts
	}
	r.opts.Leeway, r.opts.Replays = or(r.opts.Leeway, defaultLeeway), or(r.opts.Replays, defaultProofs)
	switch {
	case !isOrigin(audience):
		return nil, fmt.Errorf("%w: the audience must be an https address without a path", ErrOptions)
	case r.opts.Leeway < 0 || r.opts.Leeway > maxLeeway:
		return nil, fmt.Errorf("%w: Leeway must be at most 60 s", ErrOptions)
	case r.opts.Replays < 0 || r.opts.Replays > maxProofs:
		return nil, fmt.Errorf("%w: Replays must be at most 4,194,304", ErrOptions)
	}
	r.seen = newReplays(r.opts.Replays, r.opts.Replays)
	for issuer, keys := range issuers {
		for _, raw := range keys {
			key, err := importEdDSA(raw)
			if err != nil || issuer == "" {
				return nil, fmt.Errorf("%w: issuers need a name and Ed25519 keys", ErrOptions)
			}
			if _, twice := r.keys[key.id]; twice {
				return nil, fmt.Errorf("%w: a key is that of one issuer", ErrOptions)
			}
			r.keys[key.id], r.issuers[key.id] = key, issuer
		}
	}
	if len(r.keys) == 0 {
		return nil, fmt.Errorf("%w: at least one key is required", ErrOptions)
	}
	return r, nil
}

// Verify says on whose behalf a service calls. Its errors are *[Error].
func (r *Receiver) Verify(token string) (*Token, error) {
	t, err := r.verify(token)
	if err != nil {
		return nil, r.count(err)
	}
	r.verified.Add(1)
	return t, nil
}

func (r *Receiver) count(err *Error) *Error {
	r.refused[err.kind].Add(1)
	return err
}

func (r *Receiver) verify(token string) (*Token, *Error) {
	c, err := parseCompact(token)
	switch {
	case err != nil:
		return nil, err
	case !isType(c.typ, forwardType):
		return nil, refusal(codeType)
	case c.jwk:
		return nil, refusal(codeHeader)
	}
	key := r.keys[c.kid]
	if key == nil {
		return nil, refusal(codeKey)
	}
	if key.verify(c.algorithm, []byte(token)) != nil {
		return nil, refusal(codeSignature)
	}
	claims, bad := parseObject(c.payload)
	if bad != nil {
		return nil, refusal(codeMalformed)
	}
	t, err := r.read(claims, r.issuers[key.id])
	if err != nil {
		return nil, err
	}
	t.key, t.digest = key, hash(token)
	return t, r.once(t)
}

// once refuses a token that came before. Its id is the issuer's to choose, so it
// counts together with the key.
func (r *Receiver) once(t *Token) *Error {
	if r.opts.UnsafeAllowReplay {
		return nil
	}
	id, _ := t.Text("jti")
	return r.seen.first(sha256.Sum256([]byte(t.key.id+"."+id)), accountOf(&t.principal), t.deadline.Add(2*r.opts.Leeway))
}

// read makes a Token of claims whose signature was verified.
func (r *Receiver) read(claims map[string]any, issuer string) (*Token, *Error) {
	t := &Token{claims: claims}
	if named, _, ok := text(claims, "iss"); !ok || named != issuer {
		return nil, refusal(codeIssuer)
	}
	if audience, _, ok := text(claims, "aud"); !ok || audience != r.audience {
		return nil, refusal(codeAudience)
	}
	if id, _, ok := text(claims, "jti"); !ok || id == "" || len(id) > maxProofID {
		return nil, refusal(codeClaim)
	}
	if err := r.readTimes(t); err != nil {
		return nil, err
	}
	if err := r.readPrincipal(t, issuer); err != nil {
		return nil, err
	}
	return t, r.readGrant(t)
}

func (r *Receiver) readTimes(t *Token) *Error {
	// A Forwarder's tokens are held to its own bound here, too.
	as := &Verifier{trust: Trust{MaxLifetime: forwardLife}, opts: Options{Leeway: r.opts.Leeway}}
	return as.readTimes(t)
}

func (r *Receiver) readPrincipal(t *Token, issuer string) *Error {
	p := safeguard.Principal{}
	var kind string
	for name, field := range map[string]*string{
		"sub": &p.ID, "kind": &kind, "tenant": &p.Tenant, "method": &p.Method, "sid": &p.Session, "on_behalf_of": &p.OnBehalfOf,
	} {
		var ok bool
		if *field, _, ok = text(t.claims, name); !ok {
			return refusal(codeClaim)
		}
	}
	switch kind {
	case safeguard.Person.String():
		p.Kind = safeguard.Person
	case safeguard.Service.String():
		p.Kind = safeguard.Service
	}
	p.Method += " by " + issuer
	at, there, ok := instant(t.claims, "auth_time")
	if there {
		p.At = at
	}
	if !ok || p.Validate() != nil {
		return refusal(codeSubject)
	}
	t.principal = p
	return nil
}

// readGrant takes what the identity was forwarded for. Without a purpose it is
// for none.
func (r *Receiver) readGrant(t *Token) *Error {
	codes, _, ok := texts(t.claims, "purposes")
	if !ok || len(codes) != 1 {
		return refusal(codeClaim)
	}
	purpose, err := safeguard.ParsePurpose(codes[0])
	if err != nil {
		return refusal(codeClaim)
	}
	t.purposes, t.limited = []safeguard.Purpose{purpose}, true
	scope, scoped, ok := text(t.claims, "scope")
	patient, _, okPatient := text(t.claims, "patient")
	if !ok || !okPatient || len(patient) > maxPatient {
		return refusal(codeClaim)
	}
	t.scope, t.patient = scope, safeguard.NewPatient(patient)
	if !scoped {
		return nil
	}
	var bad *Error
	t.scopes, bad = scopesOf(t, r.opts.Actions)
	return bad
}

// Handler returns a handler that runs next only for requests with a forwarded
// identity, and puts it into the context: see [Token.Context]. It stands inside
// audit.Handler and outside access, and not inside another handler that
// identifies the caller. Refusals are like those of [Verifier.Handler].
func (r *Receiver) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		e := audit.EntryFrom(req.Context())
		setHeaders(w.Header())
		t, err := r.admit(req.Context(), e, req.Header[forwardHeader])
		if err != nil {
			refuse(w, e, r.count(err), challengeForward)
			return
		}
		r.verified.Add(1)
		e.SetPrincipal(t.principal)
		next.ServeHTTP(w, req.WithContext(t.Context(req.Context())))
	})
}

func (r *Receiver) admit(ctx context.Context, e *audit.Entry, lines []string) (*Token, *Error) {
	_, identified := safeguard.PrincipalFrom(ctx)
	switch {
	case identified || e == nil && !r.opts.UnsafeWithoutEntry:
		return nil, refusal(codeMisplaced)
	case len(lines) == 0:
		return nil, refusal(codeMissing)
	case len(lines) > 1:
		return nil, refusal(codeAmbiguous)
	}
	return r.verify(lines[0])
}

// challengeForward names the scheme that is expected, as RFC 9110 demands.
func challengeForward(code) string { return forwardHeader }
