package custody_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
)

func rows(samples []custody.Sample) iter.Seq2[custody.Sample, error] {
	return func(yield func(custody.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// A drill on a clean host counts what opened, what is stale, what is shredded
// and what failed, and its record verifies under the signer's key alone.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
func TestDrill(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	name, err := s.SubjectName(t.Context(), "clinic-b", safeguard.NewPatient("Patient/0"))
	require.NoError(t, err)
	clean, shredded := newHost(t), register{"clinic-b": {name}}
	_, err = custody.Restore(t.Context(), bundle, shares, clean.target(shredded))
	require.NoError(t, err)
	_, err = custody.Drill(t.Context(), bundle, clean.Sealer, shredded, rows(s.samples))
	require.ErrorIs(t, err, safeguard.ErrPrincipal)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "operator-7", Kind: safeguard.Person})
	d, err := custody.Drill(ctx, bundle, clean.Sealer, shredded, rows(s.samples))
	require.NoError(t, err)
	require.Equal(t, []int{9, 7, 1, 0}, []int{d.Opened, d.Stale, d.Shredded, d.Failed})
	require.True(t, d.Passed)
	require.Equal(t, "operator-7", d.By)
	require.Equal(t, custody.Hash(bundle), d.SHA256)
	require.NotEmpty(t, d.Host)

	moved := s.samples[0]
	moved.Ref.Row = "another"
	failed, err := custody.Drill(ctx, bundle, clean.Sealer, shredded, rows(append(s.samples, moved)))
	require.NoError(t, err)
	require.Equal(t, 1, failed.Failed)
	require.False(t, failed.Passed)
	none, err := custody.Drill(ctx, bundle, clean.Sealer, shredded, rows(nil))
	require.NoError(t, err)
	require.False(t, none.Passed, "nothing was shown")
	broken := errors.New("row")
	_, err = custody.Drill(ctx, bundle, clean.Sealer, shredded, func(yield func(custody.Sample, error) bool) { yield(custody.Sample{}, broken) })
	require.ErrorIs(t, err, broken)
	_, err = custody.Drill(ctx, nil, clean.Sealer, shredded, rows(nil))
	require.ErrorIs(t, err, custody.ErrBundle)
	audited, err := crypto.New(clean.Ring, clean.subjects, nil)
	require.NoError(t, err)
	_, err = custody.Drill(ctx, bundle, audited, shredded, rows(s.samples))
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	require.NotContains(t, string(mustJSON(t, d)), "Patient")
}

func mustJSON(t *testing.T, v any) []byte {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func TestSignedDrill(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	d := custody.DrillRecord{Format: "safeguard/drill/1", Opened: 3, Passed: true, By: "operator-7"}
	for _, key := range []stdcrypto.Signer{ed, p256} {
		signed, err := custody.SignDrill(d, key)
		require.NoError(t, err)
		got, err := custody.VerifyDrill(signed, key.Public())
		require.NoError(t, err)
		require.Equal(t, d, got)
		for _, wrong := range []any{other.Public(), p384.Public(), nil, ed25519.PublicKey{}, (*ecdsa.PublicKey)(nil)} {
			_, err = custody.VerifyDrill(signed, wrong)
			require.Error(t, err)
		}
		altered := bytes.Replace(signed, []byte(`"opened":3`), []byte(`"opened":4`), 1)
		require.NotEqual(t, signed, altered)
		_, err = custody.VerifyDrill(altered, key.Public())
		require.Error(t, err)
		for n := range signed {
			_, err = custody.VerifyDrill(signed[:n], key.Public())
			require.Error(t, err)
		}
	}
	_, err = custody.SignDrill(d, p384)
	require.Error(t, err)
	_, err = custody.SignDrill(d, nil)
	require.Error(t, err)
}
