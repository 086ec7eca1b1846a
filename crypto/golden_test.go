package crypto_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// goldenFiles are what was written by each format of the store; the last one
// is that of today.
var goldenFiles = []string{"testdata/format1.json", "testdata/format2.json"}

// golden is everything that a service has on disk, in hex: its keys (never
// used for anything else), the records of the store, and sealed values.
type golden struct {
	Primary uint32            `json:"primary"`
	Keys    map[uint32]string `json:"keys"`
	Records []goldenRecord    `json:"store"`
	Values  []goldenValue     `json:"values"`
}

type goldenRecord struct {
	Tenant, Name, Record string
}

type goldenValue struct {
	Tenant, Table, Column, Row, Patient, Plaintext, Sealed string
}

func (v goldenValue) ref() crypto.Ref {
	r := crypto.Ref{Tenant: v.Tenant, Table: v.Table, Column: v.Column, Row: v.Row, Subject: crypto.NoSubject()}
	if v.Patient != "" {
		r.Subject = crypto.SubjectOf(safeguard.NewPatient(v.Patient))
	}
	return r
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// goldenKeys returns the keyset of g for both tenants. That of the second was
// rotated since: primaryB was its primary when the file was written.
func goldenKeys(t *testing.T, g golden, primaryB uint32) cryptotest.Keys {
	var keys []*crypto.Key
	for id, material := range g.Keys {
		k, err := crypto.NewKey(id, unhex(t, material))
		require.NoError(t, err)
		keys = append(keys, k)
	}
	ks, err := crypto.NewKeyset(g.Primary, keys...)
	require.NoError(t, err)
	b, err := crypto.NewKeyset(primaryB, keys...)
	require.NoError(t, err)
	return cryptotest.Keys{tenantA: ks, tenantB: b}
}

// The stored format is readable for seven years: what was sealed on the first
// day opens, with its store, from a golden file.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	for _, file := range goldenFiles {
		t.Run(filepath.Base(file), func(t *testing.T) { openGolden(t, file) })
	}
}

// readGolden returns what is in a golden file.
func readGolden(t *testing.T, file string) (g golden) {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &g))
	require.Len(t, g.Values, 16)
	return g
}

// store returns a store with the records of g.
func (g golden) store(t *testing.T) *cryptotest.Subjects {
	store := cryptotest.NewSubjects()
	for _, r := range g.Records {
		require.NoError(t, store.Put(t.Context(), r.Tenant, r.Name, nil, unhex(t, r.Record)))
	}
	return store
}

func openGolden(t *testing.T, file string) {
	g := readGolden(t, file)
	f := fixture{keys: goldenKeys(t, g, g.Primary), store: g.store(t)}
	f.Sealer = f.newSealer(t, nil)
	open := func(s *crypto.Sealer) {
		for _, v := range g.Values {
			got, err := s.AppendOpen(t.Context(), nil, unhex(t, v.Sealed), v.ref())
			require.NoError(t, err)
			require.Equal(t, v.Plaintext, hex.EncodeToString(got))
		}
	}
	open(f.Sealer)
	before := f.names(t, tenantA)
	require.Len(t, before, 2)
	for _, v := range g.Values {
		sealed, err := f.AppendSeal(t.Context(), nil, []byte("new"), v.ref())
		require.NoError(t, err)
		got, err := f.newSealer(t, nil).AppendOpen(t.Context(), nil, sealed, v.ref())
		require.NoError(t, err)
		require.Equal(t, "new", string(got))
	}
	require.Equal(t, before, f.names(t, tenantA), "subjects are found again")
	open(f.newSealer(t, nil))
}

func writeGolden(t *testing.T) {
	g := golden{Primary: 0x01020304, Keys: map[uint32]string{
		0x01020304: hex.EncodeToString(pattern(32)), 0xfffffffe: hex.EncodeToString(pattern(32)[1:]) + "00",
	}}
	store := cryptotest.NewSubjects()
	s, err := crypto.New(goldenKeys(t, g, 0xfffffffe), store, unaudited(nil))
	require.NoError(t, err)
	for _, tenant := range []string{tenantA, tenantB} {
		for _, patient := range []string{"Patient/1", "Patient/Ünïcode", ""} {
			for _, n := range []int{0, 16, 300} {
				v := goldenValue{Tenant: tenant, Table: "patients", Column: "ssn", Row: "row-1", Patient: patient, Plaintext: hex.EncodeToString(pattern(n))}
				if tenant == tenantB && patient == "Patient/Ünïcode" && n != 0 {
					continue
				}
				sealed, err := s.AppendSeal(context.Background(), nil, pattern(n), v.ref())
				require.NoError(t, err)
				v.Sealed = hex.EncodeToString(sealed)
				g.Values = append(g.Values, v)
			}
		}
		names, err := store.Names(context.Background(), tenant, "", 100)
		require.NoError(t, err)
		for _, name := range names {
			record, err := store.Get(context.Background(), tenant, name)
			require.NoError(t, err)
			g.Records = append(g.Records, goldenRecord{tenant, name, hex.EncodeToString(record)})
		}
	}
	content, err := json.MarshalIndent(g, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(goldenFiles[len(goldenFiles)-1], append(content, '\n'), 0o644))
}
