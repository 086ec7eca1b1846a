package tinkv1_test

import (
	"bytes"
	"crypto/fips140"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/tink/go/aead"
	"github.com/google/tink/go/insecurecleartextkeyset"
	"github.com/google/tink/go/keyset"
	"github.com/google/tink/go/prf"
	tinkpb "github.com/google/tink/go/proto/tink_go_proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/tinkv1"
)

// handle returns a keyset of the given templates; the last is primary.
func handle(t testing.TB, templates ...*tinkpb.KeyTemplate) *keyset.Handle {
	t.Helper()
	m := keyset.NewManager()
	for _, template := range templates {
		id, err := m.Add(template)
		require.NoError(t, err)
		require.NoError(t, m.SetPrimary(id))
	}
	h, err := m.Handle()
	require.NoError(t, err)
	return h
}

// change returns a handle with the keyset of h changed, which stays.
func change(h *keyset.Handle, f func(*tinkpb.Keyset)) *keyset.Handle {
	material := proto.Clone(insecurecleartextkeyset.KeysetMaterial(h)).(*tinkpb.Keyset)
	f(material)
	return insecurecleartextkeyset.KeysetHandle(material)
}

func sealerOf(t testing.TB, h *keyset.Handle) *crypto.Sealer {
	t.Helper()
	keys, err := tinkv1.FromHandle("clinic-a", h)
	require.NoError(t, err)
	s, err := crypto.New(keys, nil, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	return s
}

func place(t testing.TB) (crypto.Ref, []byte) {
	t.Helper()
	ref := crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "secret", Row: "1", Subject: crypto.NoSubject()}
	aad, err := ref.AppendAssociatedData(nil)
	require.NoError(t, err)
	return ref, aad
}

// Tink v1 opens what a Sealer seals for nobody, and the other way about, at
// every size and after a rotation.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBothWays(t *testing.T) {
	if fips140.Enforced() {
		t.Skip("Tink's AES-GCM refuses to run under GODEBUG=fips140=only")
	}
	old := handle(t, aead.AES256GCMKeyTemplate())
	m := keyset.NewManagerFromHandle(old)
	before, err := aead.New(old)
	require.NoError(t, err)
	ref, aad := place(t)
	early, err := before.Encrypt([]byte("before the rotation"), aad)
	require.NoError(t, err)

	id, err := m.Add(aead.AES256GCMKeyTemplate())
	require.NoError(t, err)
	require.NoError(t, m.SetPrimary(id))
	h, err := m.Handle()
	require.NoError(t, err)
	ours := sealerOf(t, h)
	theirs, err := aead.New(h)
	require.NoError(t, err)
	got, err := ours.AppendOpen(t.Context(), nil, early, ref)
	require.NoError(t, err)
	require.Equal(t, "before the rotation", string(got))

	for n := range 4098 {
		want := bytes.Repeat([]byte{byte(n), 0xa5}, n)[:n]
		sealed, err := ours.AppendSeal(t.Context(), nil, want, ref)
		require.NoError(t, err)
		got, err := theirs.Decrypt(sealed, aad)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))

		sealed, err = theirs.Encrypt(want, aad)
		require.NoError(t, err)
		got, err = ours.AppendOpen(t.Context(), nil, sealed, ref)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
	sealed, err := theirs.Encrypt([]byte("value"), aad[1:])
	require.NoError(t, err)
	_, err = ours.AppendOpen(t.Context(), nil, sealed, ref)
	require.ErrorIs(t, err, crypto.ErrOpen)
}

// Only keys that seal in the approved mode and name themselves are taken.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRefuses(t *testing.T) {
	good := handle(t, aead.AES256GCMKeyTemplate())
	for name, h := range map[string]*keyset.Handle{
		"nil":                 nil,
		"zero":                new(keyset.Handle),
		"no prefix":           handle(t, aead.AES256GCMNoPrefixKeyTemplate()),
		"128 bits":            handle(t, aead.AES128GCMKeyTemplate()),
		"another AEAD":        handle(t, aead.XChaCha20Poly1305KeyTemplate()),
		"no AEAD":             handle(t, prf.HMACSHA256PRFKeyTemplate()),
		"one of two is wrong": handle(t, aead.AES128GCMKeyTemplate(), aead.AES256GCMKeyTemplate()),
		"no primary":          change(good, func(k *tinkpb.Keyset) { k.PrimaryKeyId++ }),
		"primary disabled":    change(good, func(k *tinkpb.Keyset) { k.Key[0].Status = tinkpb.KeyStatusType_DISABLED }),
		"an id twice":         change(good, func(k *tinkpb.Keyset) { k.Key = append(k.Key, k.Key[0]) }),
		"another version":     change(good, func(k *tinkpb.Keyset) { k.Key[0].KeyData.Value = append([]byte{0x08, 1}, k.Key[0].KeyData.Value...) }),
		"cut":                 change(good, func(k *tinkpb.Keyset) { k.Key[0].KeyData.Value = k.Key[0].KeyData.Value[:9] }),
		"no data":             change(good, func(k *tinkpb.Keyset) { k.Key[0].KeyData = nil }),
		"asymmetric":          change(good, func(k *tinkpb.Keyset) { k.Key[0].KeyData.KeyMaterialType = tinkpb.KeyData_ASYMMETRIC_PRIVATE }),
	} {
		_, err := tinkv1.FromHandle("clinic-a", h)
		require.Equal(t, tinkv1.ErrKey, err, name)
	}
	for _, tenant := range []string{"", strings.Repeat("t", 1025)} {
		_, err := tinkv1.FromHandle(tenant, good)
		require.Error(t, err)
	}
}

// A key that was disabled opens nothing; the handle is left as it was.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDisabled(t *testing.T) {
	h := handle(t, aead.AES256GCMKeyTemplate(), aead.AES256GCMKeyTemplate())
	first := insecurecleartextkeyset.KeysetMaterial(h).Key[0].KeyId
	ref, _ := place(t)
	byFirst := change(h, func(k *tinkpb.Keyset) { k.PrimaryKeyId = first })
	sealed, err := sealerOf(t, byFirst).AppendSeal(t.Context(), nil, []byte("value"), ref)
	require.NoError(t, err)
	for range 2 {
		_, err = sealerOf(t, h).AppendOpen(t.Context(), nil, sealed, ref)
		require.NoError(t, err, "and a second time: the handle's keys were not cleared")
	}
	without := change(h, func(k *tinkpb.Keyset) { k.Key[0].Status = tinkpb.KeyStatusType_DISABLED })
	_, err = sealerOf(t, without).AppendOpen(t.Context(), nil, sealed, ref)
	require.ErrorIs(t, err, crypto.ErrOpen)

	keys, err := tinkv1.FromHandle("clinic-a", without)
	require.NoError(t, err)
	facts, err := keys.KeyFacts(t.Context())
	require.NoError(t, err)
	require.Len(t, facts, 2)
	require.Equal(t, crypto.KeyFact{Tenant: "clinic-a", ID: first}, facts[0])
	require.True(t, facts[1].Primary && facts[1].Enabled)
}

// Another tenant has no keys here; nothing prints a key; the report says what
// is not known.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestKeys(t *testing.T) {
	h := handle(t, aead.AES256GCMKeyTemplate())
	keys, err := tinkv1.FromHandle("clinic-a", h)
	require.NoError(t, err)
	_, err = keys.Keyset(t.Context(), "clinic-b")
	require.ErrorIs(t, err, crypto.ErrTenant)
	for _, none := range []*tinkv1.Keys{new(tinkv1.Keys), nil} {
		_, err = none.Keyset(t.Context(), "")
		require.ErrorIs(t, err, crypto.ErrTenant)
		facts, err := none.KeyFacts(t.Context())
		require.NoError(t, err)
		require.Empty(t, facts)
		seen, err := none.Report(t.Context())
		require.NoError(t, err)
		require.Empty(t, seen)
	}

	material := insecurecleartextkeyset.KeysetMaterial(h).Key[0].KeyData.Value
	key := hex.EncodeToString(material[len(material)-32:])
	text, err := json.Marshal(keys)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %x %s", keys, keys, keys, keys, text), key)
	require.Equal(t, "[keys]", fmt.Sprintf("%x", keys))

	seen, err := keys.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "unknown", seen[0].Settings["kek.location"])
	require.EqualValues(t, 1, seen[0].Counters["keys"])
}

// The package links one Tink. (Both in one program panic at its start, so that
// this test runs at all says it of the test.)
//
// Controls: none, it is a rule of the build.
func TestLinksOneTink(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "github.com/google/tink/go/keyset\n")
	require.NotContains(t, string(out), "github.com/tink-crypto/")
	require.NotContains(t, string(out), "safeguard/crypto/keyset")
}
