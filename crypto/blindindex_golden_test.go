package crypto_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

const goldenIndexFile = "testdata/index1.json"

// goldenIndex is what a service with blind indexes has on disk, in hex, and
// what they are over. Hashed is the value after the transforms, written by
// hand.
type goldenIndex struct {
	Key    string        `json:"key"` // of the tenants' keysets, id 1
	Search string        `json:"search"`
	Tokens []goldenToken `json:"tokens"`
}

type goldenToken struct {
	Index, ID string
	Values    []string
	Hashed    []string
	Token     string
}

func goldenTokens() []goldenToken {
	return []goldenToken{
		{Index: "ssn_last4", Values: []string{"123-45-6789"}, Hashed: []string{"6789"}},
		{Index: "ssn", Values: []string{"123 45 6789"}, Hashed: []string{"123456789"}},
		{Index: "name_born", Values: []string{" Ashcraft ", "19800229"}, Hashed: []string{"A261", "1980"}},
		{Index: "mrn", Values: []string{"ÄB-Ⱥ "}, Hashed: []string{"äb-ⱥ"}},
	}
}

// Stored tokens are searched for years: those of the first day come out the
// same, and an independent computation from plain HKDF and HMAC, written from
// the documentation, gives the same bytes.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestGoldenIndex(t *testing.T) {
	if *update {
		writeGoldenIndex(t)
	}
	content, err := os.ReadFile(goldenIndexFile)
	require.NoError(t, err)
	var g goldenIndex
	require.NoError(t, json.Unmarshal(content, &g))
	require.Len(t, g.Tokens, 4)
	search := newSearch(t, goldenSealer(t, g), searched())
	roots := openRoots(t, g)
	for i, want := range g.Tokens {
		x := search.Index(want.Index)
		require.Equal(t, want.ID, x.ID())
		require.Equal(t, want.Token, hex.EncodeToString(token(t, x, tenantA, want.Values...)))
		spec := searched().Indexes[i]
		require.Equal(t, spec.Name, want.Index)
		require.Equal(t, want.Token, hex.EncodeToString(independently(t, roots[1], 1, spec, want.Hashed)))
	}
}

// independently computes a token with nothing of the package.
func independently(t *testing.T, root []byte, version uint32, spec crypto.IndexSpec, hashed []string) []byte {
	bits := spec.Bits
	if spec.UnsafeFullWidth {
		bits = 128
	}
	part := func(to []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint16(to, uint16(len(s))), s...)
	}
	info := part(part(part([]byte{0x01, 0x0a}, tenantA), "patients"), spec.Name)
	info = binary.BigEndian.AppendUint16(info, uint16(bits))
	info = append(info, byte(len(spec.Parts)))
	for _, p := range spec.Parts {
		info = append(part(info, p.Column), byte(len(p.Transforms)))
		for _, tr := range p.Transforms {
			info = part(info, map[crypto.Transform]string{crypto.TrimSpace: "trim", crypto.Lower: "lower", crypto.Digits: "digits",
				crypto.LastFour: "last4", crypto.Year: "year", crypto.Soundex: "soundex"}[tr])
		}
	}
	key, err := hkdf.Expand(sha256.New, root, string(info), 32)
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	for _, h := range hashed {
		mac.Write(part(nil, h))
	}
	out := binary.BigEndian.AppendUint32(nil, version)
	for i, b := range mac.Sum(nil) {
		for bit := range 8 {
			if i*8+bit >= bits {
				b &^= 0x80 >> bit
			}
		}
		if i*8 < bits {
			out = append(out, b)
		}
	}
	return out
}

// openRoots opens the root keys of tenantA with nothing of the package but the
// encoding of the record.
func openRoots(t *testing.T, g goldenIndex) map[uint32][]byte {
	block, err := aes.NewCipher(unhex(t, g.Key))
	require.NoError(t, err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(t, err)
	rec, err := record.Parse(unhex(t, g.Search))
	require.NoError(t, err)
	roots := map[uint32][]byte{}
	for _, k := range rec.Keys {
		aad := append([]byte{0x01, 0x06, 0x00, byte(len(tenantA))}, tenantA...)
		aad = append(aad, "\x00\x06search"...)
		aad = binary.BigEndian.AppendUint32(aad, k.Version)
		aad = binary.BigEndian.AppendUint64(aad, uint64(k.Created.Unix()))
		aad = binary.BigEndian.AppendUint32(aad, k.Born)
		roots[k.Version], err = gcm.Open(nil, nil, k.Wrapped[5:], aad)
		require.NoError(t, err)
	}
	return roots
}

func goldenSealer(t *testing.T, g goldenIndex) *crypto.Sealer {
	key, err := crypto.NewKey(1, unhex(t, g.Key))
	require.NoError(t, err)
	ks, err := crypto.NewKeyset(1, key)
	require.NoError(t, err)
	store := cryptotest.NewSubjects()
	if g.Search != "" {
		require.NoError(t, store.Put(t.Context(), tenantA, "search", nil, unhex(t, g.Search)))
	}
	s, err := crypto.New(cryptotest.Keys{tenantA: ks}, store, nil)
	require.NoError(t, err)
	return s
}

func writeGoldenIndex(t *testing.T) {
	g := goldenIndex{Key: hex.EncodeToString(pattern(32)), Tokens: goldenTokens()}
	key, err := crypto.NewKey(1, pattern(32))
	require.NoError(t, err)
	ks, err := crypto.NewKeyset(1, key)
	require.NoError(t, err)
	store := cryptotest.NewSubjects()
	s, err := crypto.New(cryptotest.Keys{tenantA: ks}, store, nil)
	require.NoError(t, err)
	search := newSearch(t, s, searched())
	for i := range g.Tokens {
		x := search.Index(g.Tokens[i].Index)
		g.Tokens[i].ID = x.ID()
		g.Tokens[i].Token = hex.EncodeToString(token(t, x, tenantA, g.Tokens[i].Values...))
	}
	root, err := store.Get(t.Context(), tenantA, "search")
	require.NoError(t, err)
	g.Search = hex.EncodeToString(root)
	content, err := json.MarshalIndent(g, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(goldenIndexFile, append(content, '\n'), 0o644))
}
