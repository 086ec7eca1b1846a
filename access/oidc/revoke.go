package oidc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// maxRevoked is how many accounts can be revoked within one lifetime of a token.
const maxRevoked = 1 << 16

// An account is what a revocation is about.
type account struct{ tenant, id string }

func accountOf(p *safeguard.Principal) account { return account{p.Tenant, p.ID} }

// revocations remembers accounts whose tokens of before no longer count, until
// the last of those has expired.
type revocations struct {
	some  atomic.Bool
	keep  time.Duration
	mu    sync.RWMutex
	since map[account]time.Time
}

// add forgets what is over, and returns false if there is no room.
func (r *revocations) add(a account) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.since[a]; !again && len(r.since) >= maxRevoked {
		for old, since := range r.since {
			if now.Sub(since) > r.keep {
				delete(r.since, old)
			}
		}
		if len(r.since) >= maxRevoked {
			return false
		}
	}
	r.since[a] = now
	r.some.Store(true)
	return true
}

func (r *revocations) of(p *safeguard.Principal) (since time.Time) {
	if !r.some.Load() {
		return time.Time{}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.since[accountOf(p)]
}

// Revoke refuses every token of an account that was issued until now, in this
// process: those that are kept are forgotten, and new ones of before are as bad.
// Requests that were let in with one fail at their next commit. It is for programs
// without [Options.Epochs], which says the same in every replica and after a
// restart. It returns an error that is [ErrUnavailable] when it cannot remember
// one more.
//
// A token that is issued within [Options.Leeway] after the call is refused, too,
// as the clocks may differ: with the code "oidc.too-early".
func (v *Verifier) Revoke(_ context.Context, tenant, id string) error {
	a := account{tenant, id}
	if !v.revoked.add(a) {
		return refusal(codeFull)
	}
	v.cache.dropAll(a)
	return nil
}

// counts asks whether tokens of the principal still count from when t was
// issued.
func (v *Verifier) counts(t *Token) *Error {
	if err := v.after(t, v.revoked.of(&t.principal)); err != nil {
		return err
	}
	if v.opts.Epochs == nil {
		return nil
	}
	epoch, since, err := v.opts.Epochs.Epoch(t.principal)
	switch {
	case errors.Is(err, safeguard.ErrPrincipal):
		return refusal(codeRevoked)
	case err != nil:
		return refusal(codeEpoch)
	case since.IsZero() && epoch != 0:
		return refusal(codeRevoked)
	}
	return v.after(t, since)
}

// after refuses t unless it was issued after since, beyond doubt: issuers write
// whole seconds, and their clock may be ahead. A token of which only that doubt is
// in the way has a code of its own, for whoever wonders why a new account is refused.
func (v *Verifier) after(t *Token, since time.Time) *Error {
	switch {
	case since.IsZero() || t.issued.After(since.Add(v.opts.Leeway)):
		return nil
	case t.issued.After(since):
		return refusal(codeEarly)
	}
	return refusal(codeRevoked)
}
