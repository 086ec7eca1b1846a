package sealsql_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// shelf is a table p of nobody's rows: a key of any kind, the row's name n,
// and a sealed column.
type shelf struct {
	*clinic
	t        *testing.T
	old, new *crypto.Sealer
	table    sealsql.Table
}

func newShelf(t *testing.T, at database, columns, constraint string, key ...string) *shelf {
	t.Helper()
	s := &shelf{clinic: openClinic(t, at), t: t}
	s.old, s.new = sealer(t, s.keys, 1), sealer(t, s.keys, 2)
	s.table = sealsql.Table{Table: "p", Key: key, Row: []string{"n"}, Tenant: sealsql.Tenant{Value: tenant},
		Subject: sealsql.Owner{None: true}, Columns: []sealsql.Column{{Column: "name"}}}
	run(t, s.db, fmt.Sprintf("CREATE TABLE p (%s, n TEXT, name %s%s)", columns,
		map[sealsql.Dialect]string{sealsql.Postgres: "BYTEA", sealsql.SQLite: "BLOB"}[at.dialect], constraint))
	return s
}

// add adds a row with the name n, under the new key or the old.
func (s *shelf) add(fresh bool, n int, key ...any) {
	s.t.Helper()
	by := s.old
	if fresh {
		by = s.new
	}
	ref := crypto.Ref{Tenant: tenant, Table: "p", Column: "name", Row: strconv.Itoa(n), Subject: crypto.NoSubject()}
	sealed, err := by.AppendSeal(s.t.Context(), nil, []byte("value"), ref)
	require.NoError(s.t, err)
	args := append(key, ref.Row, sealed)
	places := make([]string, len(args))
	for i := range args {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	run(s.t, s.db, "INSERT INTO p VALUES ("+strings.Join(places, ", ")+")", args...)
}

func (s *shelf) verify(batch int) (rekey.Report, error) {
	s.t.Helper()
	src, err := s.table.Source(s.db, s.at.dialect, tenant)
	require.NoError(s.t, err)
	return rekey.Verify(s.t.Context(), s.new, src, &rekey.Options{Batch: batch})
}

func (s *shelf) rewrap(opts *rekey.Options) (rekey.Report, error) {
	s.t.Helper()
	src, err := s.table.Source(s.db, s.at.dialect, tenant)
	require.NoError(s.t, err)
	return rekey.Rewrap(s.t.Context(), s.new, src, opts)
}

// A key with a NULL in it is refused: pages in the order of the key would pass
// the row over.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNullInKey(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s := newShelf(t, at, "a TEXT, b TEXT", ", UNIQUE (a, b)", "a", "b")
		for i := range 10 {
			s.add(false, i, "x", "b"+strconv.Itoa(i))
		}
		s.add(false, 99, "x", nil)
		for _, batch := range []int{5, 11, 500} {
			report, err := s.verify(batch)
			require.ErrorContains(t, err, "holds NULL")
			require.Error(t, report.SafeToDestroy(1))
		}
		_, err := s.rewrap(&rekey.Options{Batch: 500})
		require.ErrorContains(t, err, "holds NULL")
	})
}

// SQLite takes no misspelt column for a string.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestMisspelt(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s := newShelf(t, at, "id BIGINT PRIMARY KEY, tenant TEXT", "", "id")
		for i := range 20 {
			s.add(i < 10, i, i, tenant)
		}
		for what, change := range map[string]func(*sealsql.Table){
			"tenant":  func(t *sealsql.Table) { t.Tenant = sealsql.Tenant{Column: "tenant_id"} },
			"key":     func(t *sealsql.Table) { t.Key = []string{"pk"} },
			"row":     func(t *sealsql.Table) { t.Row = []string{"m"} },
			"subject": func(t *sealsql.Table) { t.Subject = sealsql.Owner{Column: "patient"} },
			"column":  func(t *sealsql.Table) { t.Columns = []sealsql.Column{{Column: "nome"}} },
		} {
			good := s.table
			change(&s.table)
			_, err := s.verify(10)
			require.Error(t, err, what)
			_, err = s.rewrap(nil)
			require.Error(t, err, what)
			s.table = good
		}
	})
}

// Row level security that hides rows is an error, not an empty table.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowLevelSecurity(t *testing.T) {
	at := fresh(t, sealsql.Postgres)
	s := newShelf(t, at, "id BIGINT PRIMARY KEY, tenant TEXT", "", "id")
	for i := range 5 {
		s.add(false, i, i, tenant)
	}
	var role string
	require.NoError(t, s.db.QueryRow("SELECT current_schema() || '_role'").Scan(&role))
	for _, statement := range []string{
		"ALTER TABLE p ENABLE ROW LEVEL SECURITY",
		"CREATE POLICY mine ON p USING (tenant = current_setting('app.tenant', true))",
		"CREATE ROLE " + role,
		"GRANT USAGE ON SCHEMA " + strings.TrimSuffix(role, "_role") + " TO " + role,
		"GRANT SELECT, UPDATE ON p TO " + role,
	} {
		run(t, s.db, statement)
	}
	owner := at.open(t)
	t.Cleanup(func() {
		_, err := owner.Exec("DROP OWNED BY " + role + "; DROP ROLE " + role)
		require.NoError(t, err)
	})
	s.db.SetMaxOpenConns(1)
	run(t, s.db, "SET ROLE "+role)
	_, err := s.verify(10)
	require.ErrorContains(t, err, "row level security")
	_, err = s.rewrap(nil)
	require.ErrorContains(t, err, "row level security")
	run(t, s.db, "RESET ROLE")
	report, err := s.verify(10) // the owner sees them
	require.NoError(t, err)
	require.EqualValues(t, 5, report.Stale)
}

// Rows that a key's order passes over are counted; a tenant's name in bytes is
// refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSQLiteKeepsCase(t *testing.T) {
	s := newShelf(t, fresh(t, sealsql.SQLite), "id TEXT COLLATE NOCASE, tenant TEXT", "", "id")
	run(t, s.db, "CREATE UNIQUE INDEX same ON p (id COLLATE BINARY)")
	for i, id := range []string{"a", "A", "b", "B"} {
		s.add(i%2 == 0, i, id, tenant)
	}
	report, err := s.verify(1)
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.EqualValues(t, 2, report.Rows)
	require.EqualValues(t, 2, report.Unseen)
	require.Error(t, report.SafeToDestroy(1))

	s.table.Tenant = sealsql.Tenant{Column: "tenant"}
	s.table.Key = []string{"n"}
	s.add(false, 7, "c", []byte(tenant))
	_, err = s.verify(10)
	require.ErrorContains(t, err, "holds bytes")
}

// Keys that are not UTF-8, which SQLite has, are positions like others.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestKeysOfAnyBytes(t *testing.T) {
	s := newShelf(t, fresh(t, sealsql.SQLite), "id TEXT PRIMARY KEY", "", "id")
	ids := []string{"M\x81ller", "Mueller", "M\u00fcller", "", "\xff\x00", "\ufffd"}
	for i, id := range ids {
		s.add(false, i, id)
	}
	report, err := s.verify(1)
	require.NoError(t, err)
	require.EqualValues(t, len(ids), report.Rows)
	report, err = s.rewrap(&rekey.Options{Batch: 2})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, len(ids), report.RowsChanged)
	report, err = s.verify(2)
	require.NoError(t, err)
	require.NoError(t, report.SafeToDestroy(1))
}

// A row that a trigger or a constraint guards keeps no other back.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestGuardedRow(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s := newShelf(t, at, "id BIGINT PRIMARY KEY, closed BOOLEAN", "", "id")
		for i := range 100 {
			s.add(false, i, i, i == 3)
		}
		if at.dialect == sealsql.SQLite {
			run(t, s.db, "CREATE TRIGGER locked BEFORE UPDATE ON p WHEN OLD.closed BEGIN SELECT RAISE(ABORT, 'closed chart'); END")
		} else {
			run(t, s.db, "CREATE FUNCTION locked() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.closed THEN RAISE EXCEPTION ''closed chart''; END IF; RETURN NEW; END'")
			run(t, s.db, "CREATE TRIGGER locked BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION locked()")
		}
		for range 2 {
			report, err := s.rewrap(&rekey.Options{Batch: 30, Positions: 5})
			require.NoError(t, err)
			require.False(t, report.Complete)
			require.EqualValues(t, 1, report.Refused)
			require.Equal(t, []string{`[{"i":3}]`}, report.Positions)
		}
		report, err := s.verify(30)
		require.NoError(t, err)
		require.EqualValues(t, 99, report.Fresh)
		require.Error(t, report.SafeToDestroy(1))
	})
}

// A page ends at a number of bytes too, and all rows are on some page.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestPagesEndAtBytes(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 300)
		c.source.SetPageBytes(1000) // some ten rows
		s := sealer(t, c.keys, 2)
		page, err := c.source.All(t.Context(), "", 300)
		require.NoError(t, err)
		require.Less(t, len(page.Rows), 30)
		page, err = c.source.Stale(t.Context(), 2, "", 300)
		require.NoError(t, err)
		require.Less(t, len(page.Rows), 30)
		report, err := rekey.Rewrap(t.Context(), s, c.source, nil)
		require.NoError(t, err)
		require.True(t, report.Complete)
		verified, err := rekey.Verify(t.Context(), s, c.source, nil)
		require.NoError(t, err)
		require.EqualValues(t, 300, verified.Rows)
		require.NoError(t, verified.SafeToDestroy(1))
		c.requireAll(t, s, 300, 2, 1)
	})
}

// Stale rows come from the index also where the planner believes that nearly
// all rows are stale, as at the end of a run.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestStatisticsFromBefore(t *testing.T) {
	c := newClinic(t, fresh(t, sealsql.Postgres), 0)
	run(t, c.db, "ALTER TABLE patient SET (autovacuum_enabled = false)")
	run(t, c.db, `ALTER TABLE patient DISABLE TRIGGER written`)
	run(t, c.db, `INSERT INTO patient (id, name) SELECT g, '\x5300000001'::bytea || sha256(g::text::bytea) FROM generate_series(1, 100000) g`)
	run(t, c.db, "ANALYZE patient")
	run(t, c.db, `UPDATE patient SET name = '\x5300000002'::bytea || sha256(id::text::bytea) WHERE id < 99900`)
	for _, q := range c.source.StaleStatements([]byte{0x53, 0, 0, 0, 1}, int64(99950))[2:] {
		plan, err := sealsql.Texts(t.Context(), c.db, "EXPLAIN "+q.Text, q.Args...)
		require.NoError(t, err)
		require.Contains(t, strings.Join(plan, "\n"), "patient_name_key_id", q.Text)
		require.NotContains(t, strings.Join(plan, "\n"), "patient_pkey", q.Text)
	}
}

// A key of a type that cannot be a position says so.
//
// Controls: none, it is the text of an error.
func TestUnusableKey(t *testing.T) {
	s := newShelf(t, fresh(t, sealsql.Postgres), "id TIMESTAMPTZ PRIMARY KEY", "", "id")
	s.add(false, 1, "2020-01-01 00:00:00Z")
	_, err := s.verify(1)
	require.ErrorContains(t, err, "time.Time; use integers, text, UUIDs or bytes")
	require.ErrorContains(t, err, "sealsql: source: all: ")
	src, err := s.table.Source(s.db, s.at.dialect, "")
	require.NoError(t, err)
	_, err = src.Replace(t.Context(), []rekey.Change{{Row: rekey.Row{Position: "{"}}})
	require.EqualError(t, err, "sealsql: source: replace: position is malformed")
}

// A Source keeps its own copy of the description.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestTableIsCopied(t *testing.T) {
	s := newShelf(t, fresh(t, sealsql.SQLite), "id BIGINT PRIMARY KEY", "", "id")
	s.add(false, 1, 1)
	src, err := s.table.Source(s.db, s.at.dialect, "")
	require.NoError(t, err)
	s.table.Columns[0].Column, s.table.Key[0] = "gone", "gone"
	s.table.Columns = append(s.table.Columns, sealsql.Column{Column: "more"})
	report, err := rekey.Rewrap(t.Context(), s.new, src, nil)
	require.NoError(t, err)
	require.True(t, report.Complete)
}

// Indexes of different columns have different names.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndexNames(t *testing.T) {
	seen := map[string]bool{}
	for table, column := range map[string]string{
		"patient": "visit_note", "patient_visit": "note",
		strings.Repeat("t", 60): "a", strings.Repeat("t", 61): "b", strings.Repeat("t", 62): "b",
	} {
		described := patients
		described.Table, described.Columns = table, []sealsql.Column{{Column: column}}
		all, err := described.Indexes(sealsql.Postgres)
		require.NoError(t, err)
		name := strings.Split(all[0], `"`)[1]
		require.LessOrEqual(t, len(name), 63)
		require.False(t, seen[name], name)
		seen[name] = true
	}
}
