package crypto

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// subjectID is the key of caches.
type subjectID struct {
	tenant  string
	patient safeguard.Patient
}

// A subject is the ready keys of one subject, versions ascending.
type subject struct {
	name string // in the store
	keys []subjectKey
	// newest is the highest version of the record, also if it is not in keys.
	newest uint32
	// primary is the id of the tenant's primary when the keys were made ready.
	primary uint32
	// sealing is the key that seals, and budget what it may; nil in what was
	// read for opening and could not seal as it was.
	sealing *subjectKey
	budget  *budget
}

type subjectKey struct {
	version uint32
	born    uint32
	created int64 // in Unix seconds
	aead    cipher.AEAD
	opener  opener
}

func (s *subject) find(version uint32) *subjectKey {
	for i := range s.keys {
		if s.keys[i].version == version {
			return &s.keys[i]
		}
	}
	return nil
}

// indexKey names a tenant's subjects in the store.
type indexKey [keySize]byte

// name returns the name of a subject: a keyed hash, so that who reads the
// store can neither see nor guess whose key it is.
func (k *indexKey) name(id subjectID) string {
	msg := appendPart([]byte{aadVersion, purposeSubjectName}, id.tenant)
	msg = appendPart(msg, id.patient.Reveal())
	mac := hmac.New(sha256.New, k[:])
	mac.Write(msg)
	return hex.EncodeToString(mac.Sum(nil))
}

// index returns the tenant's subject index key.
func (s *Sealer) index(ctx context.Context, ks *Keyset, tenant string, create bool) (*indexKey, error) {
	if key, ok := s.indexes.get(subjectID{tenant: tenant}); ok {
		return key, nil
	}
	gone, start := s.indexes.removals(), time.Now()
	roots, err := s.roots(ctx, ks, tenant, indexName, create)
	if err != nil {
		return nil, err
	}
	key := (*indexKey)(&roots[0].material)
	s.indexes.putAfter(gone, subjectID{tenant: strings.Clone(tenant)}, key, s.ttl-time.Since(start))
	return key, nil
}

// subject returns the ready keys of id, from the cache if they are there and,
// for sealing, can seal.
func (s *Sealer) subject(ctx context.Context, id subjectID, sealing bool) (*subject, error) {
	if s.store == nil {
		return nil, errNoStore
	}
	if ready, ok := s.ready.get(id); ok && (!sealing || ready.sealing != nil) {
		return ready, nil
	}
	return s.loadSubject(ctx, id, need{sealing: sealing})
}

// near returns the ready keys of id if they are near, else nil.
func (s *Sealer) near(id subjectID) *subject {
	if s.ready == nil { // the zero Sealer
		return nil
	}
	e := s.ready.near.find(id)
	if e == nil {
		return nil
	}
	e.touch()
	return e.value
}

// A need says for what a subject is loaded: for opening, for sealing, or for
// sealing with a key born under the primary and no other.
type need struct{ sealing, newest bool }

// loadSubject reads the keys of id from the store and makes them ready. For
// sealing it adds the version that is missing; for opening, a subject without
// keys is ErrNotFound.
func (s *Sealer) loadSubject(ctx context.Context, id subjectID, n need) (*subject, error) {
	gone, start := s.ready.removals(), time.Now()
	ks, err := s.keyset(ctx, id.tenant)
	if err != nil {
		return nil, err
	}
	index, err := s.index(ctx, ks, id.tenant, n.sealing)
	if err != nil {
		return nil, err
	}
	name := index.name(id)
	rec, granted, err := s.subjectRecord(ctx, ks, id.tenant, name, n)
	if err != nil {
		return nil, err
	}
	ready, err := readySubject(ks, id.tenant, name, rec)
	if err != nil {
		return nil, err
	}
	ready.primary = ks.primary.id
	if !n.sealing && s.worn(ks, rec, n) {
		ready.sealing = nil
	}
	id.tenant = strings.Clone(id.tenant)
	if ready.sealing != nil {
		ready.budget = s.subjectBudget(id, ready.sealing, granted)
	}
	// The time to live counts from before the read, so that a slow store
	// cannot stretch the bound within which a destroyed key stops working.
	s.ready.putAfter(gone, id, ready, s.ttl-time.Since(start))
	return ready, nil
}

// subjectRecord returns the record under name, with a new version if n needs
// one; granted is then how many messages this process may seal with it. Of
// processes that add one at once, the store lets one win, and the others look
// again.
func (s *Sealer) subjectRecord(ctx context.Context, ks *Keyset, tenant, name string, n need) (rec *record.Record, granted uint64, err error) {
	var added record.Key
	for range maxConflicts {
		old, rec, err := s.readRecord(ctx, tenant, name)
		if n.sealing && errors.Is(err, ErrNotFound) {
			rec, err = new(record.Record), nil
		}
		if err != nil {
			return nil, 0, err
		}
		if !n.sealing || !s.worn(ks, rec, n) {
			return rec, 0, nil
		}
		// What cannot be read is not added to.
		if _, err := readySubject(ks, tenant, name, rec); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, 0, err
		}
		granted, err = s.addVersion(ctx, ks, tenant, name, old, rec, &added)
		if !errors.Is(err, ErrConflict) {
			return rec, granted, err
		}
	}
	return nil, 0, ErrConflict
}

// worn reports whether sealing wants a version that rec does not have: one
// that is not half used, and that was made since the keyset was rotated. Where
// an older version was born under the primary, the rotation is another
// process's, and this one has not heard of it: it seals with what the other
// made, if it can. Or the other is the one that had not heard; so after an hour
// this one makes its own, if it knows the tenant key of the other's.
func (s *Sealer) worn(ks *Keyset, rec *record.Record, n need) bool {
	count := len(rec.Keys)
	if count == 0 {
		return true
	}
	if count == record.MaxKeys {
		return false
	}
	last := &rec.Keys[count-1]
	switch {
	case last.Leased >= half(s.limit):
		return true
	case last.Born == ks.primary.id:
		return false
	case n.newest:
		return true
	case ks.find(last.Wrapper()) != nil && time.Since(last.Created) >= maxBehind:
		return true
	}
	return !slices.ContainsFunc(rec.Keys, func(k record.Key) bool { return k.Born == ks.primary.id })
}

// maxBehind bounds how long a version made by a process that had not heard of
// a rotation goes on sealing, and how often processes that disagree on the
// primary add versions.
const maxBehind = time.Hour

// addVersion adds a version to rec and stores it. added is the one of the last
// attempt, which is used again: each costs a message of the tenant key.
func (s *Sealer) addVersion(ctx context.Context, ks *Keyset, tenant, name string, old []byte, rec *record.Record, added *record.Key) (granted uint64, err error) {
	version := uint32(1)
	var last record.Key
	if count := len(rec.Keys); count > 0 {
		last = rec.Keys[count-1]
		version = last.Version + 1
	}
	if added.Version != version {
		if *added, err = s.newKey(ctx, ks, tenant, name, version); err != nil {
			return 0, err
		}
		added.Leased = subjectBlock(s.limit)
	}
	rec.Keys = append(rec.Keys, *added)
	if err := s.writeRecord(ctx, tenant, name, old, rec); err != nil {
		return 0, err
	}
	s.stats.versions.Add(1)
	if old == nil {
		s.stats.created.Add(1)
	}
	if !last.Old && last.Leased >= half(s.limit) {
		s.tell(BudgetEvent{Tenant: tenant, KeyID: last.Born, Subject: true, Leased: last.Leased, Limit: s.limit})
	}
	return added.Leased, nil
}

// readySubject makes the keys of rec ready. A version that is wrapped under a
// tenant key that ks does not have is passed over: another process has rotated,
// and this one goes on with what it has.
func readySubject(ks *Keyset, tenant, name string, rec *record.Record) (*subject, error) {
	out := &subject{name: name, keys: make([]subjectKey, 0, len(rec.Keys))}
	for i := range rec.Keys {
		k := &rec.Keys[i]
		out.newest = k.Version
		if ks.find(k.Wrapper()) == nil {
			continue
		}
		material, err := unwrap(ks, tenant, name, k)
		if err != nil {
			return nil, err
		}
		key, err := newSubjectKey(k, material)
		clear(material)
		if err != nil {
			return nil, err
		}
		out.keys = append(out.keys, key)
	}
	if len(out.keys) == 0 {
		if len(rec.Keys) == 0 {
			return nil, ErrNotFound
		}
		return nil, errUnwrap
	}
	out.sealing = &out.keys[len(out.keys)-1]
	return out, nil
}

func newSubjectKey(k *record.Key, material []byte) (subjectKey, error) {
	aead, err := newAEAD(material)
	if err != nil {
		return subjectKey{}, err
	}
	opener, err := newOpener(material)
	return subjectKey{version: k.Version, born: k.Born, created: k.Created.Unix(), aead: aead, opener: opener}, err
}

// openingKey returns the key that sealed names. A version that is not ready
// may have been made by another process, or under a tenant key that this one
// did not have when it looked, so it is looked for in the store: once a second
// at most if none is found, since anybody can write a version into a value.
func (s *Sealer) openingKey(ctx context.Context, id subjectID, version uint32) (*subjectKey, error) {
	if ready := s.near(id); ready != nil {
		if key := ready.find(version); key != nil {
			return key, nil
		}
	}
	ready, err := s.subject(ctx, id, false)
	if err != nil {
		return nil, unknown(err)
	}
	if key := ready.find(version); key != nil {
		return key, nil
	}
	return s.missingKey(ctx, id, version)
}

// unknown returns the error for a value of a subject that has no key.
func unknown(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrOpen
	}
	return err
}

// missingKey looks in the store for a version that is not ready.
func (s *Sealer) missingKey(ctx context.Context, id subjectID, version uint32) (*subjectKey, error) {
	if _, missed := s.missed.get(id); missed {
		return nil, ErrOpen
	}
	ready, err := s.loadSubject(ctx, id, need{})
	if err != nil {
		return nil, unknown(err)
	}
	if key := ready.find(version); key != nil {
		return key, nil
	}
	id.tenant = strings.Clone(id.tenant)
	s.missed.put(id, nil, time.Second)
	return nil, ErrOpen
}

// SubjectName returns the name of a patient in the store of subject keys, for
// a program that manages the records there. It returns [ErrNotFound] for a
// tenant that has no names yet, and otherwise the errors of
// [Sealer.AppendSeal].
func (s *Sealer) SubjectName(ctx context.Context, tenant string, p safeguard.Patient) (string, error) {
	if s.store == nil {
		return "", errNoStore
	}
	if p.IsZero() || tenant == "" || len(tenant) > maxPart || len(p.Reveal()) > maxPart {
		return "", ErrRef
	}
	ks, err := s.keyset(ctx, tenant)
	if err != nil {
		return "", err
	}
	index, err := s.index(ctx, ks, tenant, false)
	if err != nil {
		return "", err
	}
	return index.name(subjectID{tenant, p}), nil
}

// Forget drops the ready keys of a patient from the memory of this process
// now, rather than within SubjectTTL. What is being sealed or opened at the
// moment may still end. Other processes are not told.
func (s *Sealer) Forget(tenant string, p safeguard.Patient) {
	if s.ready != nil {
		s.ready.remove(subjectID{tenant, p})
	}
}
