package keyset

import (
	"errors"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Errors that callers branch on. No error text holds a key or a file's
// content.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
var (
	// ErrUnwrap reports a keyset that the key-encryption key does not open:
	// it is another key, or the file was altered.
	ErrUnwrap = errors.New("keyset: load: wrong key-encryption key, or the file was altered")
	// ErrFormat reports a file that is not a whole keyset file.
	ErrFormat = errors.New("keyset: load: not a keyset file, or cut short")
	// ErrKey reports a Tink keyset with an enabled key that is not AES-256-GCM
	// with Tink's prefix, or without an enabled primary.
	ErrKey = errors.New("keyset: keys must be AES-256-GCM with Tink's prefix")
	// ErrNoKey reports an id that the keyset never had.
	ErrNoKey = errors.New("keyset: no key has the id")
	// ErrInUse reports a change of a key that would lose it while it is
	// needed.
	ErrInUse = errors.New("keyset: key is in use")
	// ErrConflict reports a keyset that somebody else changed meanwhile.
	// Nothing was changed; look at it again.
	ErrConflict = errors.New("keyset: changed meanwhile")
	// ErrConfirm reports a destruction that was not confirmed as it must be.
	ErrConfirm = errors.New("keyset: destroy: not confirmed")
	// ErrOutage reports a tenant that is refused because the store or the
	// key-encryption key does not answer, and its keyset is not in memory, or
	// has been for longer than it may go on without.
	ErrOutage = errors.New("keyset: no answer from the store or the key-encryption key")
	// ErrDestroyed reports a key, or the keyset of a whole tenant, that was
	// destroyed for good.
	ErrDestroyed = destroyed{}
)

// destroyed is the type of [ErrDestroyed], which is also crypto.ErrTenant: a
// tenant whose keyset is gone has none.
type destroyed struct{}

func (destroyed) Error() string { return "keyset: destroyed" }

func (destroyed) Unwrap() error { return crypto.ErrTenant }
