package access

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// CacheOptions are the settings of a RelationshipCache. The zero value of each
// field is its default.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type CacheOptions struct {
	// TTL is how long an answer is believed. The default is 30 s, the most
	// an hour.
	TTL time.Duration
	// Timeout bounds one question to the source. The default is 2 s.
	Timeout time.Duration
	// Max is how many answers are kept; when they are more, any is forgotten.
	// It is rounded up to a power of two. The default is 65,536, the most
	// 16,777,216, the least 64. A place costs 8 B, a kept answer about 200 B.
	Max int
}

// A RelationshipCache keeps what a Relationships has answered, for a short
// time, so that most decisions ask no other system. A program that learns of a
// change tells it: Forget, ForgetPatient, ForgetAll. Once one of these has
// returned, nothing that was asked before it is answered any more, not even
// what was being asked meanwhile. Without them a relationship that has ended
// goes on to count until the TTL is over.
//
// An error is never kept. It is safe for concurrent use; the zero value is not
// usable. Answers are kept by the Tenant, ID, Kind and OnBehalfOf of the
// principal and by the patient: a source whose answer depends on the session or
// on how somebody signed in must not be cached.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type RelationshipCache struct {
	src     Relationships
	ttl     time.Duration
	timeout time.Duration
	since   time.Time // a monotonic clock begins here
	seed    maphash.Seed
	slots   []atomic.Pointer[related]

	mu         sync.Mutex
	generation uint64 // grows with every Forget
}

// related is one answer. It is immutable.
type related struct {
	key   relatedKey
	until time.Duration // since the cache was made
	mark  *mark         // of the policy of set, nil if none asked
	set   uint64        // names as a set
	names []string
}

type relatedKey struct {
	patient                safeguard.Patient
	id, tenant, onBehalfOf string
	kind                   safeguard.Kind
}

// is reports whether the key is that of p and patient.
func (k *relatedKey) is(p *safeguard.Principal, patient safeguard.Patient) bool {
	return k.patient == patient && k.id == p.ID && k.kind == p.Kind && k.tenant == p.Tenant && k.onBehalfOf == p.OnBehalfOf
}

// CacheRelationships returns a cache in front of src. Nil opts are the
// defaults. The error unwraps to [ErrOptions].
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func CacheRelationships(src Relationships, opts *CacheOptions) (*RelationshipCache, error) {
	o := CacheOptions{}
	if opts != nil {
		o = *opts
	}
	if o.TTL == 0 {
		o.TTL = 30 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Max == 0 {
		o.Max = 1 << 16
	}
	switch {
	case src == nil:
		return nil, fmt.Errorf("%w: the Relationships to cache are nil", ErrOptions)
	case o.TTL < 0 || o.TTL > time.Hour:
		return nil, fmt.Errorf("%w: CacheOptions.TTL is not between 0 and 1 h", ErrOptions)
	case o.Timeout < 0:
		return nil, fmt.Errorf("%w: CacheOptions.Timeout is negative", ErrOptions)
	case o.Max < 64 || o.Max > 1<<24:
		return nil, fmt.Errorf("%w: CacheOptions.Max is not between 64 and 16,777,216", ErrOptions)
	}
	slots := 64
	for slots < o.Max {
		slots *= 2
	}
	return &RelationshipCache{
		src: src, ttl: o.TTL, timeout: o.Timeout, since: time.Now(), seed: maphash.MakeSeed(),
		slots: make([]atomic.Pointer[related], slots),
	}, nil
}

// Relations returns what p is to patient, as the source says now or said
// lately.
func (c *RelationshipCache) Relations(ctx context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error) {
	r, err := c.relations(ctx, nil, &p, patient, time.Since(c.since))
	if err != nil {
		return nil, err
	}
	return slices.Clone(r.names), nil
}

// set returns what p is to patient as a set of a policy's relations, at now
// since the cache was made.
func (c *RelationshipCache) set(ctx context.Context, policy *Policy, p *safeguard.Principal, patient safeguard.Patient, now time.Duration) (uint64, error) {
	r, err := c.relations(ctx, policy, p, patient, now)
	if err != nil {
		return 0, err
	}
	if r.mark == policy.mark {
		return r.set, nil
	}
	return policy.relationSet(r.names), nil
}

func (p *Policy) relationSet(names []string) uint64 {
	set := uint64(0)
	for _, name := range names {
		if bit, known := p.relations[name]; known {
			set |= 1 << bit
		}
	}
	return set
}

func (c *RelationshipCache) relations(ctx context.Context, policy *Policy, p *safeguard.Principal, patient safeguard.Patient, now time.Duration) (*related, error) {
	at := c.home(p.ID, patient)
	for way := range cacheWays {
		r := c.slots[at+way].Load()
		if r != nil && now < r.until && r.key.is(p, patient) {
			return r, nil
		}
	}
	key := relatedKey{patient, p.ID, p.Tenant, p.OnBehalfOf, p.Kind}
	return c.ask(ctx, policy, p, &key, at, now)
}

// cacheWays is in how many slots an answer may be.
const cacheWays = 4

// home returns the first slot of what is kept about an ID and a patient.
func (c *RelationshipCache) home(id string, patient safeguard.Patient) int {
	h := mix(maphash.String(c.seed, id), maphash.Comparable(c.seed, patient))
	return int(h&uint64(len(c.slots)-1)) &^ (cacheWays - 1)
}

// ask asks the source, and keeps the answer unless something was forgotten
// meanwhile.
func (c *RelationshipCache) ask(ctx context.Context, policy *Policy, p *safeguard.Principal, key *relatedKey, at int, now time.Duration) (*related, error) {
	c.mu.Lock()
	before := c.generation
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	names, err := c.src.Relations(ctx, *p, key.patient)
	if err == nil {
		err = ctx.Err() // too late is no answer
	}
	if err != nil {
		return nil, err
	}
	// The answer is as old as the question.
	r := &related{key: *key, until: now + c.ttl, names: slices.Clone(names)}
	if policy != nil {
		r.mark, r.set = policy.mark, policy.relationSet(r.names)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == before {
		c.slots[c.vacant(at, key, now)].Store(r)
	}
	return r, nil
}

// vacant returns the slot to keep an answer in: that of the same key, one that
// is free or over, or else the one that is over first.
func (c *RelationshipCache) vacant(at int, key *relatedKey, now time.Duration) int {
	best, least := at, time.Duration(1<<63-1)
	for way := range cacheWays {
		r := c.slots[at+way].Load()
		switch {
		case r == nil:
			if least > 0 {
				best, least = at+way, 0
			}
		case r.key == *key:
			return at + way
		case r.until < least:
			best, least = at+way, r.until
		}
	}
	return best
}

// Forget forgets what was answered about a principal, by its Tenant and ID,
// also where it acts on somebody's behalf or somebody on its. It takes time in
// proportion to Max: at the default well under a millisecond.
func (c *RelationshipCache) Forget(p safeguard.Principal) {
	c.forget(func(k *relatedKey) bool {
		return k.tenant == p.Tenant && (k.id == p.ID || k.onBehalfOf == p.ID)
	})
}

// ForgetPatient forgets what was answered about a patient.
func (c *RelationshipCache) ForgetPatient(patient safeguard.Patient) {
	c.forget(func(k *relatedKey) bool { return k.patient == patient })
}

// ForgetAll forgets everything.
func (c *RelationshipCache) ForgetAll() { c.forget(func(*relatedKey) bool { return true }) }

func (c *RelationshipCache) forget(concerns func(*relatedKey) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for i := range c.slots {
		if r := c.slots[i].Load(); r != nil && concerns(&r.key) {
			c.slots[i].Store(nil)
		}
	}
}

// Len returns how many answers are kept, those that are over included. It looks
// at every place.
func (c *RelationshipCache) Len() int {
	n := 0
	for i := range c.slots {
		if c.slots[i].Load() != nil {
			n++
		}
	}
	return n
}
