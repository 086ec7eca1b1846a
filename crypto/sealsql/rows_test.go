package sealsql_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// Columns of rows sealed whole, of groups of disclosure, are renewed as those
// of single fields are.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSealedRows(t *testing.T) {
	type person struct {
		Name string `json:"name" phi:"name"`
		Note string `json:"note" phi:"text,group=sensitive"`
	}
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 0)
		old, s := sealer(t, c.keys, 1), sealer(t, c.keys, 2)
		seal, err := crypto.NewRows[person](old, nil)
		require.NoError(t, err)
		open, err := crypto.NewRows[person](s, nil)
		require.NoError(t, err)
		for i := range 20 {
			sealed, err := seal.Seal(t.Context(), &person{plaintext(i, "name"), "call"}, cellRef(i, "name"))
			require.NoError(t, err)
			run(t, c.db, "INSERT INTO patient (id, subject, name) VALUES ($1, $2, $3)", i, patientName(i), sealed)
		}
		report, err := rekey.Rewrap(t.Context(), s, c.source, &rekey.Options{Batch: 3})
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.EqualValues(t, 20, report.CellsChanged)
		verified, err := rekey.Verify(t.Context(), s, c.source, nil)
		require.NoError(t, err)
		require.NoError(t, verified.SafeToDestroy(1))
		require.EqualValues(t, 20, verified.Opened)
		for i := range 20 {
			var sealed crypto.SealedRow
			require.NoError(t, c.db.QueryRow("SELECT name FROM patient WHERE id = $1", i).Scan(&sealed))
			var p person
			_, err := open.Open(t.Context(), &p, cellRef(i, "name"), crypto.Fields{"name", "note"}, sealed)
			require.NoError(t, err)
			require.Equal(t, person{plaintext(i, "name"), "call"}, p)
		}
	})
}

// Whatever a position holds, a page of it is rows of the table or an error.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzPosition(f *testing.F) {
	c := newClinic(f, fresh(f, sealsql.SQLite), 30)
	for _, seed := range []string{"", `[{"i":3}]`, `{"c":1,"p":{"b":"UwAAAAE="},"k":[{"i":3}]}`, `{"c":0,"p":{"s":"x"}}`, `{"c":-1}`, `[{"s":"3"}]`, `[null]`} {
		f.Add(seed)
	}
	m, err := patients.Mover(c.db, c.at.dialect, "", nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		ctx := t.Context()
		for _, read := range []func() (rekey.Page, error){
			func() (rekey.Page, error) { return c.source.All(ctx, text, 7) },
			func() (rekey.Page, error) { return c.source.Stale(ctx, 2, text, 7) },
			func() (rekey.Page, error) { return m.Of(ctx, safeguard.NewPatient(patientName(1)), text, 7) },
		} {
			page, err := read()
			require.LessOrEqual(t, len(page.Rows), 7)
			for _, row := range page.Rows {
				require.NoError(t, err)
				require.True(t, json.Valid([]byte(row.Position)))
				require.Len(t, row.Cells, 2)
			}
		}
	})
}
