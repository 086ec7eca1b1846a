package crypto_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

const goldenContainers = "testdata/rows1.json"

// containers is what a service with rows and blobs has on disk, in hex.
type containers struct {
	Material string         `json:"material"`
	Records  []goldenRecord `json:"store"`
	Sealed   []struct {
		Patient, Row, Blob string
	} `json:"sealed"`
}

// goldenRow has a field of every stored form. It must not change.
type goldenRow struct {
	S string    `json:"s" phi:"name"`
	B []byte    `json:"b" phi:"name"`
	I int16     `json:"i" phi:"clinical,group=labs"`
	U uint64    `json:"u" phi:"clinical,group=labs"`
	F float64   `json:"f" phi:"clinical,group=labs"`
	Y bool      `json:"y" phi:"clinical,group=labs"`
	T time.Time `json:"t" phi:"date"`
	J []string  `json:"j" phi:"clinical"`
	N *string   `json:"n" phi:"name"`
}

func sampleGolden() goldenRow {
	return goldenRow{"Ünïcode", []byte{}, -2, 1 << 63, 1.5, true, time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC), []string{"a"}, nil}
}

func containersSealer(t *testing.T, g containers) (*crypto.Sealer, *cryptotest.Subjects) {
	key, err := crypto.NewKey(0x01020304, unhex(t, g.Material))
	require.NoError(t, err)
	ks, err := crypto.NewKeyset(key.ID(), key)
	require.NoError(t, err)
	store := cryptotest.NewSubjects()
	for _, r := range g.Records {
		require.NoError(t, store.Put(t.Context(), r.Tenant, r.Name, nil, unhex(t, r.Record)))
	}
	s, err := crypto.New(cryptotest.Keys{tenantA: ks}, store, unaudited(nil))
	require.NoError(t, err)
	return s, store
}

func goldenRef(patient string) crypto.Ref {
	if patient == "" {
		return refOf(crypto.NoSubject())
	}
	return refOf(crypto.SubjectOf(safeguard.NewPatient(patient)))
}

// Rows and blobs that were stored on the first day open.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestGoldenContainers(t *testing.T) {
	if *update {
		writeContainers(t)
	}
	content, err := os.ReadFile(goldenContainers)
	require.NoError(t, err)
	var g containers
	require.NoError(t, json.Unmarshal(content, &g))
	require.Len(t, g.Sealed, 2)
	s, _ := containersSealer(t, g)
	r := rowsOf[goldenRow](t, s, nil)
	for _, v := range g.Sealed {
		var row crypto.SealedRow
		require.NoError(t, row.Scan(unhex(t, v.Row)))
		var got goldenRow
		report, err := r.Open(t.Context(), &got, goldenRef(v.Patient), crypto.UnsafeAllFields{}, row)
		require.NoError(t, err)
		require.Equal(t, crypto.RowReport{}, report)
		require.Equal(t, sampleGolden(), got)
		blob, err := readBlob(t, s, unhex(t, v.Blob), goldenRef(v.Patient))
		require.NoError(t, err)
		require.Equal(t, pattern(300), blob)
	}
}

func writeContainers(t *testing.T) {
	g := containers{Material: hex.EncodeToString(pattern(32))}
	s, store := containersSealer(t, g)
	for _, patient := range []string{"", "Patient/Ünïcode"} {
		row, err := sealRow(t, rowsOf[goldenRow](t, s, nil), sampleGolden(), goldenRef(patient)).MarshalBinary()
		require.NoError(t, err)
		g.Sealed = append(g.Sealed, struct{ Patient, Row, Blob string }{
			patient, hex.EncodeToString(row), hex.EncodeToString(sealBlob(t, s, pattern(300), goldenRef(patient))),
		})
	}
	names, err := store.Names(t.Context(), tenantA, "", 1<<20)
	require.NoError(t, err)
	for _, name := range names {
		record, err := store.Get(t.Context(), tenantA, name)
		require.NoError(t, err)
		g.Records = append(g.Records, goldenRecord{tenantA, name, hex.EncodeToString(record)})
	}
	content, err := json.MarshalIndent(g, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(goldenContainers, append(content, '\n'), 0o644))
}
