package crypto

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Limits of a Sealer.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// MaxPlaintext is the longest value that is sealed, in bytes: 16 MiB.
	MaxPlaintext = 16 << 20
	// MaxSeals is how many messages one key may seal with random nonces
	// (NIST SP 800-38D, section 8.3).
	MaxSeals = 1 << 32
	// DefaultSubjectTTL is how long a ready subject key stays in memory.
	DefaultSubjectTTL = time.Minute
	// DefaultSubjectCache is how many ready subject keys stay in memory, about
	// 2 KiB each.
	DefaultSubjectCache = 10_000
)

// Options are the settings of a [Sealer]. The zero value, and nil, are the
// defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// SubjectTTL is how long a ready subject key stays in memory, and so how
	// long a process may go on after a key was destroyed in the store, or
	// after Keys no longer gives the tenant's. What is sealed in that time is
	// lost with the key. 0 is DefaultSubjectTTL; at most an hour.
	SubjectTTL time.Duration
	// SubjectCache is how many ready subject keys stay in memory. 0 is
	// DefaultSubjectCache; at most a million.
	SubjectCache int
	// SealLimit is how many messages a key may seal. 0 is MaxSeals, and more
	// than that is refused.
	SealLimit uint64
}

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
	if o.SubjectTTL < 0 || o.SubjectTTL > time.Hour {
		return nil, errors.New("crypto: new: SubjectTTL must be 0 to an hour")
	}
	if o.SubjectCache < 0 || o.SubjectCache > 1_000_000 {
		return nil, errors.New("crypto: new: SubjectCache must be 0 to a million")
	}
	if o.SealLimit > MaxSeals {
		return nil, errors.New("crypto: new: SealLimit must be at most 2^32")
	}
	return newSealer(keys, subjects, o.withDefaults()), nil
}

func (o Options) withDefaults() Options {
	if o.SubjectTTL == 0 {
		o.SubjectTTL = DefaultSubjectTTL
	}
	if o.SubjectCache == 0 {
		o.SubjectCache = DefaultSubjectCache
	}
	if o.SealLimit == 0 {
		o.SealLimit = MaxSeals
	}
	return o
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

// AppendOpen opens a value that was sealed for the place ref and appends the
// plaintext to dst. A value opened is noted in the [audit.Entry] of ctx; if
// the note is refused, so is the value.
//
// It returns [ErrOpen] for every value that is not as it was sealed at ref,
// [ErrShredded] for a Subject whose key was destroyed, [ErrRef], [ErrTenant],
// or what the store, the audit or the context returned; there is then no
// plaintext. It never makes a key. It allocates nothing where dst has room,
// does not overlap sealed, the key is ready and ctx has no Entry.
func (s *Sealer) AppendOpen(ctx context.Context, dst, sealed []byte, ref Ref) ([]byte, error) {
	if err := ref.validate(); err != nil {
		return nil, err
	}
	start := len(dst)
	out, err := s.open(ctx, dst, sealed, &ref)
	if err != nil {
		s.stats.refused.Add(1)
		return nil, err
	}
	if err := audit.EntryFrom(ctx).NoteOpened(ref.Table, ref.Column, ref.Subject.patient); err != nil {
		clear(out[start:])
		s.stats.refused.Add(1)
		return nil, fmt.Errorf("crypto: open: audit: %w", err)
	}
	s.stats.opened.Add(1)
	return out, nil
}

func (s *Sealer) open(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	if !wellFormed(sealed) || (sealed[0] == formatTink) != ref.Subject.none {
		return nil, ErrOpen
	}
	if ref.Subject.none {
		return s.openTenant(ctx, dst, sealed, ref)
	}
	return s.openSubject(ctx, dst, sealed, ref)
}

func (s *Sealer) openTenant(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	ks, err := s.keyset(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = appendField((*aad)[:0], ref, nil)
	dst = room(dst, sealed, len(sealed)-tinkPrefix-nonceSize-tagSize)
	return ks.open(dst, sealed, *aad)
}

func (s *Sealer) openSubject(ctx context.Context, dst, sealed []byte, ref *Ref) ([]byte, error) {
	key, err := s.openingKey(ctx, sealed, ref)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = appendField((*aad)[:0], ref, sealed[:subjectPrefix])
	dst = room(dst, sealed, len(sealed)-subjectPrefix-nonceSize-tagSize)
	out, err := key.aead.Open(dst, nil, sealed[subjectPrefix:], *aad)
	if err != nil {
		return nil, ErrOpen
	}
	return out, nil
}

// openingKey returns the key that sealed names. A version newer than the
// ready ones may have been made by another process, so it is looked for once
// in the store.
func (s *Sealer) openingKey(ctx context.Context, sealed []byte, ref *Ref) (*subjectKey, error) {
	id := subjectID{ref.Tenant, ref.Subject.patient}
	version := binary.BigEndian.Uint32(sealed[5:])
	keys, err := s.subject(ctx, id, false)
	if err == nil && version > keys[len(keys)-1].version {
		keys, err = s.loadSubject(ctx, id, false)
	}
	if errors.Is(err, ErrNotFound) {
		return nil, ErrOpen
	}
	if err != nil {
		return nil, err
	}
	if key := keys.find(version); key != nil {
		return key, nil
	}
	return nil, ErrOpen
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

// wellFormed reports whether b has the shape of a sealed value.
func wellFormed(b []byte) bool {
	if len(b) == 0 || len(b) > subjectPrefix+nonceSize+MaxPlaintext+tagSize {
		return false
	}
	switch b[0] {
	case formatTink:
		return len(b) >= tinkPrefix+nonceSize+tagSize
	case formatSubject:
		return len(b) >= subjectPrefix+nonceSize+tagSize
	}
	return false
}

// room returns dst with room for n more bytes that do not overlap src, in a
// new array if it must. (The ciphers panic on a partial overlap.)
func room(dst, src []byte, n int) []byte {
	if cap(dst)-len(dst) >= n && !overlap(dst[len(dst):len(dst)+n], src) {
		return dst
	}
	out := make([]byte, len(dst), len(dst)+n)
	copy(out, dst)
	return out
}

// overlap reports whether a and b share memory. The addresses are compared,
// never followed.
func overlap(a, b []byte) bool {
	return len(a) > 0 && len(b) > 0 &&
		uintptr(unsafe.Pointer(&a[0])) <= uintptr(unsafe.Pointer(&b[len(b)-1])) &&
		uintptr(unsafe.Pointer(&b[0])) <= uintptr(unsafe.Pointer(&a[len(a)-1]))
}
