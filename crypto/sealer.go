package crypto

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"
)

// A Sealer seals values and opens them again. It is safe for concurrent use,
// never prints, and needs no closing. The zero Sealer is not usable. A
// process should have one: ready keys are per Sealer.
//
// A key seals SealLimit messages and no more. With a store of subjects the
// messages are counted in it for all processes, which lease them in blocks: a
// 4,096th of the limit of a tenant key, a 65,536th of that of a subject's key.
// What a process has leased and not used when it ends is lost. At half, a
// subject's key gets a new version, and a [Rotator] is asked to rotate a tenant
// key. Without a store, the messages of this process are counted since it
// started; divide SealLimit by the number of processes.
//
// The store is trusted with the counts so far: one that was altered, destroyed
// or, for a tenant whose names of subjects the key wraps, removed is [ErrCount].
// A new primary wraps them from [Sealer.RewrapSubjects] on; do that after every
// rotation. An older record of a count that is put back is noticed only by a
// process that has leased since; a removed one of a key that does not wrap
// names, and the count in a subject's record that somebody lowers, are not
// noticed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Sealer struct {
	keys      Keys
	store     SubjectKeys
	ttl       time.Duration
	limit     uint64
	onBudget  func(BudgetEvent)
	check     func(context.Context, Ref) error
	unaudited bool

	ready    *cache[*subject]
	missed   *cache[*subject] // nil for each of which a version was looked for in vain
	indexes  *cache[*indexKey]
	leases   *cache[*lease]
	stats    stats
	scratch  sync.Pool   // of *[]byte, for associated data
	segments segmentPool // of blobs
	moving   sync.Pool   // of *[]byte, for values that are sealed anew; cleared
}

// indexCache bounds the ready subject index keys, one a tenant.
const indexCache = 10_000

var errNoStore = errors.New("crypto: subject key: the Sealer has no store for subjects")

// New returns a Sealer over the keysets of tenants and a store of subject
// keys. subjects may be nil where every value is of NoSubject; a Ref with a
// Subject is then refused. Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func New(keys Keys, subjects SubjectKeys, opts *Options) (*Sealer, error) {
	if keys == nil || isNil(keys) {
		return nil, errors.New("crypto: new: no keys")
	}
	if subjects != nil && isNil(subjects) {
		return nil, errors.New("crypto: new: the store is a nil pointer")
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

// isNil reports whether v is a nil pointer or function, of which the methods
// would panic.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func) && r.IsNil()
}

func newSealer(keys Keys, subjects SubjectKeys, o Options) *Sealer {
	s := &Sealer{
		keys:      keys,
		store:     subjects,
		ttl:       o.SubjectTTL,
		limit:     o.SealLimit,
		onBudget:  o.OnBudget,
		check:     o.Check,
		unaudited: o.UnsafeUnaudited,
		ready:     newCache[*subject](o.SubjectCache),
		missed:    newCache[*subject](o.SubjectCache),
		indexes:   newCache[*indexKey](indexCache),
		leases:    newCache[*lease](4 * o.SubjectCache),
	}
	s.ready.near = new(near[*subject])
	s.stats.since = time.Now()
	s.scratch.New = func() any { b := make([]byte, 0, 256); return &b }
	s.moving.New = func() any { b := make([]byte, 0, 1024); return &b }
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
// is that of the tenant key under which the Subject's key was made, and all
// in front of the nonce is authenticated. The first value of a Subject
// makes the Subject's key and stores it before it is used.
//
// It returns [ErrRef], [ErrTenant], [ErrShredded], [ErrLimit], [ErrCount], or
// what the store or the context returned; dst is then not to be used. It
// allocates nothing where dst has room, does not overlap plaintext, the parts
// of ref have less than 230 bytes together, the key is ready and messages of
// it are leased; without room once, for the result.
func (s *Sealer) AppendSeal(ctx context.Context, dst, plaintext []byte, ref Ref) ([]byte, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	return s.seal(ctx, dst, plaintext, &ref)
}

// seal is AppendSeal for a Ref that was validated.
func (s *Sealer) seal(ctx context.Context, dst, plaintext []byte, ref *Ref) ([]byte, error) {
	if len(plaintext) > MaxPlaintext {
		return nil, errors.New("crypto: seal: value is longer than 16 MiB")
	}
	if ref.Subject.none {
		return s.sealTenant(ctx, dst, plaintext, ref)
	}
	return s.sealSubject(ctx, dst, plaintext, ref)
}

func (s *Sealer) sealTenant(ctx context.Context, dst, plaintext []byte, ref *Ref) ([]byte, error) {
	var place [placeSize]byte
	aad := appendField(place[:0], ref, nil)
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	if err := s.spend(ctx, ref.Tenant, ks.primary); err != nil {
		return nil, err
	}
	dst = room(dst, plaintext, tinkPrefix+nonceSize+len(plaintext)+tagSize)
	return ks.primary.seal(dst, plaintext, unescaped(aad)), nil
}

func (s *Sealer) sealSubject(ctx context.Context, dst, plaintext []byte, ref *Ref) ([]byte, error) {
	var place [placeSize]byte
	aad := appendField(place[:0], ref, nil)
	key, err := s.sealingKey(ctx, subjectID{ref.Tenant, ref.Subject.patient})
	if err != nil {
		return nil, err
	}
	dst = room(dst, plaintext, subjectPrefix+nonceSize+len(plaintext)+tagSize)
	start := len(dst)
	dst = append(dst, formatSubject)
	dst = binary.BigEndian.AppendUint32(dst, key.born)
	dst = binary.BigEndian.AppendUint32(dst, key.version)
	return key.aead.Seal(dst, nil, plaintext, unescaped(append(aad, dst[start:]...))), nil
}

// sealingKey returns the key that seals for a subject, with one message of it
// spent.
func (s *Sealer) sealingKey(ctx context.Context, id subjectID) (*subjectKey, error) {
	if ready := s.near(id); ready != nil && ready.sealing != nil && ready.budget.spend() {
		return ready.sealing, nil
	}
	return s.sealingKeyFor(ctx, id, 1)
}

// sealingKeyFor returns the key that seals for a subject, with n messages of
// it spent. More than one must be few beside the limit, or else one version
// after another would be half used in vain.
func (s *Sealer) sealingKeyFor(ctx context.Context, id subjectID, n uint64) (*subjectKey, error) {
	if n > 1 && n > s.limit/2 {
		return nil, ErrLimit
	}
	for range maxConflicts {
		ready, err := s.subject(ctx, id, true)
		if err != nil {
			return nil, err
		}
		err = s.spendSubject(ctx, id, ready, n)
		if err == nil {
			return ready.sealing, nil
		}
		if !errors.Is(err, errWorn) {
			return nil, err
		}
	}
	return nil, ErrConflict
}

// keyset asks the user's Keys, and trusts no answer that is empty.
func (s *Sealer) keyset(ctx context.Context, tenant string) (*Keyset, error) {
	if s.keys == nil { // the zero Sealer
		return nil, ErrTenant
	}
	ks, err := s.keys.Keyset(ctx, tenant)
	if err != nil {
		return nil, keysFailure(err)
	}
	if ks == nil || ks.primary == nil {
		return nil, ErrTenant
	}
	return ks, nil
}

func keysFailure(err error) error {
	if errors.Is(err, ErrTenant) {
		return ErrTenant
	}
	return fmt.Errorf("crypto: keys: %w", err)
}
