package crypto_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

const goldenFile = "testdata/format1.json"

// golden is everything that a service has on disk, in hex: its keys (never
// used for anything else), the records of the store, and sealed values.
type golden struct {
	Primary uint32            `json:"primary"`
	Keys    map[uint32]string `json:"keys"`
	Store   []goldenRecord    `json:"store"`
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
	content, err := os.ReadFile(goldenFile)
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(content, &g))
	require.Len(t, g.Values, 16)
	require.Len(t, g.Store, 6)
	store := cryptotest.NewSubjects()
	for _, r := range g.Store {
		require.NoError(t, store.Put(t.Context(), r.Tenant, r.Name, nil, unhex(t, r.Record)))
	}
	s, err := crypto.New(goldenKeys(t, g, g.Primary), store, nil)
	require.NoError(t, err)
	for _, v := range g.Values {
		got, err := s.AppendOpen(t.Context(), nil, unhex(t, v.Sealed), v.ref())
		require.NoError(t, err)
		require.Equal(t, v.Plaintext, hex.EncodeToString(got))
	}
	before := len(store.Names(tenantA))
	sealed, err := s.AppendSeal(t.Context(), nil, []byte("new"), g.Values[0].ref())
	require.NoError(t, err)
	require.Equal(t, g.Values[0].Sealed[:18], hex.EncodeToString(sealed[:9]), "the subject's key is found again")
	require.Len(t, store.Names(tenantA), before)
}

func writeGolden(t *testing.T) {
	g := golden{Primary: 0x01020304, Keys: map[uint32]string{
		0x01020304: hex.EncodeToString(pattern(32)), 0xfffffffe: hex.EncodeToString(pattern(32)[1:]) + "00",
	}}
	store := cryptotest.NewSubjects()
	s, err := crypto.New(goldenKeys(t, g, 0xfffffffe), store, nil)
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
		for _, name := range store.Names(tenant) {
			record, err := store.Get(context.Background(), tenant, name)
			require.NoError(t, err)
			g.Store = append(g.Store, goldenRecord{tenant, name, hex.EncodeToString(record)})
		}
	}
	content, err := json.MarshalIndent(g, "", " ")
	require.NoError(t, err)
	require.NoError(t, errors.Join(os.MkdirAll(filepath.Dir(goldenFile), 0o755), os.WriteFile(goldenFile, append(content, '\n'), 0o644)))
}
