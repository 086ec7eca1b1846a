package keyset

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Ring gives the keysets of all tenants of a [Store], under one KEK. It
// implements [crypto.Keys], [crypto.Rotator], [crypto.KeyFacts] and
// [safeguard.Reporter].
//
// A keyset is loaded when its tenant is first used, with one call of the KEK
// however many wait for it, and then answers from memory. The store is read
// again every Refresh, and the KEK asked again every Recheck. While either does
// not answer, a loaded keyset goes on for Outage and then is refused; a tenant
// that is not loaded cannot be used.
//
// What the KEK refuses is refused at once. An error is taken for a refusal if
// it has a method Temporary() bool that returns false, as those of package
// crypto's drivers have; an error that is a net.Error, a context's, or says
// nothing is taken for an outage. A file that does not parse, or is
// another tenant's, is taken for an outage too: what was loaded is sound.
//
// It is safe for concurrent use, never prints, and needs no closing. The zero
// Ring is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type Ring struct {
	store Store
	kek   crypto.KEK
	o     Options
	since time.Time

	mu     sync.Mutex
	slots  map[string]*slot                 // tenants in memory
	coming map[string]*slot                 // tenants whose first load is under way
	places chan struct{}                    // one for each of coming
	misses int                              // of recent, since it was copied
	recent atomic.Pointer[map[string]*slot] // a copy of slots, for lookups without the lock

	loads, refusals, outages, calls atomic.Uint64
}

var (
	_ crypto.Keys        = (*Ring)(nil)
	_ crypto.Rotator     = (*Ring)(nil)
	_ crypto.KeyFacts    = (*Ring)(nil)
	_ safeguard.Reporter = (*Ring)(nil)
)

// NewRing returns a Ring over the keysets in store, which are encrypted under
// kek. Nil opts are the defaults. It calls neither.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func NewRing(store Store, kek crypto.KEK, opts *Options) (*Ring, error) {
	if store == nil || kek == nil {
		return nil, errors.New("keyset: ring: no store, or no key-encryption key")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	r := &Ring{
		store: store, o: o, since: time.Now(), places: make(chan struct{}, maxComing),
		slots: make(map[string]*slot), coming: make(map[string]*slot),
	}
	r.recent.Store(&map[string]*slot{})
	r.kek = &counted{kek, &r.calls}
	return r, nil
}

// Keyset implements [crypto.Keys]. For a tenant that is in use it answers from
// memory, without allocating. It returns [crypto.ErrTenant] for a tenant that
// is not in the store, [ErrDestroyed] for one whose keyset was destroyed,
// [ErrUnwrap] for one that the KEK refuses, [ErrOutage] after the stated time
// without an answer, or what the context, the store or the KEK returned.
func (r *Ring) Keyset(ctx context.Context, tenant string) (*crypto.Keyset, error) {
	if s := (*r.recent.Load())[tenant]; s != nil {
		if keys := s.ready.Load(); keys != nil {
			return keys, nil
		}
	}
	return r.wait(ctx, tenant)
}

// wait is Keyset for a tenant that is not loaded, or is to be looked at again.
func (r *Ring) wait(ctx context.Context, tenant string) (*crypto.Keyset, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkTenant(tenant); err != nil {
		return nil, err
	}
	for {
		s, err := r.slot(ctx, tenant)
		if err != nil {
			return nil, err
		}
		load, keys := r.begin(ctx, s)
		switch {
		case keys != nil:
			return keys, nil
		case load == nil: // the slot left meanwhile
			continue
		}
		select {
		case <-load.done:
			return load.keys, load.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Format writes a redaction under every verb.
func (r *Ring) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[keys]") }

// counted counts the calls of a KEK.
type counted struct {
	crypto.KEK
	calls *atomic.Uint64
}

func (c *counted) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	c.calls.Add(1)
	return c.KEK.EncryptWithContext(ctx, plaintext, associatedData)
}

func (c *counted) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	c.calls.Add(1)
	return c.KEK.DecryptWithContext(ctx, ciphertext, associatedData)
}

// KeyLocation implements crypto.Located.
func (c *counted) KeyLocation() crypto.Location {
	if l, ok := c.KEK.(crypto.Located); ok {
		return l.KeyLocation()
	}
	return crypto.LocationUnknown
}
