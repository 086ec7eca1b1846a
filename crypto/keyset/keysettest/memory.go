package keysettest

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A Store is a [keyset.Store] in memory, for tests. The zero Store is empty
// and ready to use. It is safe for concurrent use.
//
// Controls: none, it is test support.
type Store struct {
	mu    sync.Mutex
	files map[string][]byte
}

var _ keyset.Store = (*Store)(nil)

// Read implements [keyset.Store].
func (s *Store) Read(ctx context.Context, tenant string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.files[tenant]
	if !ok {
		return nil, crypto.ErrTenant
	}
	return bytes.Clone(content), nil
}

// Write implements [keyset.Store].
func (s *Store) Write(ctx context.Context, tenant string, old, content []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	current, ok := s.files[tenant]
	if ok != (old != nil) || !bytes.Equal(current, old) {
		return keyset.ErrConflict
	}
	if s.files == nil {
		s.files = make(map[string][]byte)
	}
	s.files[tenant] = bytes.Clone(content)
	return nil
}

// Tenants implements [keyset.Store].
func (s *Store) Tenants(ctx context.Context, after string, max int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Sorted(maps.Keys(s.files))
	from, found := slices.BinarySearch(all, after)
	if found {
		from++
	}
	all = all[from:]
	return all[:min(max, len(all))], nil
}
