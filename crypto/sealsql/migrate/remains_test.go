package migrate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// The report is true: the file of the table is searched for the plaintext, which
// is there after the drop and gone after the rewrite.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRemainsIsTrue(t *testing.T) {
	for _, rewrite := range []bool{false, true} {
		t.Run(fmt.Sprint("rewrite ", rewrite), func(t *testing.T) {
			c := newClinic(t, rows)
			if c.count(t, "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper") == 0 {
				t.Skip("reading the server's files takes a superuser")
			}
			run(t, c.db, "ANALYZE patient")
			c.forward(t, migrate.CutOver)
			r, err := c.m.Remains(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Holds, finding(t, r, "the column"))
			require.Equal(t, migrate.Holds, finding(t, r, "rows"))
			require.Equal(t, migrate.Holds, finding(t, r, "statistics of the planner"))

			_, err = c.names.Compare(t.Context(), nil)
			require.NoError(t, err)
			r, err = c.m.Drop(t.Context(), &migrate.DropOptions{Rewrite: rewrite})
			require.NoError(t, err)
			require.Equal(t, migrate.Empty, finding(t, r, "the column"))
			run(t, c.db, "CHECKPOINT")
			var file []byte
			require.NoError(t, c.db.QueryRow("SELECT pg_read_binary_file(pg_relation_filepath('patient'))").Scan(&file))
			require.NotEmpty(t, file)
			holds := bytes.Contains(file, []byte("plaintext of 3"))
			require.Equal(t, !rewrite, holds)
			require.Equal(t, holds, finding(t, r, "rows") == migrate.Holds, r.String())
		})
	}
}

func finding(t *testing.T, r migrate.Remains, name string) migrate.Finding {
	t.Helper()
	for _, p := range r.Places {
		if p.Place == name {
			return p.Finding
		}
	}
	t.Fatalf("no place %q", name)
	return ""
}

// Every place is listed, in every phase, with what was seen and what to do; one
// that cannot be seen says so; and no value is in it.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRemainsLists(t *testing.T) {
	c := newClinic(t, rows)
	run(t, c.db, "CREATE TABLE patient_history (id BIGINT, name TEXT)")
	run(t, c.db, "CREATE INDEX by_name ON patient (name)")
	run(t, c.db, "CREATE FUNCTION copied() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
	run(t, c.db, "CREATE TRIGGER copies AFTER UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION copied()")
	run(t, c.db, "ANALYZE patient")
	for _, phase := range before {
		c.forward(t, phase)
		r, err := c.m.Remains(t.Context())
		require.NoError(t, err)
		require.Len(t, r.Places, 17)
		for _, p := range r.Places {
			require.NotEmpty(t, p.Action, p.Place)
			require.NotEmpty(t, p.Observed, p.Place)
			require.NotContains(t, p.Observed, "SQLSTATE", p.Place)
		}
		text, js := r.String(), new(bytes.Buffer)
		require.NoError(t, json.NewEncoder(js).Encode(r))
		for _, s := range []string{text, js.String()} {
			require.NotRegexp(t, `plaintext of \d`, s)
			require.Contains(t, s, "patient_history")
			require.Contains(t, s, "by_name")
			require.Contains(t, s, "copies")
			require.NotContains(t, s, "~safeguard")
		}
	}
	require.Equal(t, migrate.Unseen, finding(t, mustRemain(t, c), "backups"))

	_, err := c.names.Compare(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.m.Drop(t.Context(), nil)
	require.ErrorIs(t, err, migrate.ErrDependents)
	require.Equal(t, migrate.CutOver, c.phase(t))
	requireSame(t, c)
	run(t, c.db, "CREATE VIEW names AS SELECT name FROM patient")
	_, err = c.m.Drop(t.Context(), &migrate.DropOptions{UnsafeDependents: true})
	requireCode(t, "2BP01", err)
	require.Equal(t, migrate.CutOver, c.phase(t))
	run(t, c.db, "DROP VIEW names")
	_, err = c.m.Drop(t.Context(), &migrate.DropOptions{UnsafeDependents: true})
	require.NoError(t, err)
	require.Equal(t, migrate.Empty, finding(t, mustRemain(t, c), "indexes, constraints and views"))
}

func mustRemain(t *testing.T, c *clinic) migrate.Remains {
	t.Helper()
	r, err := c.m.Remains(t.Context())
	require.NoError(t, err)
	return r
}

// What a user without privileges may not see is said to be unseen.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestRemainsUnseen(t *testing.T) {
	c := newClinic(t, 20)
	c.db.SetMaxOpenConns(1)
	role := "migrate_" + c.schemaName(t)
	run(t, c.db, "CREATE ROLE "+role)
	run(t, c.db, "GRANT ALL ON SCHEMA "+c.schemaName(t)+" TO "+role)
	run(t, c.db, "GRANT SELECT ON ALL TABLES IN SCHEMA "+c.schemaName(t)+" TO "+role)
	run(t, c.db, "SET ROLE "+role)
	r, err := c.m.Remains(t.Context())
	run(t, c.db, "RESET ROLE")
	run(t, c.db, "DROP OWNED BY "+role)
	run(t, c.db, "DROP ROLE "+role)
	require.NoError(t, err)
	require.Equal(t, migrate.Unseen, finding(t, r, "write-ahead log"))
	require.Len(t, r.Places, 17)
}

func (c *clinic) schemaName(t *testing.T) string {
	var name string
	require.NoError(t, c.db.QueryRowContext(t.Context(), "SELECT current_schema()").Scan(&name))
	return name
}
