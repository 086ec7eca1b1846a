package cryptotest

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Tokens is a [crypto.TokenStore] in memory. The zero value is empty and
// ready; it is safe for concurrent use and must not be copied.
//
// Controls: none, it is test support.
type Tokens struct {
	mu     sync.Mutex
	rows   map[tokenPlace]tokenRow
	erased map[place]bool
}

type tokenPlace struct{ tenant, index, row string }

type tokenRow struct {
	subject string
	tokens  [][]byte
}

// NewTokens returns an empty store.
//
// Controls: none, it is test support.
func NewTokens() *Tokens { return new(Tokens) }

// Put implements [crypto.TokenStore].
func (s *Tokens) Put(ctx context.Context, r crypto.TokenRow) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(ctx, r)
}

// Fill implements [crypto.TokenStore].
func (s *Tokens) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.allowed(ctx, r); err != nil || len(r.Tokens) == 0 {
		return false, err
	}
	version, _ := crypto.TokenVersion(r.Tokens[0])
	for _, t := range s.rows[tokenPlace{r.Tenant, r.Index, r.Row}].tokens {
		if v, _ := crypto.TokenVersion(t); v >= version {
			return false, nil
		}
	}
	return true, s.put(ctx, r)
}

func (s *Tokens) allowed(ctx context.Context, r crypto.TokenRow) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.SubjectName != "" && s.erased[place{r.Tenant, r.SubjectName}] {
		return crypto.ErrShredded
	}
	return nil
}

// put stores r; the caller holds the lock.
func (s *Tokens) put(ctx context.Context, r crypto.TokenRow) error {
	if err := s.allowed(ctx, r); err != nil {
		return err
	}
	if s.rows == nil {
		s.rows = make(map[tokenPlace]tokenRow)
	}
	at, row := tokenPlace{r.Tenant, r.Index, r.Row}, tokenRow{subject: r.SubjectName}
	for _, t := range r.Tokens {
		row.tokens = append(row.tokens, bytes.Clone(t))
	}
	if s.rows[at] = row; len(row.tokens) == 0 {
		delete(s.rows, at)
	}
	return nil
}

// EraseTokens implements [crypto.TokenStore].
func (s *Tokens) EraseTokens(ctx context.Context, tenant, subjectName string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if subjectName == "" {
		return 0, crypto.ErrRef
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.erased == nil {
		s.erased = make(map[place]bool)
	}
	s.erased[place{tenant, subjectName}] = true
	var n int64
	for at, row := range s.rows {
		if at.tenant == tenant && row.subject == subjectName {
			n += int64(len(row.tokens))
			delete(s.rows, at)
		}
	}
	return n, nil
}

// Find implements [crypto.TokenStore].
func (s *Tokens) Find(ctx context.Context, tenant, index string, tokens [][]byte, after string, max int) ([]string, error) {
	return s.list(ctx, tenant, index, after, max, func(token []byte) bool {
		return slices.ContainsFunc(tokens, func(t []byte) bool { return bytes.Equal(t, token) })
	})
}

// Stale implements [crypto.TokenStore].
func (s *Tokens) Stale(ctx context.Context, tenant, index string, version uint32, after string, max int) ([]string, error) {
	return s.list(ctx, tenant, index, after, max, func(token []byte) bool {
		v, _ := crypto.TokenVersion(token)
		return v < version
	})
}

// list returns the rows after after that have a token which match takes.
func (s *Tokens) list(ctx context.Context, tenant, index, after string, max int, match func([]byte) bool) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []string
	for at, row := range s.rows {
		if at.tenant == tenant && at.index == index && at.row > after && slices.ContainsFunc(row.tokens, match) {
			rows = append(rows, at.row)
		}
	}
	slices.Sort(rows)
	return rows[:min(len(rows), max)], nil
}
