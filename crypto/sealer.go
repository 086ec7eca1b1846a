package crypto

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A Sealer seals values and opens them again. It is safe for concurrent use,
// never prints, and needs no closing. The zero Sealer is not usable. A
// process should have one: counts and ready keys are per Sealer.
//
// The limit of messages a key is counted in this process since it started.
// Other processes that seal under the same key, and earlier runs, are not in
// the count; divide SealLimit by their number. The count of a subject's key is
// kept in one of 16,384 counters that subjects share, so it is never too low.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Sealer struct {
	keys    Keys
	store   SubjectKeys
	ttl     time.Duration
	limit   uint64
	ready   *cache[subjectID, subjectKeys]
	indexes *cache[string, *indexKey]
	counts  []atomic.Uint64
	stats   stats
	scratch sync.Pool // of *[]byte, for associated data
}

// countSlots is the number of counters that subjects' keys share.
const countSlots = 1 << 14

// indexCache bounds the ready subject index keys, one a tenant.
const indexCache = 10_000

var errNoStore = errors.New("crypto: subject key: the Sealer has no store for subjects")

// New returns a Sealer over the keysets of tenants and a store of subject
// keys. subjects may be nil where every value is of NoSubject; a Ref with a
// Subject is then refused. Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func New(keys Keys, subjects SubjectKeys, opts *Options) (*Sealer, error) {
	if keys == nil {
		return nil, errors.New("crypto: new: no keys")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	return newSealer(keys, subjects, o.withDefaults()), nil
}

func newSealer(keys Keys, subjects SubjectKeys, o Options) *Sealer {
	s := &Sealer{
		keys:    keys,
		store:   subjects,
		ttl:     o.SubjectTTL,
		limit:   o.SealLimit,
		ready:   newCache[subjectID, subjectKeys](o.SubjectCache),
		indexes: newCache[string, *indexKey](indexCache),
		counts:  make([]atomic.Uint64, countSlots),
	}
	s.stats.since = time.Now()
	s.scratch.New = func() any { b := make([]byte, 0, 256); return &b }
	return s
}

// Format writes a redaction under every verb.
func (s *Sealer) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[sealer]") }

// AppendSeal seals plaintext for the place ref and appends it to dst, 33
// bytes longer than plaintext for NoSubject and 37 for a Subject:
//
//	0x01 | tenant key id (4) | nonce (12) | ciphertext | tag (16)
//	0x53 | tenant key id (4) | key version (4) | nonce (12) | ciphertext | tag (16)
//
// with numbers big-endian. The first is Tink's layout. In the second the id
// is that of the tenant key which wrapped the Subject's key at the time, and
// all in front of the nonce is authenticated. The first value of a Subject
// makes the Subject's key and stores it before it is used.
//
// It returns [ErrRef], [ErrTenant], [ErrShredded], [ErrLimit], or what the
// store or the context returned; dst is then not to be used. It allocates
// nothing where dst has room, does not overlap plaintext, and the key is
// ready; otherwise once, for the result.
func (s *Sealer) AppendSeal(ctx context.Context, dst, plaintext []byte, ref Ref) ([]byte, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	if len(plaintext) > MaxPlaintext {
		return nil, errors.New("crypto: seal: value is longer than 16 MiB")
	}
	if ref.Subject.none {
		return s.sealTenant(ctx, dst, plaintext, &ref)
	}
	return s.sealSubject(ctx, dst, plaintext, &ref)
}

func (s *Sealer) sealTenant(ctx context.Context, dst, plaintext []byte, ref *Ref) ([]byte, error) {
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = appendField((*aad)[:0], ref, nil)
	dst = room(dst, plaintext, tinkPrefix+nonceSize+len(plaintext)+tagSize)
	return ks.seal(dst, plaintext, *aad, s.limit)
}

func (s *Sealer) sealSubject(ctx context.Context, dst, plaintext []byte, ref *Ref) ([]byte, error) {
	keys, err := s.subject(ctx, subjectID{ref.Tenant, ref.Subject.patient}, true)
	if err != nil {
		return nil, err
	}
	key := &keys[len(keys)-1]
	if key.seals.Add(1) > s.limit {
		return nil, ErrLimit
	}
	dst = room(dst, plaintext, subjectPrefix+nonceSize+len(plaintext)+tagSize)
	start := len(dst)
	dst = append(dst, formatSubject)
	dst = binary.BigEndian.AppendUint32(dst, key.wrapper)
	dst = binary.BigEndian.AppendUint32(dst, key.version)
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = appendField((*aad)[:0], ref, dst[start:])
	return key.aead.Seal(dst, nil, plaintext, *aad), nil
}

// keyset asks the user's Keys, and trusts no answer that is empty.
func (s *Sealer) keyset(ctx context.Context, tenant string) (*Keyset, error) {
	if s.keys == nil { // the zero Sealer
		return nil, ErrTenant
	}
	ks, err := s.keys.Keyset(ctx, tenant)
	if errors.Is(err, ErrTenant) {
		return nil, ErrTenant
	}
	if err != nil {
		return nil, fmt.Errorf("crypto: keys: %w", err)
	}
	if ks == nil || ks.primary == nil {
		return nil, ErrTenant
	}
	return ks, nil
}
