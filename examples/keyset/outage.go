package main

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A keyService stands for a key management service that can go away.
type keyService struct {
	*keyset.FileKEK
	calls atomic.Int64
	down  atomic.Bool
}

var errDown = errors.New("no answer")

func (k *keyService) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	k.calls.Add(1)
	if k.down.Load() {
		return nil, errDown
	}
	return k.FileKEK.DecryptWithContext(ctx, ciphertext, associatedData)
}

// outage switches the key service off. The ring of this chapter asks it every
// second and goes on without it for three; the defaults are an hour and a day.
func (s *story) outage(ctx context.Context) error {
	s.say("\n== The key service goes away")
	quick := &keyset.Options{Refresh: time.Second, Recheck: time.Second, Timeout: time.Second, Outage: 3 * time.Second}
	h, err := newHost(filepath.Join(s.dir, "first"), quick)
	if err != nil {
		return err
	}
	seal := func() error {
		_, err := h.AppendSeal(ctx, nil, []byte("welcome"), setting())
		return err
	}
	if err := seal(); err != nil {
		return err
	}
	s.say("   Calls to load a keyset: %d", h.kek.calls.Load())
	before := s.kek.calls.Load()
	for range 10_000 {
		if _, err := s.AppendSeal(ctx, nil, []byte("welcome"), setting()); err != nil {
			return err
		}
	}
	s.say("   Calls for 10,000 values more: %d", s.kek.calls.Load()-before)

	h.kek.down.Store(true)
	s.say("   It is down, and values are sealed: %v", seal())
	s.say("   Three seconds later: %v", until(seal, func(err error) bool { return errors.Is(err, keyset.ErrOutage) }))
	again, err := newHost(filepath.Join(s.dir, "first"), quick)
	if err != nil {
		return err
	}
	again.kek.down.Store(true)
	_, err = again.AppendSeal(ctx, nil, []byte("welcome"), setting())
	s.say("   A process that starts meanwhile gets no keys: %t", errors.Is(err, errDown))
	h.kek.down.Store(false)
	s.say("   It is back: %v", until(seal, func(err error) bool { return err == nil }))
	return nil
}

// until repeats try until its error is as expected, for at most 20 seconds.
func until(try func() error, expected func(error) bool) error {
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if err := try(); expected(err) || time.Now().After(deadline) {
			return err
		}
	}
}
