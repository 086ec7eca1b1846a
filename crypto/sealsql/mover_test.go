package sealsql_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// whose is how many rows open as each of two patients'.
func whose(t *testing.T, c *clinic, s *crypto.Sealer) (first, second int) {
	t.Helper()
	rows, err := c.db.Query("SELECT id, subject, name FROM patient WHERE subject IN ($1, $2)", patientName(1), patientName(2))
	require.NoError(t, err)
	defer rows.Close() //nolint:errcheck // Err has it
	for rows.Next() {
		var id int
		var subject string
		var sealed []byte
		require.NoError(t, rows.Scan(&id, &subject, &sealed))
		ref := cellRef(id, "name")
		ref.Subject = crypto.SubjectOf(safeguard.NewPatient(subject))
		got, err := s.AppendOpen(t.Context(), nil, sealed, ref)
		require.NoError(t, err)
		require.Equal(t, plaintext(id, "name"), string(got))
		if subject == patientName(1) {
			first++
		} else {
			second++
		}
	}
	require.NoError(t, rows.Err())
	return first, second
}

// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestMover(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 5*people)
		m, err := patients.Mover(c.db, at.dialect, "", nil)
		require.NoError(t, err)
		require.NoError(t, m.CreateTable(t.Context()))
		s := sealer(t, c.keys, 2)
		one, two := safeguard.NewPatient(patientName(1)), safeguard.NewPatient(patientName(2))
		run(t, c.db, "UPDATE patient SET name = NULL, mrn = NULL WHERE id = $1", people+1) // an empty row goes too
		report, err := rekey.Rebind(t.Context(), s, m, "merge-7", one, two, &rekey.Options{Batch: 2})
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.EqualValues(t, 5, report.RowsChanged)
		run(t, c.db, "DELETE FROM patient WHERE id = $1", people+1)
		first, second := whose(t, c, s)
		require.Equal(t, 0, first)
		require.Equal(t, 9, second)

		var n int
		require.NoError(t, c.db.QueryRow("SELECT count(*) FROM rekey_moves").Scan(&n))
		require.Equal(t, 5, n)
		report, err = rekey.Unbind(t.Context(), s, m, "merge-7", one, two, &rekey.Options{Batch: 2})
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.EqualValues(t, 4, report.RowsChanged)
		first, second = whose(t, c, s)
		require.Equal(t, 4, first)
		require.Equal(t, 5, second)
		verified, err := rekey.Verify(t.Context(), s, c.source, nil)
		require.NoError(t, err)
		require.Zero(t, verified.Unopenable+verified.Misshapen)
	})
}

// A row that somebody wrote to meanwhile, also into a NULL, does not move, and
// a failure between row and journal leaves both.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMoveCompares(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 20)
		m, err := patients.Mover(c.db, at.dialect, "", nil)
		require.NoError(t, err)
		one, two := safeguard.NewPatient(patientName(10)), safeguard.NewPatient(patientName(11))
		page, err := m.Of(t.Context(), one, "", 10)
		require.NoError(t, err)
		require.Len(t, page.Rows, 1)
		changes := []rekey.Change{{Row: page.Rows[0], Sealed: [][]byte{[]byte("ours"), nil}}}
		move := rekey.Move{Merge: "m", From: one, To: two}
		subject := func() (name string) {
			require.NoError(t, c.db.QueryRow("SELECT subject FROM patient WHERE id = 10").Scan(&name))
			return name
		}

		_, err = m.Move(t.Context(), move, changes) // there is no journal
		require.Error(t, err)
		require.Equal(t, patientName(10), subject())
		require.NoError(t, m.CreateTable(t.Context()))
		run(t, c.db, "UPDATE patient SET mrn = $1 WHERE id = 10", []byte("theirs"))
		changed, err := m.Move(t.Context(), move, changes)
		require.NoError(t, err)
		require.Equal(t, []bool{false}, changed)
		run(t, c.db, "UPDATE patient SET mrn = NULL WHERE id = 10")
		changed, err = m.Move(t.Context(), move, changes)
		require.NoError(t, err)
		require.Equal(t, []bool{true}, changed)
		require.Equal(t, patientName(11), subject())
		changed, err = m.Move(t.Context(), move, changes)
		require.NoError(t, err)
		require.Equal(t, []bool{false}, changed)
	})
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMoverRefuses(t *testing.T) {
	db := fresh(t, sealsql.SQLite).open(t)
	for i, change := range []func(*sealsql.Table){
		func(t *sealsql.Table) { t.Subject = sealsql.Owner{None: true} },
		func(t *sealsql.Table) { t.Subject.Column = "id" },
		func(t *sealsql.Table) { t.Row = []string{"subject"} },
	} {
		table := patients
		change(&table)
		_, err := table.Mover(db, sealsql.SQLite, "", nil)
		require.ErrorContains(t, err, "mover", strconv.Itoa(i))
	}
	_, err := patients.Mover(db, sealsql.SQLite, "", &sealsql.MoverOptions{Journal: "a-b"})
	require.Error(t, err)
}
