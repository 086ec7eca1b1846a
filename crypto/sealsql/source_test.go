package sealsql_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

var patients = sealsql.Table{
	Table:   "patient",
	Key:     []string{"id"},
	Tenant:  sealsql.Tenant{Value: tenant},
	Subject: sealsql.Owner{Column: "subject"},
	Columns: []sealsql.Column{{Column: "name"}, {Column: "mrn"}},
}

// clinic is a table of sealed rows. Writes counts the changes of each row.
type clinic struct {
	at     database
	db     *sql.DB
	keys   *sealsql.Subjects
	source *sealsql.Source
}

func newClinic(t testing.TB, at database, rows int) *clinic {
	t.Helper()
	c := openClinic(t, at)
	for _, statement := range clinicSchema(at.dialect) {
		run(t, c.db, statement)
	}
	indexes, err := patients.Indexes(at.dialect)
	require.NoError(t, err)
	for _, statement := range indexes {
		run(t, c.db, statement)
	}
	c.fill(t, rows)
	return c
}

func openClinic(t testing.TB, at database) *clinic {
	t.Helper()
	c := &clinic{at: at, db: at.open(t), keys: subjects(t, at)}
	var err error
	c.source, err = patients.Source(c.db, at.dialect, "")
	require.NoError(t, err)
	return c
}

func clinicSchema(d sealsql.Dialect) []string {
	binary := map[sealsql.Dialect]string{sealsql.Postgres: "BYTEA", sealsql.SQLite: "BLOB"}[d]
	statements := []string{"CREATE TABLE patient (id BIGINT PRIMARY KEY, subject TEXT, name " + binary +
		", mrn " + binary + ", writes BIGINT NOT NULL DEFAULT 0)"}
	if d == sealsql.SQLite {
		return append(statements, `CREATE TRIGGER written AFTER UPDATE OF name, mrn ON patient
			BEGIN UPDATE patient SET writes = writes + 1 WHERE id = NEW.id; END`)
	}
	return append(statements, `CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END'`,
		`CREATE TRIGGER written BEFORE UPDATE OF name, mrn ON patient FOR EACH ROW EXECUTE FUNCTION written()`)
}

// people is how many patients the rows are of.
const people = 100

func cellRef(row int, column string) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "patient", Column: column, Row: strconv.Itoa(row),
		Subject: crypto.SubjectOf(safeguard.NewPatient(patientName(row % people)))}
}

func plaintext(row int, column string) string { return fmt.Sprintf("%s of %d", column, row) }

// fill adds rows under key 1; the record number of every tenth is NULL.
func (c *clinic) fill(t testing.TB, rows int) {
	t.Helper()
	s := sealer(t, c.keys, 1)
	seal := func(row int, column string) []byte {
		sealed, err := s.AppendSeal(t.Context(), nil, []byte(plaintext(row, column)), cellRef(row, column))
		require.NoError(t, err)
		return sealed
	}
	record := func(i int) []any {
		values := []any{i, patientName(i % people), seal(i, "name"), seal(i, "mrn")}
		if i%10 == 0 {
			values[3] = nil
		}
		return values
	}
	if c.at.dialect == sealsql.Postgres {
		conn, err := pgx.Connect(t.Context(), c.at.address)
		require.NoError(t, err)
		defer conn.Close(context.Background()) //nolint:errcheck // has done its work
		_, err = conn.CopyFrom(t.Context(), pgx.Identifier{"patient"}, []string{"id", "subject", "name", "mrn"},
			pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return record(i), nil }))
		require.NoError(t, err)
		return
	}
	var records [][]any // before the transaction, which locks out the keys' store
	for i := range rows {
		records = append(records, record(i))
	}
	tx, err := c.db.Begin()
	require.NoError(t, err)
	for _, r := range records {
		_, err := tx.Exec("INSERT INTO patient (id, subject, name, mrn) VALUES (?, ?, ?, ?)", r...)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

// requireAll checks that all rows are there, hold what they held, under the
// key id, and were written so many times.
func (c *clinic) requireAll(t testing.TB, s *crypto.Sealer, rows int, id uint32, writes int) {
	t.Helper()
	all, err := c.db.Query("SELECT id, name, mrn, writes FROM patient ORDER BY id")
	require.NoError(t, err)
	defer all.Close() //nolint:errcheck // Err has it
	seen, buf := 0, []byte(nil)
	for ; all.Next(); seen++ {
		var row, n int
		var name, mrn []byte
		require.NoError(t, all.Scan(&row, &name, &mrn, &n))
		if row != seen || n != writes || (mrn == nil) != (row%10 == 0) {
			t.Fatalf("row %d at place %d was written %d times, mrn %v", row, seen, n, mrn == nil)
		}
		for column, sealed := range map[string][]byte{"name": name, "mrn": mrn} {
			if sealed == nil {
				continue
			}
			buf, err = s.AppendOpen(t.Context(), buf[:0], sealed, cellRef(row, column))
			got, _ := crypto.KeyID(sealed)
			if err != nil || string(buf) != plaintext(row, column) || got != id {
				t.Fatalf("row %d: %q under key %d: %v", row, buf, got, err)
			}
		}
	}
	require.NoError(t, all.Err())
	require.Equal(t, rows, seen)
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRewrapTable(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		const rows = 230
		c := newClinic(t, at, rows)
		s := sealer(t, c.keys, 2)
		report, err := rekey.Rewrap(t.Context(), s, c.source, &rekey.Options{Batch: 25})
		require.NoError(t, err)
		require.True(t, report.Complete)
		require.EqualValues(t, rows, report.RowsChanged)
		require.EqualValues(t, 2*rows-rows/10, report.CellsChanged)
		c.requireAll(t, s, rows, 2, 1)

		verified, err := rekey.Verify(t.Context(), s, c.source, &rekey.Options{Batch: 25})
		require.NoError(t, err)
		require.True(t, verified.Complete)
		require.EqualValues(t, rows, verified.Rows)
		require.EqualValues(t, rows/10, verified.Null)
		require.NoError(t, verified.SafeToDestroy(1))
		// As it says: the key goes, once the subjects' keys are wrapped anew.
		for after := ""; ; {
			after, _, err = s.RewrapSubjects(t.Context(), tenant, after, 30)
			require.NoError(t, err)
			if after == "" {
				break
			}
		}
		c.requireAll(t, sealerOver(t, c.keys, 2, 2, 2), rows, 2, 1)
	})
}

// What is wrong with some rows is told apart, and every stale cell is on one
// page only.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestBadRows(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 50)
		run(t, c.db, "UPDATE patient SET name = (SELECT name FROM patient WHERE id = 1) WHERE id IN (2, 3)")
		run(t, c.db, "UPDATE patient SET name = $1, mrn = $2 WHERE id = 4", []byte("Thornquist"), []byte{})
		run(t, c.db, "UPDATE patient SET subject = NULL WHERE id = 5")
		run(t, c.db, "UPDATE patient SET name = $1 WHERE id = 6", []byte{0x53})
		run(t, c.db, "UPDATE patient SET name = NULL, mrn = NULL WHERE id = 7")
		s := sealer(t, c.keys, 2)
		for _, batch := range []int{1, 3, 500} {
			report, err := rekey.Rewrap(t.Context(), s, c.source, &rekey.Options{Batch: batch, Positions: 100})
			require.NoError(t, err)
			require.False(t, report.Complete)
			require.EqualValues(t, 4, report.Unopenable, "2 moved, 2 without a subject")
			require.EqualValues(t, 3, report.Misshapen)
			require.Len(t, report.Positions, 5)
		}
		verified, err := rekey.Verify(t.Context(), s, c.source, nil)
		require.NoError(t, err)
		require.EqualValues(t, 4, verified.Unopenable)
		require.EqualValues(t, 3, verified.Misshapen)
		require.EqualValues(t, 5+2, verified.Null)
		require.Error(t, verified.SafeToDestroy(1))
	})
}

// Replace compares: a row that changed, or is gone, is left alone, whole.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestReplaceCompares(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 4)
		page, err := c.source.All(t.Context(), "", 10)
		require.NoError(t, err)
		run(t, c.db, "UPDATE patient SET mrn = $1 WHERE id = 1", []byte("theirs"))
		run(t, c.db, "DELETE FROM patient WHERE id = 2")
		var changes []rekey.Change
		for _, row := range page.Rows {
			changes = append(changes, rekey.Change{Row: row, Sealed: [][]byte{[]byte("ours"), []byte("ours")}})
		}
		changes[0].Sealed[1] = nil // NULL stays
		changed, err := c.source.Replace(t.Context(), changes)
		require.NoError(t, err)
		require.Equal(t, []bool{true, false, false, true}, changed)
		var name, mrn []byte
		require.NoError(t, c.db.QueryRow("SELECT name, mrn FROM patient WHERE id = 1").Scan(&name, &mrn))
		require.Equal(t, "theirs", string(mrn))
		require.NotEqual(t, "ours", string(name), "not half")

		// A transaction that fails changes nothing.
		page, err = c.source.All(t.Context(), "", 10)
		require.NoError(t, err)
		last := page.Rows[len(page.Rows)-1]
		good := rekey.Change{Row: page.Rows[0], Sealed: [][]byte{[]byte("x"), nil}}
		bad := rekey.Change{Row: rekey.Row{Position: last.Position, Cells: last.Cells[:1]}, Sealed: [][]byte{nil}}
		_, err = c.source.Replace(t.Context(), []rekey.Change{good, bad})
		require.Error(t, err)
		var n int
		require.NoError(t, c.db.QueryRow("SELECT count(*) FROM patient WHERE name = $1", []byte("x")).Scan(&n))
		require.Zero(t, n)
	})
}

// A key of several columns, tenants in a column, keys of text and bytes.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestKeysAndTenants(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		binary := map[sealsql.Dialect]string{sealsql.Postgres: "BYTEA", sealsql.SQLite: "BLOB"}[at.dialect]
		id := map[sealsql.Dialect]string{sealsql.Postgres: "UUID", sealsql.SQLite: "TEXT"}[at.dialect]
		db := at.open(t)
		run(t, db, fmt.Sprintf("CREATE TABLE note (org TEXT, id %s, part %s, body %s, PRIMARY KEY (org, id, part))", id, binary, binary))
		table := sealsql.Table{Table: "note", Logical: "notes", Key: []string{"org", "id", "part"}, Row: []string{"id", "part"},
			Tenant: sealsql.Tenant{Column: "org"}, Subject: sealsql.Owner{None: true}, Columns: []sealsql.Column{{Column: "body", Logical: "text"}}}
		indexes, err := table.Indexes(at.dialect)
		require.NoError(t, err)
		run(t, db, indexes[0])
		old, s := sealer(t, subjects(t, at), 1), sealer(t, subjects(t, at), 2)
		refs := map[string]crypto.Ref{}
		for i := range 40 {
			uuid := fmt.Sprintf("00000000-0000-0000-0000-%012x", i/4)
			ref := crypto.Ref{Tenant: tenant, Table: "notes", Column: "text", Subject: crypto.NoSubject(),
				Row: sealsql.RowName(uuid, fmt.Sprintf("%02x", i%4))}
			sealed, err := old.AppendSeal(t.Context(), nil, []byte("note"), ref)
			require.NoError(t, err)
			refs[ref.Row] = ref
			for _, org := range []string{tenant, "other"} {
				run(t, db, "INSERT INTO note VALUES ($1, $2, $3, $4)", org, uuid, []byte{byte(i % 4)}, sealed)
			}
		}
		source, err := table.Source(db, at.dialect, tenant)
		require.NoError(t, err)
		report, err := rekey.Rewrap(t.Context(), s, source, &rekey.Options{Batch: 3})
		require.NoError(t, err)
		require.True(t, report.Complete)
		require.EqualValues(t, 40, report.RowsChanged)
		verified, err := rekey.Verify(t.Context(), s, source, &rekey.Options{Batch: 7})
		require.NoError(t, err)
		require.EqualValues(t, 40, verified.Opened)
		var n int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM note WHERE org = 'other' AND substr(body, 1, 5) = $1", []byte{1, 0, 0, 0, 1}).Scan(&n))
		require.Equal(t, 40, n, "another tenant's rows are as they were")

		_, err = table.Source(db, at.dialect, "")
		require.Error(t, err)
		_, err = patients.Source(db, at.dialect, "other")
		require.Error(t, err)
		for _, bad := range []string{"{", "[]", `[{"i":1}]`, `{"c":-1}`, `[{"i":1,"s":"x"},{"i":1},{"i":1}]`} {
			_, err := source.All(t.Context(), bad, 1)
			_, staleErr := source.Stale(t.Context(), 2, bad, 1)
			require.True(t, err != nil || staleErr != nil, bad)
		}
	})
}

// The planner uses the indexes, and a look for stale rows in a large fresh
// table reads next to nothing of it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestStaleRowsComeFromTheIndex(t *testing.T) {
	const rows = 100_000
	everywhere(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 0)
		prefix := binary.BigEndian.AppendUint32([]byte{0x53}, 2)
		if at.dialect == sealsql.Postgres {
			run(t, c.db, "INSERT INTO patient SELECT g, 'Patient/1', $1::bytea || decode(md5(g::text), 'hex') || decode(md5('x' || g), 'hex') FROM generate_series(1, $2::int) g", prefix, rows)
		} else {
			run(t, c.db, "INSERT INTO patient (id, subject, name) WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < ?2) SELECT n, 'Patient/1', CAST(?1 || randomblob(32) AS BLOB) FROM g", prefix, rows)
		}
		run(t, c.db, "ANALYZE")
		old := binary.BigEndian.AppendUint32([]byte{0x53}, 1)
		for i, q := range c.source.StaleStatements(old, int64(500)) {
			requireIndex(t, c, q, i)
		}
		s := sealer(t, c.keys, 2)
		report, err := rekey.Verify(t.Context(), s, c.source, &rekey.Options{StaleOnly: true})
		require.NoError(t, err)
		require.True(t, report.Complete)
		require.Zero(t, report.Rows)
		run(t, c.db, "UPDATE patient SET name = $1 WHERE id = 77777", append(bytes.Clone(old), make([]byte, 40)...))
		report, err = rekey.Verify(t.Context(), s, c.source, &rekey.Options{StaleOnly: true})
		require.NoError(t, err)
		require.EqualValues(t, 1, report.Unopenable)
		require.EqualValues(t, 1, report.Rows)
	})
}

// requireIndex fails unless the plan of q is a search in an index, and on
// PostgreSQL touches a few pages only.
func requireIndex(t *testing.T, c *clinic, q sealsql.Statement, i int) {
	t.Helper()
	explain := "EXPLAIN (ANALYZE, BUFFERS) "
	if c.at.dialect == sealsql.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows, err := c.db.Query(explain+q.Text, q.Args...)
	require.NoError(t, err)
	defer rows.Close() //nolint:errcheck // Err has it
	var plan strings.Builder
	for rows.Next() {
		into := []any{new(any), new(any), new(any), new(any)}
		if c.at.dialect == sealsql.Postgres {
			into = into[:1]
		}
		require.NoError(t, rows.Scan(into...))
		fmt.Fprintf(&plan, "%v\n", *into[len(into)-1].(*any))
	}
	require.NoError(t, rows.Err())
	if c.at.dialect == sealsql.SQLite {
		require.Regexp(t, `(SEARCH|SCAN) patient USING (COVERING )?INDEX patient_name_key_id`, plan.String())
		require.NotContains(t, plan.String(), "TEMP B-TREE")
		require.True(t, i == 0 || strings.Contains(plan.String(), "SEARCH"), plan.String())
		return
	}
	require.Contains(t, plan.String(), "patient_name_key_id")
	require.NotContains(t, plan.String(), "Seq Scan")
	for _, m := range regexp.MustCompile(`(?:hit|read)=(\d+)`).FindAllStringSubmatch(plan.String(), -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		require.Less(t, n, 100, plan.String())
	}
}
