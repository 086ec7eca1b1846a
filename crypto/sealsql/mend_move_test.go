package sealsql_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// moving is a Mover over a table p with a subject's column of some type, and a
// row of each patient.
func moving(t *testing.T, at database, kind string, patients ...any) (*clinic, *crypto.Sealer, *sealsql.Mover) {
	t.Helper()
	c := openClinic(t, at)
	s := sealer(t, c.keys, 1)
	run(t, c.db, fmt.Sprintf("CREATE TABLE p (id BIGINT PRIMARY KEY, patient %s, name %s)", kind,
		map[sealsql.Dialect]string{sealsql.Postgres: "BYTEA", sealsql.SQLite: "BLOB"}[at.dialect]))
	for i, p := range patients {
		subject := fmt.Sprint(p)
		if b, ok := p.([]byte); ok {
			subject = fmt.Sprintf("%x", b)
		}
		sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), crypto.Ref{Tenant: tenant, Table: "p", Column: "name",
			Row: fmt.Sprint(i), Subject: crypto.SubjectOf(safeguard.NewPatient(subject))})
		require.NoError(t, err)
		run(t, c.db, "INSERT INTO p VALUES ($1, $2, $3)", i, p, sealed)
	}
	table := sealsql.Table{Table: "p", Key: []string{"id"}, Tenant: sealsql.Tenant{Value: tenant},
		Subject: sealsql.Owner{Column: "patient"}, Columns: []sealsql.Column{{Column: "name"}}}
	m, err := table.Mover(c.db, at.dialect, "", nil)
	require.NoError(t, err)
	require.NoError(t, m.CreateTable(t.Context()))
	return c, s, m
}

// Where the column would keep the patient in other letters nothing is moved:
// nobody could open the cells.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMoveKeepsLetters(t *testing.T) {
	const lower, upper = "6f9619ff-8b86-d011-b42d-00c04fc964ff", "6F9619FF-8B86-D011-B42D-00C04FC964AA"
	for kind, p := range map[string]struct{ from, to string }{
		"BIGINT": {"17", "0042"}, "CHAR(5)": {"17   ", "42"}, "UUID": {lower, upper},
	} {
		everywhere(t, func(t *testing.T, at database) {
			if at.dialect == sealsql.SQLite && kind != "BIGINT" {
				t.Skip("such a column is text there")
			}
			_, s, m := moving(t, at, kind, p.from)
			_, err := rekey.Rebind(t.Context(), s, m, "m", safeguard.NewPatient(p.from), safeguard.NewPatient(p.to), nil)
			require.ErrorContains(t, err, "does not keep the patient")
			report, err := rekey.Verify(t.Context(), s, m, nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, report.Opened, "as it was")
			_, err = rekey.Unbind(t.Context(), s, m, "m", safeguard.NewPatient(p.from), safeguard.NewPatient(p.to), nil)
			require.Error(t, err)
		})
	}
}

// A column of bytes is refused, rather than no row found.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMoveRefusesBytes(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		kind := map[sealsql.Dialect]string{sealsql.Postgres: "BYTEA", sealsql.SQLite: "BLOB"}[at.dialect]
		_, s, m := moving(t, at, kind, []byte{0xab, 0xcd})
		_, err := rekey.Rebind(t.Context(), s, m, "m", safeguard.NewPatient("abcd"), safeguard.NewPatient("ef01"), nil)
		require.ErrorContains(t, err, "holds bytes")
		_, err = m.Moved(t.Context(), "m", "", 1)
		require.ErrorContains(t, err, "holds bytes")
	})
}

// Merges of one name are undone each for itself, and one that never was is not
// called undone.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMergesOfOneName(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c, s, m := moving(t, at, "TEXT", "a", "x", "b")
		a, b, x := safeguard.NewPatient("a"), safeguard.NewPatient("b"), safeguard.NewPatient("x")
		for _, from := range []safeguard.Patient{a, x} {
			report, err := rekey.Rebind(t.Context(), s, m, "merge-1", from, b, nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, report.RowsChanged)
		}
		report, err := rekey.Unbind(t.Context(), s, m, "merge-1", a, b, nil)
		require.NoError(t, err)
		require.True(t, report.Complete)
		require.EqualValues(t, 1, report.RowsChanged)
		var p string
		require.NoError(t, c.db.QueryRow("SELECT patient FROM p WHERE id = 1").Scan(&p))
		require.Equal(t, "b", p)
		_, err = rekey.Unbind(t.Context(), s, m, "merge-2", x, b, nil)
		require.ErrorIs(t, err, rekey.ErrNoMerge)
		verified, err := rekey.Verify(t.Context(), s, m, nil)
		require.NoError(t, err)
		require.EqualValues(t, 3, verified.Opened)
	})
}

// The journal is found again where the table is spelt in another way, and
// takes names that a text column refuses.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestJournalNames(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c, s, m := moving(t, at, "TEXT", "a", "b")
		a, b := safeguard.NewPatient("a"), safeguard.NewPatient("b")
		merge := "merge\x00\xff"
		_, err := rekey.Rebind(t.Context(), s, m, merge, a, b, nil)
		require.NoError(t, err)
		schema := "main"
		if at.dialect == sealsql.Postgres {
			require.NoError(t, c.db.QueryRow("SELECT current_schema()").Scan(&schema))
		}
		table := sealsql.Table{Table: schema + ".p", Logical: "p", Key: []string{"id"}, Tenant: sealsql.Tenant{Value: tenant},
			Subject: sealsql.Owner{Column: "patient"}, Columns: []sealsql.Column{{Column: "name"}}}
		again, err := table.Mover(c.db, at.dialect, "", nil)
		require.NoError(t, err)
		report, err := rekey.Unbind(t.Context(), s, again, merge, a, b, nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, report.RowsChanged)

		states, err := sealsql.NewCheckpoints(c.db, at.dialect, nil)
		require.NoError(t, err)
		require.NoError(t, states.CreateTable(t.Context()))
		require.NoError(t, states.Of(merge).Save(t.Context(), []byte("{}")))
		state, err := states.Of(merge).Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, "{}", string(state))
	})
}
