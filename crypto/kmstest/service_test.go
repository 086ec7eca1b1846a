package kmstest_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
)

const secret = "s.token-of-the-driver"

var errRefused = errors.New("kms: refused")

// unavailable is what a sound KEK returns in an outage.
type unavailable struct{}

func (unavailable) Error() string   { return "kms: unavailable" }
func (unavailable) Temporary() bool { return true }

// service is a key management service in memory.
type service struct {
	calls atomic.Int64
	down  atomic.Bool
	mu    sync.Mutex
	hung  chan struct{}
}

// serve is one request.
func (s *service) serve(ctx context.Context) error {
	s.calls.Add(1)
	s.mu.Lock()
	hung := s.hung
	s.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.down.Load() {
		return unavailable{}
	}
	return nil
}

func (s *service) hang() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	hung := make(chan struct{})
	s.hung = hung
	return func() { close(hung) }
}

func (s *service) outage() func() {
	s.down.Store(true)
	return func() { s.down.Store(false) }
}

// kek is a sound KEK over it.
type kek struct {
	s    *service
	aead cipher.AEAD
}

const maxPlaintext = 8 << 10

func newKEK(t *testing.T, s *service) *kek {
	material := make([]byte, 32)
	rand.Read(material)
	block, err := aes.NewCipher(material)
	require.NoError(t, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(t, err)
	return &kek{s, aead}
}

func (k *kek) EncryptWithContext(ctx context.Context, plaintext, ad []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(plaintext) == 0 || len(plaintext) > maxPlaintext {
		return nil, errRefused
	}
	if err := k.s.serve(ctx); err != nil {
		return nil, err
	}
	return k.aead.Seal(nil, nil, plaintext, ad), nil
}

func (k *kek) DecryptWithContext(ctx context.Context, ciphertext, ad []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := k.s.serve(ctx); err != nil {
		return nil, err
	}
	out, err := k.aead.Open(nil, nil, ciphertext, ad)
	if err != nil {
		return nil, errRefused
	}
	return out, nil
}

func (*kek) KeyLocation() crypto.Location    { return crypto.LocationSeparate }
func (k *kek) Format(f fmt.State, verb rune) { fmt.Fprint(f, "[kek]") }

// fixture returns the fixture of a KEK that breaks makes of a sound one.
func fixture(t *testing.T, breaks func(*kek) crypto.KEK) kmstest.Fixture {
	s := &service{}
	return kmstest.Fixture{
		KEK: breaks(newKEK(t, s)), Other: newKEK(t, s), Min: 1, Max: maxPlaintext, Secrets: []string{secret},
		Calls: func() int { return int(s.calls.Load()) }, Hang: s.hang, Outage: s.outage,
	}
}
