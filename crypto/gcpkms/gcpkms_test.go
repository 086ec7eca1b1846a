package gcpkms_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/gcpkms"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
)

func newKEK(t *testing.T, f *fake, name string, timeout time.Duration) *gcpkms.KEK {
	t.Helper()
	k, err := gcpkms.New(t.Context(), name, &gcpkms.Options{Client: f.options(), Timeout: timeout})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestConformance(t *testing.T) {
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
		f := newFake(t)
		return kmstest.Fixture{
			KEK: newKEK(t, f, keyName, time.Second), Other: newKEK(t, f, otherName, time.Second),
			Min: 1, Max: gcpkms.MaxPlaintext, Secrets: []string{secret},
			Calls: func() int { return int(f.calls.Load()) }, Hang: f.hang, Outage: f.outage,
		}
	})
}

// A keyset is made and loaded with one call each way.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKeyset(t *testing.T) {
	f := newFake(t)
	kek, path := newKEK(t, f, keyName, 0), filepath.Join(t.TempDir(), "keyset")
	_, err := keyset.Create(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	require.EqualValues(t, 2, f.calls.Load(), "one to encrypt, one to see that it decrypts")
	keys, err := keyset.Load(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	require.EqualValues(t, 3, f.calls.Load())
	s, err := crypto.New(keys, nil, nil)
	require.NoError(t, err)
	ref := crypto.Ref{Tenant: "clinic-a", Table: "t", Column: "c", Row: "1", Subject: crypto.NoSubject()}
	for range 10 {
		_, err = s.AppendSeal(t.Context(), nil, []byte("value"), ref)
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, f.calls.Load(), "a field calls nothing")
}

// An answer that was damaged on its way is an error, and may be asked for
// again.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestDamagedAnswer(t *testing.T) {
	for name, d := range map[string]damage{
		"plaintext not verified": {encrypt: func(e *kmspb.EncryptResponse) { e.VerifiedPlaintextCrc32C = false }},
		"associated data not verified": {encrypt: func(e *kmspb.EncryptResponse) {
			e.VerifiedAdditionalAuthenticatedDataCrc32C = false
		}},
		"another key":           {encrypt: func(e *kmspb.EncryptResponse) { e.Name = otherName }},
		"ciphertext":            {encrypt: func(e *kmspb.EncryptResponse) { e.Ciphertext[3] ^= 1 }},
		"ciphertext's checksum": {encrypt: func(e *kmspb.EncryptResponse) { e.CiphertextCrc32C = nil }},
		"plaintext":             {decrypt: func(d *kmspb.DecryptResponse) { d.Plaintext[3] ^= 1 }},
		"plaintext's checksum":  {decrypt: func(d *kmspb.DecryptResponse) { d.PlaintextCrc32C = nil }},
		"all of it":             {decrypt: func(d *kmspb.DecryptResponse) { *d = kmspb.DecryptResponse{} }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			kek := newKEK(t, f, keyName, 0)
			sealed, err := kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
			require.NoError(t, err)
			f.damage.Store(&d)
			_, encryptErr := kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
			out, decryptErr := kek.DecryptWithContext(t.Context(), sealed, nil)
			require.True(t, (encryptErr == nil) != (decryptErr == nil), "one of the two is damaged")
			require.True(t, decryptErr == nil || out == nil)
			var e *gcpkms.Error
			for _, err := range []error{encryptErr, decryptErr} {
				if err != nil {
					require.ErrorAs(t, err, &e)
					require.True(t, e.Temporary())
				}
			}
		})
	}
}

// What the service answers is told apart and shown without its message.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestErrors(t *testing.T) {
	f := newFake(t)
	for code, temporary := range map[codes.Code]bool{
		codes.PermissionDenied: false, codes.Unauthenticated: false, codes.NotFound: false, codes.FailedPrecondition: false,
		codes.InvalidArgument: false, codes.ResourceExhausted: true, codes.Internal: true, codes.Unavailable: true,
	} {
		f.down.Store(uint32(code))
		_, err := newKEK(t, f, keyName, 250*time.Millisecond).DecryptWithContext(t.Context(), []byte("sealed"), nil)
		var e *gcpkms.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, temporary, e.Temporary(), code)
		require.NotContains(t, err.Error(), secret)
		if code == codes.Unavailable { // is tried again until the time is up
			require.ErrorIs(t, err, context.DeadlineExceeded)
			continue
		}
		require.Equal(t, code, e.Code)
	}
}

// Nobody listens.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestUnreachable(t *testing.T) {
	k := newKEK(t, &fake{addr: "127.0.0.1:1"}, keyName, 250*time.Millisecond)
	_, err := k.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	var e *gcpkms.Error
	require.ErrorAs(t, err, &e)
	require.True(t, e.Temporary())
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNewRefuses(t *testing.T) {
	for _, name := range []string{"", "kek", "gcp-kms://" + keyName, keyName + "/cryptoKeyVersions/1", keyName + "\n", "projects/p/locations/l/keyRings/r/cryptoKeys/"} {
		_, err := gcpkms.New(t.Context(), name, nil)
		require.ErrorContains(t, err, "not the name", name)
	}
	for _, d := range []time.Duration{-1, time.Minute + 1} {
		_, err := gcpkms.New(t.Context(), keyName, &gcpkms.Options{Timeout: d})
		require.ErrorContains(t, err, "Timeout")
	}
	zero := new(gcpkms.KEK)
	_, err := zero.DecryptWithContext(t.Context(), []byte("sealed"), nil)
	require.ErrorContains(t, err, "not initialised")
	require.NoError(t, zero.Close())
}
