package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// Sessions starts server sessions. Start begins one of p that ends by itself at
// until at the latest, and returns its secret token and its ID, which is the
// Principal.Session of the requests that come with it. It is a few lines around
// Manager.Start of package session, whose SignIn has a field Until.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
type Sessions interface {
	Start(ctx context.Context, p safeguard.Principal, until time.Time) (token, id string, err error)
}

// Bounds of the sessions that can be narrowed by their token at once, in all and
// of one account: who exchanges one token again and again locks nobody out.
const (
	maxGrants = 1 << 16
	maxOwn    = 64
)

// An Exchange gives a server session for a token, so that automatic logoff holds
// for whoever came with one: the session ends after a time without activity,
// and with its token at the latest.
//
// It is two handlers. Exchange itself is the endpoint: a POST with the token,
// whose answer holds the token of the session. [Exchange.Handler] stands around
// the routes, inside the session's own handler: a session must not be able to
// do more than the token that it was started for. The endpoint starts no session
// before Handler was called.
//
// It knows the tokens of its sessions in memory, so requests of a session must
// reach the process that started it; another denies them, and the client
// exchanges its token there. It knows 65,536 at once, and starts no more; of one
// account it knows the 64 that began last.
//
// A token that is bound to a key is not exchanged, for the session would not be.
// It is safe for concurrent use; the zero value is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
type Exchange struct {
	verifier *Verifier
	sessions Sessions
	wrapped  atomic.Bool

	mu      sync.Mutex
	grants  map[string]*Token
	own     map[account][]string // its sessions, the one that began first in front
	nextDue time.Time            // before which none of them is over
}

// NewExchange returns an Exchange. It returns an error that is [ErrOptions] if
// one of the two is nil.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func NewExchange(v *Verifier, s Sessions) (*Exchange, error) {
	if v == nil || s == nil {
		return nil, fmt.Errorf("%w: a Verifier and Sessions are required", ErrOptions)
	}
	return &Exchange{verifier: v, sessions: s, grants: map[string]*Token{}, own: map[account][]string{}}, nil
}

// session is the answer of the endpoint, in the terms of RFC 6749, section 5.1.
type session struct {
	Token   string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int64  `json:"expires_in"` // in seconds, at most
}

// ServeHTTP exchanges the token of a POST request for a session.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	setHeaders(w.Header())
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	answer, err := x.exchange(r, e)
	if err != nil {
		refuse(w, e, x.verifier.count(err), x.verifier.challenge)
		return
	}
	body, _ := json.Marshal(answer) // strings and a number: cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.Write(body) //nolint:errcheck // the client is gone
}

func (x *Exchange) exchange(r *http.Request, e *audit.Entry) (session, *Error) {
	if err := x.verifier.placed(r.Context(), e); err != nil {
		return session{}, err
	}
	if !x.wrapped.Load() {
		return session{}, refusal(codeMisplaced)
	}
	t, err := x.verifier.verifyRequest(r)
	switch {
	case err != nil:
		return session{}, err
	case t.Bound():
		return session{}, refusal(codeProof)
	case time.Now().Compare(t.expires) >= 0: // within the leeway, too late for a session
		return session{}, refusal(codeExpired)
	}
	e.SetPrincipal(t.principal)
	e.AddGate(x.verifier.gate(e, t))
	if !x.room() {
		return session{}, refusal(codeFull)
	}
	token, id, bad := x.sessions.Start(r.Context(), t.principal, t.expires)
	if bad != nil || id == "" || token == "" {
		return session{}, refusal(codeSessions)
	}
	if !x.keep(id, t) { // the session that was started is denied by Handler
		return session{}, refusal(codeFull)
	}
	return session{Token: token, Type: "Bearer", Expires: int64(time.Until(t.expires) / time.Second)}, nil
}

// room reports whether one more token can be remembered.
func (x *Exchange) room() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.makeRoom(time.Now())
}

func (x *Exchange) makeRoom(now time.Time) bool {
	if len(x.grants) >= maxGrants && !now.Before(x.nextDue) {
		x.sweep(now)
	}
	return len(x.grants) < maxGrants
}

// keep remembers the token of a session, unless there is no room. It forgets the
// first session of an account that has too many.
func (x *Exchange) keep(id string, t *Token) bool {
	a := accountOf(&t.principal)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.grants[id] != nil { // two sessions of one id: which token narrows them?
		return false
	}
	if own := x.own[a]; len(own) >= maxOwn {
		delete(x.grants, own[0])
		x.own[a] = slices.Delete(own, 0, 1)
	}
	if !x.makeRoom(time.Now()) {
		return false
	}
	if len(x.grants) == 0 || t.deadline.Before(x.nextDue) {
		x.nextDue = t.deadline
	}
	x.grants[id] = t
	x.own[a] = append(x.own[a], id)
	return true
}

// sweep forgets tokens that are over.
func (x *Exchange) sweep(now time.Time) {
	x.nextDue = now.Add(maxLifetime)
	for id, t := range x.grants {
		if !now.Before(t.deadline) {
			delete(x.grants, id)
		} else if t.deadline.Before(x.nextDue) {
			x.nextDue = t.deadline
		}
	}
	for a, ids := range x.own {
		x.own[a] = slices.DeleteFunc(ids, func(id string) bool { return x.grants[id] == nil })
		if len(x.own[a]) == 0 {
			delete(x.own, a)
		}
	}
}

func (x *Exchange) grant(id string) *Token {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.grants[id]
}

// Handler returns a handler that runs next only in sessions that this Exchange
// has started, as long as their token is good, and narrows them to what it
// permits. It stands inside the handler of the sessions and outside access.
//
// The Principal's At becomes when the person signed in at the issuer, as far as
// the token says: exchanging a token is no fresh sign-in.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func (x *Exchange) Handler(next http.Handler) http.Handler {
	x.wrapped.Store(true)
	v := x.verifier
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		p, t, err := x.admit(r.Context())
		if err != nil {
			refuse(w, e, v.count(err), v.challenge)
			return
		}
		e.AddGate(v.gate(e, t))
		// The session began when the token was exchanged, which is no sign-in.
		p.At = t.principal.At
		next.ServeHTTP(w, r.WithContext(t.narrow(safeguard.WithPrincipal(r.Context(), p))))
	})
}

// admit returns who comes in a session, and the token that it was started for.
func (x *Exchange) admit(ctx context.Context) (safeguard.Principal, *Token, *Error) {
	p, ok := safeguard.PrincipalFrom(ctx)
	if !ok || p.Session == "" {
		return p, nil, refusal(codeMissing)
	}
	t := x.grant(p.Session)
	if t == nil || accountOf(&t.principal) != accountOf(&p) || t.principal.Kind != p.Kind {
		return p, nil, refusal(codeMissing)
	}
	return p, t, x.verifier.live(ctx, t)
}
