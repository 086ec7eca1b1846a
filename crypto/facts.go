package crypto

import (
	"context"
	"encoding/binary"
	"time"
)

// A KeyFact is what may be known of one key of a tenant: everything but the
// key.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type KeyFact struct {
	Tenant string
	// ID is what values sealed under the key carry.
	ID uint32
	// Primary is true of the key that seals.
	Primary bool
	// Enabled is false of a key that is kept but opens nothing.
	Enabled bool
	// Created is when the key was made; zero if that is not known.
	Created time.Time
	// Location is where the key-encryption key lives.
	Location Location
}

// KeyFacts is an optional second interface of [Keys]: what may be known of
// all their keys. It is asked for reports, not for values.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type KeyFacts interface {
	KeyFacts(ctx context.Context) ([]KeyFact, error)
}

// A Rotator is an optional second interface of [Keys]. Rotate makes a new
// primary for the tenant if from is the primary still, and otherwise does
// nothing, so that processes that ask at once rotate once. A [Sealer] asks it
// when a key has used half of its messages.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Rotator interface {
	Rotate(ctx context.Context, tenant string, from uint32) error
}

// KeyID returns the id of the tenant key that a sealed value carries in its
// bytes 1 to 4, also that of a row or blob, and whether there is one. It needs no more
// than the first five bytes, and does not say that the value opens.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func KeyID(sealed []byte) (id uint32, ok bool) {
	if len(sealed) < tinkPrefix {
		return 0, false
	}
	switch sealed[0] {
	case formatTink, formatSubject, rowForm.tenant, rowForm.subject, blobForm.tenant, blobForm.subject:
		return binary.BigEndian.Uint32(sealed[1:]), true
	}
	return 0, false
}

// Current returns the id of the tenant key that new values carry. Values with
// another id are stale. It returns [ErrTenant] or the error of the Keys.
func (s *Sealer) Current(ctx context.Context, tenant string) (uint32, error) {
	ks, err := s.keyset(ctx, tenant)
	if err != nil {
		return 0, err
	}
	return ks.primary.id, nil
}
