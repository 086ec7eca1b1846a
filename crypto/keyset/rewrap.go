package keyset

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Rewrap returns the content of a keyset file of tenant under the KEK to
// instead of from, with one call of from and two of to, of which the second
// makes sure that it decrypts. The keys, their states and their times stay. A
// file that is what is left of a destroyed keyset is returned as it is.
//
// Errors are those of [Load].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func Rewrap(ctx context.Context, content []byte, tenant string, from, to crypto.KEK) ([]byte, error) {
	if err := errors.Join(check(tenant, from), check(tenant, to)); err != nil {
		return nil, err
	}
	v, err := openFile(ctx, content, tenant, from)
	if err == ErrDestroyed {
		return content, nil
	}
	if err != nil {
		return nil, err
	}
	out, _, err := v.sealed(ctx, to)
	return out, err
}

// Fingerprint returns a name for the keys in a keyset file, with one call of
// kek: the same for two files if they hold the same keys in the same states,
// whatever KEK they are under. It tells nothing of the keys. Of what is left of
// a destroyed keyset it is "destroyed".
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func Fingerprint(ctx context.Context, content []byte, tenant string, kek crypto.KEK) (string, error) {
	if err := check(tenant, kek); err != nil {
		return "", err
	}
	v, err := openFile(ctx, content, tenant, kek)
	if err == ErrDestroyed {
		return "destroyed", nil
	}
	if err != nil {
		return "", err
	}
	t, err := fromHandle(v.handle)
	if err != nil {
		return "", err
	}
	facts := v.sumKeys()
	mac := hmac.New(sha256.New, facts[:])
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(v.Keys))))
	for _, key := range t.all {
		mac.Write(key.print[:])
	}
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// Inspect returns what a keyset file says of itself without a KEK. Nothing of
// it is checked: whoever can write the file can write it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func Inspect(content []byte) (Facts, error) {
	f, err := parse(content)
	if err != nil {
		return Facts{}, err
	}
	return f.facts()
}

// Remains returns what to keep of the keyset file of a tenant whose keys are
// all destroyed: their ids and times, and no keys. Nothing can open it, and a
// [Ring] refuses the tenant with [ErrDestroyed]. Content nil is a tenant of
// whose keys nothing is known.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func Remains(content []byte, tenant string) ([]byte, error) {
	if err := checkTenant(tenant); err != nil {
		return nil, err
	}
	f := &file{Tenant: tenant}
	if content != nil {
		var err error
		if f, err = parseFor(content, tenant); err != nil {
			return nil, err
		}
	}
	left, err := f.remains(now())
	if err != nil {
		return nil, err
	}
	return left.encode()
}

// A Succession is a KEK while it is replaced: New wraps, and New or else Old
// unwraps. Give it to every process, [Ring.Rewrap] the keysets, then give them
// New alone. Its location is New's. The zero Succession is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Succession struct{ New, Old crypto.KEK }

var errSuccession = errors.New("keyset: succession: New and Old must be set")

// EncryptWithContext implements [crypto.KEK].
func (s *Succession) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	if s.New == nil || s.Old == nil {
		return nil, errSuccession
	}
	return s.New.EncryptWithContext(ctx, plaintext, associatedData)
}

// DecryptWithContext implements [crypto.KEK]. If both fail, the error is both
// errors.
func (s *Succession) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	if s.New == nil || s.Old == nil {
		return nil, errSuccession
	}
	plaintext, err := s.New.DecryptWithContext(ctx, ciphertext, associatedData)
	if err == nil {
		return plaintext, nil
	}
	plaintext, old := s.Old.DecryptWithContext(ctx, ciphertext, associatedData)
	if old == nil {
		return plaintext, nil
	}
	return nil, fmt.Errorf("%w; %w", err, old)
}

// KeyLocation implements [crypto.Located].
func (s *Succession) KeyLocation() crypto.Location {
	if l, ok := s.New.(crypto.Located); ok {
		return l.KeyLocation()
	}
	return crypto.LocationUnknown
}
