package keyset_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	tink "github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

func newKEK(t *testing.T) *keyset.FileKEK {
	t.Helper()
	kek, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "kek"))
	require.NoError(t, err)
	return kek
}

// A KEK is replaced without a moment in which a process cannot load.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestReplaceTheKEK(t *testing.T) {
	f := newRing(t, nil)
	ctx, next := t.Context(), newKEK(t)
	sealed := mustSeal(t, sealer(t, f))
	both := func() *keyset.Ring {
		r, err := keyset.NewRing(f.store, &keyset.Succession{New: next, Old: f.kms}, nil)
		require.NoError(t, err)
		return r
	}
	before := both()
	wantOpens(t, sealer(t, before), sealed)
	content, err := f.store.Store.Read(ctx, "clinic-a")
	require.NoError(t, err)
	print, err := keyset.Fingerprint(ctx, content, "clinic-a", f.kms)
	require.NoError(t, err)
	require.NoError(t, before.Rewrap(ctx, "clinic-a", nil))
	wantOpens(t, sealer(t, both()), sealed)

	content, err = f.store.Store.Read(ctx, "clinic-a")
	require.NoError(t, err)
	after, err := keyset.Fingerprint(ctx, content, "clinic-a", next)
	require.NoError(t, err)
	require.Equal(t, print, after)
	_, err = keyset.Fingerprint(ctx, content, "clinic-a", f.kms)
	require.ErrorIs(t, err, keyset.ErrUnwrap)
	alone, err := keyset.NewRing(f.store, next, nil)
	require.NoError(t, err)
	wantOpens(t, sealer(t, alone), sealed)

	require.NoError(t, f.Ring.Rewrap(ctx, "clinic-a", next), "back, with what it is under named")
	require.ErrorIs(t, f.Ring.Rewrap(ctx, "clinic-a", next), keyset.ErrUnwrap)
	_, err = (&keyset.Succession{}).EncryptWithContext(ctx, nil, nil)
	require.Error(t, err)
	_, err = (&keyset.Succession{}).DecryptWithContext(ctx, nil, nil)
	require.Error(t, err)
}

// A file of format 1 can be managed, and keeps its keys and its date.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestManageFormat1(t *testing.T) {
	f := newRing(t, atOnce)
	ctx := t.Context()
	content, err := os.ReadFile(filepath.Join(goldenDisk, "keyset"))
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(t.TempDir(), os.DirFS(goldenDisk)))
	dir := t.TempDir()
	material, err := os.ReadFile(filepath.Join(goldenDisk, "kek"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kek"), material, 0o600))
	kek, err := keyset.OpenFileKEK(filepath.Join(dir, "kek"))
	require.NoError(t, err)
	require.NoError(t, f.store.Write(ctx, "clinic", nil, content))
	r, err := keyset.NewRing(f.store, kek, atOnce)
	require.NoError(t, err)
	all, err := r.KeyFacts(ctx)
	require.NoError(t, err)
	require.Len(t, all, 2)
	print, err := keyset.Fingerprint(ctx, content, "clinic", kek)
	require.NoError(t, err)
	require.NoError(t, r.Rewrap(ctx, "clinic", nil))
	upgraded, err := f.store.Store.Read(ctx, "clinic")
	require.NoError(t, err)
	require.Contains(t, string(upgraded), "safeguard/keyset/2")
	after, err := keyset.Fingerprint(ctx, upgraded, "clinic", kek)
	require.NoError(t, err)
	require.Equal(t, print, after)
	facts, err := r.Facts(ctx, "clinic")
	require.NoError(t, err)
	require.Equal(t, facts.Created, facts.Keys[0].Created)

	require.NoError(t, r.Rotate(ctx, "clinic", facts.Primary))
	sealed, err := os.ReadFile(filepath.Join(goldenDisk, "config.sealed"))
	require.NoError(t, err)
	got, err := sealer(t, r).AppendOpen(ctx, nil, sealed, goldenRefs["config.sealed"])
	require.NoError(t, err)
	require.Equal(t, "the value of config.sealed", string(got))
}

// A Tink keyset that a program has becomes a tenant's.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestImport(t *testing.T) {
	f := newRing(t, atOnce)
	handle, err := tink.NewHandle(aead.AES256GCMKeyTemplate())
	require.NoError(t, err)
	require.NoError(t, f.Import(t.Context(), "clinic-c", handle))
	require.Error(t, f.Import(t.Context(), "clinic-c", handle))
	require.Error(t, f.Import(t.Context(), "", handle))
	require.ErrorIs(t, f.Import(t.Context(), "clinic-d", nil), keyset.ErrKey)
	keys, err := f.Keyset(t.Context(), "clinic-c")
	require.NoError(t, err)
	require.Equal(t, handle.KeysetInfo().GetPrimaryKeyId(), keys.Primary().ID())
	other, err := tink.NewHandle(aead.ChaCha20Poly1305KeyTemplate())
	require.NoError(t, err)
	require.ErrorIs(t, f.Import(t.Context(), "clinic-d", other), keyset.ErrKey)
	_, err = f.Keyset(t.Context(), "clinic-d")
	require.ErrorIs(t, err, crypto.ErrTenant)
}
