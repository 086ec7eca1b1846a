package cryptotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Keys are keysets in memory, one random key for each tenant.
//
// Controls: none, it is test support.
type Keys map[string]*crypto.Keyset

// NewKeys returns a random keyset for each tenant.
//
// Controls: none, it is test support.
func NewKeys(tenants ...string) (Keys, error) {
	keys := make(Keys, len(tenants))
	for i, tenant := range tenants {
		var material [32]byte
		rand.Read(material[:])
		id := uint32(i + 1)
		key, err := crypto.NewKey(id, material[:])
		if err != nil {
			return nil, err
		}
		if keys[tenant], err = crypto.NewKeyset(id, key); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Keyset implements [crypto.Keys].
func (k Keys) Keyset(_ context.Context, tenant string) (*crypto.Keyset, error) {
	if ks := k[tenant]; ks != nil {
		return ks, nil
	}
	return nil, crypto.ErrTenant
}

// Subjects is a store of subject keys in memory. The zero value is empty and
// ready; it is safe for concurrent use and must not be copied.
//
// Controls: none, it is test support.
type Subjects struct {
	mu      sync.Mutex
	records map[place][]byte // nil where destroyed
}

type place struct{ tenant, name string }

// NewSubjects returns an empty store.
//
// Controls: none, it is test support.
func NewSubjects() *Subjects { return new(Subjects) }

// Get implements [crypto.SubjectKeys].
func (s *Subjects) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record, err := s.get(ctx, place{tenant, name})
	return bytes.Clone(record), err
}

func (s *Subjects) get(ctx context.Context, at place) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	record, ok := s.records[at]
	switch {
	case !ok:
		return nil, crypto.ErrNotFound
	case record == nil:
		return nil, crypto.ErrShredded
	}
	return record, nil
}

// Put implements [crypto.SubjectKeys].
func (s *Subjects) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, err := s.get(ctx, place{tenant, name})
	switch {
	case err == crypto.ErrNotFound && old == nil:
	case err == crypto.ErrNotFound:
		return crypto.ErrConflict
	case err != nil:
		return err
	case old == nil || !bytes.Equal(current, old):
		return crypto.ErrConflict
	}
	s.set(place{tenant, name}, bytes.Clone(record))
	return nil
}

// Destroy implements [crypto.SubjectKeys].
func (s *Subjects) Destroy(ctx context.Context, tenant, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(place{tenant, name}, nil)
	return nil
}

func (s *Subjects) set(at place, record []byte) {
	if s.records == nil {
		s.records = make(map[place][]byte)
	}
	s.records[at] = record
}

// Names implements [crypto.SubjectLister].
func (s *Subjects) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for at, record := range s.records {
		if at.tenant == tenant && record != nil && at.name > after {
			names = append(names, at.name)
		}
	}
	slices.Sort(names)
	return names[:min(max, len(names))], nil
}
