// Package shredtest tests implementations of [shred.Log], and gives tests of
// other packages one in memory. It is for tests only.
//
// Controls: none, it is test support.
package shredtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// Log is a log in memory. The zero value is empty and ready; it is safe for
// concurrent use and must not be copied.
//
// Controls: none, it is test support.
type Log struct {
	mu       sync.Mutex
	identity string // drawn when it is first asked for
	entries  [][]byte
}

// Identity implements [shred.IdentifiedLog].
func (l *Log) Identity(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.identity == "" {
		l.identity = rand.Text()
	}
	return l.identity, nil
}

// Append implements [shred.Log].
func (l *Log) Append(ctx context.Context, number uint64, entry []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	there := uint64(len(l.entries))
	switch {
	case len(entry) == 0 || len(entry) > shred.MaxEntry || number == 0 || number > there+1:
		return errors.New("shredtest: log: entry or number is out of range")
	case number <= there:
		return shred.ErrConflict
	}
	l.entries = append(l.entries, bytes.Clone(entry))
	return nil
}

// Read implements [shred.Log].
func (l *Log) Read(ctx context.Context, number uint64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if number == 0 || number > uint64(len(l.entries)) {
		return nil, shred.ErrNoEntry
	}
	return bytes.Clone(l.entries[number-1]), nil
}
