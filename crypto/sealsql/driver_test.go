package sealsql_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// Sealed values, and NULL, go through database/sql and come back.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealedThroughDatabaseSQL(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 0)
		s := sealer(t, c.keys, 1)
		in, err := crypto.Seal(t.Context(), s, cellRef(1, "name"), "Thornquist")
		require.NoError(t, err)
		run(t, c.db, "INSERT INTO patient (id, subject, name, mrn) VALUES (1, 'p', $1, $2)", in, crypto.Sealed[string]{})
		var name, mrn crypto.Sealed[string]
		require.NoError(t, c.db.QueryRow("SELECT name, mrn FROM patient").Scan(&name, &mrn))
		requireOpen(t, s, name, mrn)
		run(t, c.db, "UPDATE patient SET name = $1", []byte("plaintext"))
		require.Error(t, c.db.QueryRow("SELECT name FROM patient").Scan(&name))
	})
}

// The same through pgx itself: arguments, scans, batches, copies and rows
// collected into structs.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealedThroughPgx(t *testing.T) {
	at := fresh(t, sealsql.Postgres)
	c := newClinic(t, at, 0)
	s := sealer(t, c.keys, 1)
	conn, err := pgx.Connect(t.Context(), at.address)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // has done its work
	in, err := crypto.Seal(t.Context(), s, cellRef(1, "name"), "Thornquist")
	require.NoError(t, err)

	type patient struct {
		Name crypto.Sealed[string]
		Mrn  crypto.Sealed[string]
	}
	read := func() patient {
		t.Helper()
		rows, err := conn.Query(t.Context(), "SELECT name, mrn FROM patient")
		require.NoError(t, err)
		p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[patient])
		require.NoError(t, err)
		return p
	}
	for name, insert := range map[string]func() error{
		"exec": func() error {
			_, err := conn.Exec(t.Context(), "INSERT INTO patient (id, name, mrn) VALUES (1, $1, $2)", in, crypto.Sealed[string]{})
			return err
		},
		"simple": func() error {
			_, err := conn.Exec(t.Context(), "INSERT INTO patient (id, name, mrn) VALUES (1, $1, $2)", pgx.QueryExecModeSimpleProtocol, in, crypto.Sealed[string]{})
			return err
		},
		"batch": func() error {
			b := new(pgx.Batch)
			b.Queue("INSERT INTO patient (id, name, mrn) VALUES (1, $1, $2)", in, crypto.Sealed[string]{})
			return conn.SendBatch(t.Context(), b).Close()
		},
		"copy": func() error {
			_, err := conn.CopyFrom(t.Context(), pgx.Identifier{"patient"}, []string{"id", "name", "mrn"},
				pgx.CopyFromRows([][]any{{1, in, crypto.Sealed[string]{}}}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, insert())
			p := read()
			requireOpen(t, s, p.Name, p.Mrn)
			var one, two crypto.Sealed[string]
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT name, mrn FROM patient").Scan(&one, &two))
			requireOpen(t, s, one, two)
			_, err := conn.Exec(t.Context(), "DELETE FROM patient")
			require.NoError(t, err)
		})
	}
}

func requireOpen(t *testing.T, s *crypto.Sealer, name, null crypto.Sealed[string]) {
	t.Helper()
	require.True(t, null.IsNull())
	got, err := name.Open(t.Context(), s, cellRef(1, "name"))
	require.NoError(t, err)
	require.Equal(t, "Thornquist", got)
}
