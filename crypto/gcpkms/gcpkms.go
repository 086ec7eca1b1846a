package gcpkms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	tinkkms "github.com/tink-crypto/tink-go-gcpkms/v2/integration/gcpkms"
	"google.golang.org/api/option"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	// MaxPlaintext is the longest plaintext that Cloud KMS encrypts, in bytes,
	// for a key of protection level SOFTWARE; it takes 8 KiB, together with
	// the associated data, for HSM, and refuses more itself. The shortest
	// is 1.
	//
	// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
	MaxPlaintext = 64 << 10
	// DefaultTimeout bounds one operation with its retries.
	//
	// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
	DefaultTimeout = 10 * time.Second
)

// Options are the settings of a [KEK]. The zero value, and nil, are the
// defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// Client is for the client of Google's API: credentials, endpoint,
	// dialling. nil is the application default credentials, over TLS.
	Client []option.ClientOption
	// Timeout bounds one operation with its retries, which follow an answer
	// of Unavailable. 0 is DefaultTimeout; at most a minute. A shorter
	// deadline of the context holds.
	Timeout time.Duration
}

// A KEK is a symmetric CryptoKey of Cloud KMS. It implements [crypto.KEK] and
// [crypto.Located], is safe for concurrent use and never prints. The zero KEK
// is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
type KEK struct {
	client  *tinkkms.Client
	aead    crypto.KEK
	timeout time.Duration
}

// New returns the KEK with the given resource name of a CryptoKey, without a
// version: Cloud KMS encrypts under the primary one and finds the one that
// decrypts. It makes no request. Close it when done.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func New(ctx context.Context, name string, opts *Options) (*KEK, error) {
	if opts == nil {
		opts = &Options{}
	}
	if opts.Timeout < 0 || opts.Timeout > time.Minute {
		return nil, errors.New("gcpkms: new: Timeout must be 0 to a minute")
	}
	part := `[A-Za-z0-9_.:-]{1,128}`
	if !regexp.MustCompile(`^projects/` + part + `/locations/` + part + `/keyRings/` + part + `/cryptoKeys/` + part + `$`).MatchString(name) {
		return nil, errors.New("gcpkms: new: not the name of a CryptoKey (projects/…/locations/…/keyRings/…/cryptoKeys/…)")
	}
	uri := "gcp-kms://" + name
	client, err := tinkkms.NewClient(ctx, uri, tinkkms.WithGoogleAPIClientOptions(opts.Client...))
	if err != nil {
		return nil, fmt.Errorf("gcpkms: new: client: %w", err)
	}
	aead, err := aeadOf(client, uri)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &KEK{client, aead, cmp.Or(opts.Timeout, DefaultTimeout)}, nil
}

// aeadOf returns the client's AEAD. Tink's other way to one with a context
// gives no client to close.
func aeadOf(client *tinkkms.Client, uri string) (crypto.KEK, error) {
	aead, err := client.GetAEAD(uri)
	if err != nil {
		return nil, errors.New("gcpkms: new: refused by Tink's driver")
	}
	k, ok := aead.(crypto.KEK)
	if !ok {
		return nil, errors.New("gcpkms: new: Tink's driver takes no context")
	}
	return k, nil
}

// EncryptWithContext implements [crypto.KEK], with one request to Cloud KMS. An
// error is an [*Error].
func (k *KEK) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	if len(plaintext) == 0 || len(plaintext) > MaxPlaintext {
		return nil, &Error{Op: "encrypt", reason: "plaintext must be 1 byte to 64 KiB"}
	}
	return k.call(ctx, "encrypt", func(ctx context.Context) ([]byte, error) {
		return k.aead.EncryptWithContext(ctx, plaintext, associatedData)
	})
}

// DecryptWithContext implements [crypto.KEK], with one request to Cloud KMS. An
// error is an [*Error].
func (k *KEK) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	if len(ciphertext) == 0 {
		return nil, &Error{Op: "decrypt", reason: "no ciphertext"}
	}
	return k.call(ctx, "decrypt", func(ctx context.Context) ([]byte, error) {
		return k.aead.DecryptWithContext(ctx, ciphertext, associatedData)
	})
}

func (k *KEK) call(ctx context.Context, op string, f func(context.Context) ([]byte, error)) ([]byte, error) {
	if k == nil || k.aead == nil {
		return nil, &Error{Op: op, reason: "the KEK is not initialised"}
	}
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: op, err: err}
	}
	out, err := f(ctx)
	if err != nil {
		return nil, newError(ctx, op, err)
	}
	// An answer that lost its fields looks to Tink's driver like an empty
	// plaintext with the right checksum, and nothing that was encrypted is
	// empty.
	if len(out) == 0 {
		return nil, &Error{Op: op, reason: "empty answer", temporary: true}
	}
	return out, nil
}

// Close closes the connections. The KEK must not be used after it.
func (k *KEK) Close() error {
	if k == nil || k.client == nil {
		return nil
	}
	return k.client.Close()
}

// KeyLocation implements [crypto.Located].
func (k *KEK) KeyLocation() crypto.Location { return crypto.LocationSeparate }

// Format writes a redaction under every verb.
func (k *KEK) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[key-encryption key]") }
