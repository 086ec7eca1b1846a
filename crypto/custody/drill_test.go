package custody_test

import (
	"bytes"
	"context"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
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
	id, ok := crypto.KeyID(moved.Sealed)
	require.True(t, ok)
	require.Equal(t, map[uint32]int{id: 1}, failed.FailedKeys)
	require.Nil(t, d.FailedKeys)
	none, err := custody.Drill(ctx, bundle, clean.Sealer, shredded, rows(nil))
	require.NoError(t, err)
	require.False(t, none.Passed, "nothing was shown")
	broken := errors.New("row")
	_, err = custody.Drill(ctx, bundle, clean.Sealer, shredded, func(yield func(custody.Sample, error) bool) { yield(custody.Sample{}, broken) })
	require.ErrorIs(t, err, broken)
	_, err = custody.Drill(ctx, nil, clean.Sealer, shredded, rows(nil))
	require.ErrorIs(t, err, custody.ErrBundle)
	require.NotContains(t, string(mustJSON(t, d)), "Patient")
}

// Cells, rows and headers of blobs all count, those of the shredded too, and a
// drill opens nothing that an audit would have to note.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
func TestDrillOfRowsAndBlobs(t *testing.T) {
	s := newService(t)
	s.samples = nil
	type chart struct {
		Name string `phi:"name"`
		Note string `phi:"text,group=notes"`
	}
	charts, err := crypto.NewRows[chart](s.Sealer, nil)
	require.NoError(t, err)
	for patient := range 2 {
		ref := place("clinic-a", patient)
		s.seal(t, ref)
		row, err := charts.Seal(t.Context(), &chart{"a name", "a note"}, ref)
		require.NoError(t, err)
		whole, err := row.MarshalBinary()
		require.NoError(t, err)
		var blob bytes.Buffer
		w, err := s.SealBlob(t.Context(), &blob, ref)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		header := blob.Bytes()[:crypto.BlobHeaderSize(ref.Subject)]
		s.samples = append(s.samples, custody.Sample{Sealed: whole, Ref: ref}, custody.Sample{Sealed: header, Ref: ref})
	}
	bundle, shares := s.backup(t)
	name, err := s.SubjectName(t.Context(), "clinic-a", safeguard.NewPatient("Patient/1"))
	require.NoError(t, err)
	clean, shredded := newHost(t), register{"clinic-a": {name}}
	_, err = custody.Restore(t.Context(), bundle, shares, clean.target(shredded))
	require.NoError(t, err)
	audited, err := crypto.New(clean.Ring, clean.subjects, &crypto.Options{
		Check: func(context.Context, crypto.Ref) error { return errors.New("nobody may") },
	})
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "operator-7", Kind: safeguard.Person})
	d, err := custody.Drill(ctx, bundle, audited, shredded, rows(s.samples))
	require.NoError(t, err)
	require.Equal(t, []int{3, 3, 3, 0}, []int{d.Opened, d.Stale, d.Shredded, d.Failed})
	require.True(t, d.Passed)

	for i := range s.samples {
		s.samples[i].Sealed = bytes.Clone(s.samples[i].Sealed)
		s.samples[i].Sealed[len(s.samples[i].Sealed)-1] ^= 1
	}
	d, err = custody.Drill(ctx, bundle, audited, shredded, rows(s.samples[:3]))
	require.NoError(t, err)
	require.Equal(t, []int{0, 3}, []int{d.Opened, d.Failed}, "all three kinds are looked at")
}

// However many ids samples pretend to, the record stays one that can be read.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func TestDrillOfManyKeys(t *testing.T) {
	s := newService(t)
	bundle, _ := s.backup(t)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "operator-7", Kind: safeguard.Person})
	samples := []custody.Sample{{Sealed: []byte("plaintext"), Ref: place("clinic-a", 1)}}
	for i := range 1000 {
		forged := bytes.Clone(s.samples[0].Sealed)
		binary.BigEndian.PutUint32(forged[1:], uint32(1<<31+i))
		samples = append(samples, custody.Sample{Sealed: forged, Ref: s.samples[0].Ref})
	}
	d, err := custody.Drill(ctx, bundle, s.Sealer, nil, rows(samples))
	require.NoError(t, err)
	require.Equal(t, 1001, d.Failed)
	require.Len(t, d.FailedKeys, 256)
	require.Equal(t, 746, d.FailedKeys[0])
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signed, err := custody.SignDrill(d, key)
	require.NoError(t, err)
	got, err := custody.VerifyDrill(signed, key.Public())
	require.NoError(t, err)
	require.Equal(t, d, got)
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
