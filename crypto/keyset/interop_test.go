package keyset_test

import (
	"bytes"
	"crypto/fips140"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	tink "github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// golden is a file of values that one implementation sealed and the others
// must open: keyset in Tink's cleartext JSON, of keys that were never used
// for anything else.
type golden struct {
	Keyset  json.RawMessage `json:"keyset"`
	Vectors []vector        `json:"vectors"`
}

type vector struct {
	Row       string `json:"row"`
	AAD       string `json:"aad"`
	Plaintext string `json:"plaintext"`
	Sealed    string `json:"sealed"`
}

const goldenDir = "testdata/interop"

// sizes are those of the golden values; every size from 0 to 4097 is tried
// with the Tink that is linked.
var sizes = []int{0, 1, 11, 15, 16, 17, 31, 32, 33, 64, 255, 256, 1024, 4095, 4096, 4097}

// handle returns a Tink keyset of the given templates; the last is primary.
func handle(t testing.TB, templates ...*tinkpb.KeyTemplate) *tink.Handle {
	t.Helper()
	m := tink.NewManager()
	for _, template := range templates {
		id, err := m.Add(template)
		require.NoError(t, err)
		require.NoError(t, m.SetPrimary(id))
	}
	h, err := m.Handle()
	require.NoError(t, err)
	return h
}

func sealerOf(t testing.TB, h *tink.Handle) *crypto.Sealer {
	t.Helper()
	keys, err := keyset.FromHandle("clinic-a", h)
	require.NoError(t, err)
	s, err := crypto.New(keys, nil, opens)
	require.NoError(t, err)
	return s
}

func rowRef(t testing.TB, row string) (crypto.Ref, []byte) {
	t.Helper()
	r := ref("clinic-a")
	r.Row = row
	aad, err := r.AppendAssociatedData(nil)
	require.NoError(t, err)
	return r, aad
}

func plaintext(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i*31 + n)
	}
	return out
}

// Tink opens what a Sealer seals for NoSubject, and the other way about, at
// every size, under a keyset that was rotated. (Tink's own AES-GCM cannot run
// where only approved uses are allowed; ours does.)
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestInteropWithTink(t *testing.T) {
	if fips140.Enforced() {
		t.Skip("Tink's AES-GCM refuses to run under GODEBUG=fips140=only")
	}
	h := handle(t, aead.AES256GCMKeyTemplate(), aead.AES256GCMKeyTemplate())
	theirs, err := aead.New(h)
	require.NoError(t, err)
	ours := sealerOf(t, h)
	r, aad := rowRef(t, "1")
	for n := range 4098 {
		want := plaintext(n)
		sealed, err := ours.AppendSeal(t.Context(), nil, want, r)
		require.NoError(t, err)
		got, err := theirs.Decrypt(sealed, aad)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))

		sealed, err = theirs.Encrypt(want, aad)
		require.NoError(t, err)
		got, err = ours.AppendOpen(t.Context(), nil, sealed, r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
	sealed, err := theirs.Encrypt([]byte("value"), aad[1:])
	require.NoError(t, err)
	_, err = ours.AppendOpen(t.Context(), nil, sealed, r)
	require.Equal(t, crypto.ErrOpen, err)
}

// Golden files: what this package and Tink's archived predecessor sealed must
// open for as long as the format lives. The predecessor's file is written,
// and ours is read, by internal/interop.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestInteropGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	files, err := filepath.Glob(filepath.Join(goldenDir, "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 2, "ours and the predecessor's")
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) { openGolden(t, path) })
	}
}

func openGolden(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(content, &g))
	require.Len(t, g.Vectors, len(sizes))
	h, err := insecurecleartextkeyset.Read(tink.NewJSONReader(bytes.NewReader(g.Keyset)))
	require.NoError(t, err)
	s := sealerOf(t, h)
	for i, v := range g.Vectors {
		r, aad := rowRef(t, v.Row)
		require.Equal(t, v.AAD, hex.EncodeToString(aad))
		sealed, err := hex.DecodeString(v.Sealed)
		require.NoError(t, err)
		got, err := s.AppendOpen(t.Context(), nil, sealed, r)
		require.NoError(t, err)
		require.Equal(t, v.Plaintext, hex.EncodeToString(got))
		require.Len(t, got, sizes[i])
	}
}

func writeGolden(t *testing.T) {
	h := handle(t, aead.AES256GCMKeyTemplate(), aead.AES256GCMKeyTemplate())
	var clear bytes.Buffer
	require.NoError(t, insecurecleartextkeyset.Write(h, tink.NewJSONWriter(&clear)))
	g, s := golden{Keyset: clear.Bytes()}, sealerOf(t, h)
	for _, n := range sizes {
		row := strconv.Itoa(n)
		r, aad := rowRef(t, row)
		sealed, err := s.AppendSeal(t.Context(), nil, plaintext(n), r)
		require.NoError(t, err)
		g.Vectors = append(g.Vectors, vector{row, hex.EncodeToString(aad), hex.EncodeToString(plaintext(n)), hex.EncodeToString(sealed)})
	}
	content, err := json.MarshalIndent(g, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(goldenDir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(goldenDir, "safeguard.json"), append(content, '\n'), 0o644))
}

// Only keys that seal in the approved mode and name themselves are taken.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestFromHandleRefuses(t *testing.T) {
	for name, h := range map[string]*tink.Handle{
		"nil":                 nil,
		"no prefix":           handle(t, aead.AES256GCMNoPrefixKeyTemplate()),
		"128 bits":            handle(t, aead.AES128GCMKeyTemplate()),
		"another AEAD":        handle(t, aead.XChaCha20Poly1305KeyTemplate()),
		"no AEAD":             handle(t, prf.HMACSHA256PRFKeyTemplate()),
		"one of two is wrong": handle(t, aead.AES128GCMKeyTemplate(), aead.AES256GCMKeyTemplate()),
	} {
		_, err := keyset.FromHandle("clinic-a", h)
		require.ErrorIs(t, err, keyset.ErrKey, name)
	}
	_, err := keyset.FromHandle("", handle(t, aead.AES256GCMKeyTemplate()))
	require.Error(t, err)
}

// A key that was disabled opens nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDisabledKey(t *testing.T) {
	h := handle(t, aead.AES256GCMKeyTemplate())
	r, _ := rowRef(t, "1")
	sealed, err := sealerOf(t, h).AppendSeal(t.Context(), nil, []byte("value"), r)
	require.NoError(t, err)
	m := tink.NewManagerFromHandle(h)
	old, err := h.Primary()
	require.NoError(t, err)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	require.NoError(t, err)
	require.NoError(t, m.SetPrimary(id))
	rotated, err := m.Handle()
	require.NoError(t, err)
	_, err = sealerOf(t, rotated).AppendOpen(t.Context(), nil, sealed, r)
	require.NoError(t, err)
	require.NoError(t, m.Disable(old.KeyID()))
	disabled, err := m.Handle()
	require.NoError(t, err)
	_, err = sealerOf(t, disabled).AppendOpen(t.Context(), nil, sealed, r)
	require.Equal(t, crypto.ErrOpen, err)
}
