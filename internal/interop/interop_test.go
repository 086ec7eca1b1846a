package interop_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/tink/go/aead"
	"github.com/google/tink/go/insecurecleartextkeyset"
	"github.com/google/tink/go/keyset"
	"github.com/google/tink/go/tink"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file anew")

const (
	dir   = "../../crypto/keyset/testdata/interop"
	mine  = "tinkv1.json"
	count = 16
)

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

// associatedData is written from the documentation of
// crypto.Ref.AppendAssociatedData alone, as a program in another language
// would have it.
func associatedData(tenant, table, column, row string) []byte {
	out := []byte{0x01, 0x01}
	for _, part := range []string{tenant, table, column, row} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return append(out, 0x00)
}

func rowData(row string) []byte { return associatedData("clinic-a", "settings", "secret", row) }

// Values that crypto.Sealer sealed for NoSubject, and our own, open under
// google/tink/go v1.7.0.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestGolden(t *testing.T) {
	if *update {
		write(t)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 2)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) { open(t, path) })
	}
}

func open(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(content, &g))
	require.Len(t, g.Vectors, count)
	primitive := read(t, g.Keyset)
	for _, v := range g.Vectors {
		aad := rowData(v.Row)
		require.Equal(t, v.AAD, hex.EncodeToString(aad))
		sealed, err := hex.DecodeString(v.Sealed)
		require.NoError(t, err)
		got, err := primitive.Decrypt(sealed, aad)
		require.NoError(t, err)
		require.Equal(t, v.Plaintext, hex.EncodeToString(got))
		_, err = primitive.Decrypt(sealed, rowData(v.Row+"0"))
		require.Error(t, err)
	}
}

func read(t *testing.T, clear []byte) tink.AEAD {
	t.Helper()
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(clear)))
	require.NoError(t, err)
	primitive, err := aead.New(h)
	require.NoError(t, err)
	return primitive
}

// write seals under a keyset that was rotated once.
func write(t *testing.T) {
	m := keyset.NewManager()
	for range 2 {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		require.NoError(t, err)
		require.NoError(t, m.SetPrimary(id))
	}
	h, err := m.Handle()
	require.NoError(t, err)
	var clear bytes.Buffer
	require.NoError(t, insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&clear)))
	g, primitive := golden{Keyset: clear.Bytes()}, read(t, clear.Bytes())
	for _, n := range []int{0, 1, 11, 15, 16, 17, 31, 32, 33, 64, 255, 256, 1024, 4095, 4096, 4097} {
		row, plaintext := strconv.Itoa(n), make([]byte, n)
		for i := range plaintext {
			plaintext[i] = byte(i*17 + n)
		}
		sealed, err := primitive.Encrypt(plaintext, rowData(row))
		require.NoError(t, err)
		g.Vectors = append(g.Vectors, vector{row, hex.EncodeToString(rowData(row)), hex.EncodeToString(plaintext), hex.EncodeToString(sealed)})
	}
	content, err := json.MarshalIndent(g, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, mine), append(content, '\n'), 0o644))
}
