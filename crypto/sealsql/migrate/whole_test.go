package migrate_test

import (
	"context"
	"database/sql"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// No step goes on where row level security hides rows: the column would be
// dropped with none of them sealed. Each phase is tried, with the security
// switched on in it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowSecurity(t *testing.T) {
	admin := newClinic(t, 20)
	c := admin.asOwner(t)
	run(t, admin.db, "CREATE POLICY p ON patient USING (subject = current_setting('app.subject', true))")
	steps := map[string]func(ctx context.Context) error{
		"plan":      c.m.Plan,
		"prepare":   c.m.Prepare,
		"cut over":  c.m.CutOver,
		"roll back": c.m.RollBack,
		"missing":   func(ctx context.Context) error { _, err := c.m.Missing(ctx); return err },
		"backfill":  func(ctx context.Context) error { _, err := c.names.Backfill(ctx, nil); return err },
		"compare":   func(ctx context.Context) error { _, err := c.names.Compare(ctx, nil); return err },
		"drop":      func(ctx context.Context) error { _, err := c.m.Drop(ctx, nil); return err },
	}
	allowed := map[migrate.Phase][]string{
		migrate.Planned: {"plan", "prepare"}, migrate.DualWrite: {"missing", "roll back", "backfill"}, migrate.Backfilled: {"missing", "roll back", "backfill", "compare"},
		migrate.Compared: {"missing", "roll back", "compare", "cut over"}, migrate.CutOver: {"missing", "roll back", "compare", "drop"},
	}
	for _, phase := range before {
		c.forward(t, phase)
		if phase == migrate.CutOver {
			_, err := c.names.Compare(t.Context(), nil)
			require.NoError(t, err, "a clean one, before")
		}
		run(t, admin.db, "ALTER TABLE patient ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
		for _, name := range allowed[phase] {
			err := steps[name](t.Context())
			require.ErrorIs(t, err, migrate.ErrHidden, "%s in %s", name, phase)
			require.ErrorContains(t, err, "BYPASSRLS")
			require.Equal(t, phase, c.phase(t))
		}
		run(t, admin.db, "ALTER TABLE patient DISABLE ROW LEVEL SECURITY")
	}
	requireSame(t, admin)

	// Switched on while a run is under way.
	require.NoError(t, c.m.RollBack(t.Context()))
	require.NoError(t, c.m.Prepare(t.Context()))
	_, err := c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 5, Progress: func(migrate.Report) {
		run(t, admin.db, "ALTER TABLE patient ENABLE ROW LEVEL SECURITY")
	}})
	require.ErrorIs(t, err, migrate.ErrHidden)
	require.Equal(t, migrate.DualWrite, c.phase(t))
}

// asOwner returns the clinic as a role that owns its tables and is no superuser.
func (c *clinic) asOwner(t *testing.T) *clinic {
	t.Helper()
	role := "migrate_" + c.schemaName(t)
	run(t, c.db, "CREATE ROLE "+role+" LOGIN PASSWORD 'of a test'")
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY ", "DROP ROLE "} {
			_, err := c.db.Exec(statement + role)
			require.NoError(t, err)
		}
	})
	run(t, c.db, "GRANT ALL ON SCHEMA "+c.schemaName(t)+" TO "+role)
	run(t, c.db, "GRANT ALL ON ALL TABLES IN SCHEMA "+c.schemaName(t)+" TO "+role)
	run(t, c.db, "ALTER TABLE patient OWNER TO "+role)
	u, err := url.Parse(c.address)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "of a test")
	return openClinic(t, u.String())
}

// A sealed value goes when its row gets another subject, and when it gets
// another key, and is sealed again; where nothing may be missing, that is
// refused. A row that is sealed for its new place may move in every phase.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowMoves(t *testing.T) {
	moves := []string{
		"UPDATE patient SET subject = 'Patient/4' WHERE id = 54 - 1",
		"UPDATE patient SET id = 254, subject = 'Patient/4' WHERE id = 55",
		"UPDATE patient SET id = 304 WHERE id = 104",
	}
	for _, phase := range before[1:] {
		t.Run(string(phase), func(t *testing.T) {
			c := newClinic(t, rows)
			c.forward(t, phase)
			if phase == migrate.DualWrite {
				require.NoError(t, c.write(t.Context(), 53, "Ada"))
				require.NoError(t, c.write(t.Context(), 104, "Ada"))
			}
			require.NoError(t, c.moveSealed(t.Context(), 3, 303))
			name, err := c.read(t.Context(), 303)
			require.NoError(t, err)
			require.Equal(t, "moved", name)
			for _, move := range moves {
				_, err := c.db.ExecContext(t.Context(), move)
				if phase == migrate.Compared || phase == migrate.CutOver {
					requireCode(t, migrate.CodePlainAlone, err)
					continue
				}
				require.NoError(t, err)
			}
			if phase == migrate.Compared || phase == migrate.CutOver {
				requireSame(t, c)
				return
			}
			require.Zero(t, c.count(t, "SELECT count(*) FROM patient WHERE id IN (53, 254, 304) AND name_sealed IS NOT NULL"))
			run(t, c.db, "UPDATE patient SET subject = 'Patient/3' WHERE id = 53") // as ref has it
			report, err := c.names.Backfill(t.Context(), nil)
			require.NoError(t, err)
			require.True(t, report.Complete)
			report, err = c.names.Compare(t.Context(), nil)
			require.NoError(t, err)
			require.True(t, report.Complete, report.String())
			require.NoError(t, c.m.CutOver(t.Context()))
			requireSame(t, c)
		})
	}
}

// moveSealed gives a row another key, sealed for it.
func (c *clinic) moveSealed(ctx context.Context, from, to int) error {
	v, err := c.names.Seal(ctx, ref(to), "moved")
	if err != nil {
		return err
	}
	return c.tx(ctx, func(tx *sql.Tx) error {
		gate, err := c.m.Enter(ctx, tx)
		if err != nil {
			return err
		}
		cells, err := v.Cells(gate)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE patient SET id = $2, subject = $3, "+cells.Set(4)+" WHERE id = $1",
			cells.Args(from, to, "Patient/"+strconv.Itoa(to%50))...)
		return err
	})
}

// What is wrong before a Compare has closed the column is mended by it and a
// Backfill, since the plaintext counts.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCompareResets(t *testing.T) {
	c := newClinic(t, rows)
	c.forward(t, migrate.Backfilled)
	require.NoError(t, c.tx(t.Context(), func(tx *sql.Tx) error { // round the guard
		for _, statement := range []string{
			"SET LOCAL session_replication_role = replica",
			"UPDATE patient SET name = 'x' WHERE id = 3",
			`UPDATE patient SET name_sealed = '\x00' WHERE id = 4`,
			"UPDATE patient SET subject = 'Patient/9' WHERE id = 59",
			"UPDATE patient SET name = NULL WHERE id = 8",
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, batch := range []int{1, 500} {
		report, err := c.names.Compare(t.Context(), &migrate.RunOptions{Batch: batch})
		require.NoError(t, err)
		require.False(t, report.Complete)
		require.EqualValues(t, map[int]int{1: 3, 500: 0}[batch], report.Reset, report.String())
		require.EqualValues(t, report.Reset, report.Differing+report.Unopenable)
	}
	require.Equal(t, migrate.Backfilled, c.phase(t))
	c.forward(t, migrate.Backfilled)
	_, err := c.names.Backfill(t.Context(), nil)
	require.NoError(t, err)
	c.forward(t, migrate.CutOver)
	requireSame(t, c)
}

// What is done to rows behind an interrupted Compare is found by the one that
// the drop relies on.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestBehindCheckpoint(t *testing.T) {
	c := newClinic(t, rows)
	for _, phase := range []migrate.Phase{migrate.Compared, migrate.CutOver} {
		c.forward(t, phase)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := c.names.Compare(ctx, &migrate.RunOptions{Batch: 50, Progress: func(migrate.Report) { cancel() }})
		require.ErrorIs(t, err, context.Canceled)
		if phase == migrate.CutOver {
			require.NoError(t, c.tx(t.Context(), func(tx *sql.Tx) error { // round the guard
				_, err := tx.Exec("SET LOCAL session_replication_role = replica")
				if err == nil {
					_, err = tx.Exec("UPDATE patient SET subject = 'Patient/4' WHERE id = 3")
				}
				return err
			}))
		}
		report, err := c.names.Compare(t.Context(), &migrate.RunOptions{Batch: 50})
		require.NoError(t, err)
		require.Zero(t, report.Resumed)
		require.Equal(t, phase == migrate.Compared, report.Complete)
	}
	_, err := c.m.Drop(t.Context(), nil)
	require.ErrorIs(t, err, migrate.ErrNotClean)
}

// A key that is of several rows, or that is NULL, is refused, and so is a place
// that the database computes after the guard.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKeyIsOne(t *testing.T) {
	for name, c := range map[string]struct {
		create []string
		ok     bool
	}{
		"none":       {[]string{"CREATE TABLE patient (id BIGINT NOT NULL, subject TEXT, name TEXT)"}, false},
		"nulls":      {[]string{"CREATE TABLE patient (id BIGINT UNIQUE, subject TEXT, name TEXT)"}, false},
		"some rows":  {[]string{"CREATE TABLE patient (id BIGINT NOT NULL, subject TEXT, name TEXT)", "CREATE UNIQUE INDEX ON patient (id) WHERE id > 7"}, false},
		"expression": {[]string{"CREATE TABLE patient (id BIGINT NOT NULL, subject TEXT, name TEXT)", "CREATE UNIQUE INDEX ON patient (abs(id))"}, false},
		"more":       {[]string{"CREATE TABLE patient (id BIGINT NOT NULL, subject TEXT, name TEXT, UNIQUE (id, subject))"}, false},
		"generated":  {[]string{"CREATE TABLE patient (id BIGINT PRIMARY KEY, name TEXT, subject TEXT GENERATED ALWAYS AS ('Patient/' || id::text) STORED)"}, false},
		"unique":     {[]string{"CREATE TABLE patient (id BIGINT NOT NULL UNIQUE, subject TEXT, name TEXT)"}, true},
		"included":   {[]string{"CREATE TABLE patient (id BIGINT, subject TEXT, name TEXT, PRIMARY KEY (id) INCLUDE (subject))"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := schema(t)
			db := open(t, address)
			for _, statement := range c.create {
				_, err := db.Exec(statement)
				if name == "generated" && err != nil {
					t.Skip("the cast is not immutable here")
				}
				require.NoError(t, err)
			}
			err := openClinic(t, address).m.Plan(t.Context())
			if c.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, migrate.ErrUse)
			}
		})
	}
	// An index that is gone later stops the next run.
	c := newClinic(t, 20)
	c.forward(t, migrate.Backfilled)
	run(t, c.db, "ALTER TABLE patient DROP CONSTRAINT patient_pkey")
	_, err := c.names.Compare(t.Context(), nil)
	require.ErrorIs(t, err, migrate.ErrUse)
}

// A text that a varchar(n) would cut is refused before it is in one column and
// not in the other.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestVarchar(t *testing.T) {
	address := schema(t)
	run(t, open(t, address), "CREATE TABLE patient (id BIGINT PRIMARY KEY, subject TEXT, name VARCHAR(3))")
	c := openClinic(t, address)
	require.NoError(t, subjects(t, c.db).CreateTable(t.Context()))
	run(t, c.db, "INSERT INTO patient SELECT i, 'Patient/' || i, 'abc' FROM generate_series(0, 9) AS i")
	require.NoError(t, c.m.Plan(t.Context()))
	for _, phase := range before {
		c.forward(t, phase)
		require.ErrorIs(t, c.write(t.Context(), 3, "ab      "), migrate.ErrValue)
		for _, name := range []string{"äöü", "ab "} {
			require.NoError(t, c.write(t.Context(), 3, name))
			got, err := c.read(t.Context(), 3)
			require.NoError(t, err)
			require.Equal(t, name, got)
		}
		_, _ = c.names.Backfill(t.Context(), nil)
	}
	require.NoError(t, c.m.RollBack(t.Context()))
	run(t, c.db, "ALTER TABLE patient ALTER COLUMN name TYPE VARCHAR(8)")
	require.NoError(t, c.write(t.Context(), 3, "ab      "), "the column is longer now")
	c.forward(t, migrate.CutOver)
	requireSame(t, c)
	c.forward(t, migrate.Dropped)
	require.NoError(t, c.write(t.Context(), 3, "longer than the column was"))
}

// A batch ends before it holds much, however many rows were asked for.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBatchOfLongTexts(t *testing.T) {
	c := newClinic(t, 0)
	run(t, c.db, "INSERT INTO patient SELECT i, 'Patient/' || i % 50, repeat(chr(65 + i % 20), 1 << 20) FROM generate_series(0, 19) AS i")
	require.NoError(t, c.m.Prepare(t.Context()))
	for _, f := range []func(context.Context, *migrate.RunOptions) (migrate.Report, error){c.names.Backfill, c.names.Compare} {
		was, most := uint64(0), uint64(0)
		report, err := f(t.Context(), &migrate.RunOptions{Progress: func(r migrate.Report) {
			most, was = max(most, r.Rows-was), r.Rows
		}})
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.EqualValues(t, 20, report.Rows)
		require.LessOrEqual(t, most, uint64(16))
	}
	requireSame(t, c)
}

// A generated column is plaintext too: it is listed, and hinders the drop.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestGeneratedCopy(t *testing.T) {
	c := newClinic(t, 20)
	run(t, c.db, "ALTER TABLE patient ALTER COLUMN name SET DEFAULT 'nobody'") // its own, which goes with it
	require.Equal(t, migrate.Empty, finding(t, mustRemain(t, c), "indexes, constraints and views"))
	run(t, c.db, "ALTER TABLE patient ADD COLUMN lower_name text GENERATED ALWAYS AS (lower(name)) STORED")
	r := mustRemain(t, c)
	require.Equal(t, migrate.Holds, finding(t, r, "indexes, constraints and views"))
	require.Contains(t, r.String(), "lower_name")
	c.forward(t, migrate.CutOver)
	_, err := c.names.Compare(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.m.Drop(t.Context(), nil)
	require.ErrorIs(t, err, migrate.ErrDependents)
	require.Equal(t, migrate.CutOver, c.phase(t))
	run(t, c.db, "ALTER TABLE patient DROP COLUMN lower_name")
	_, err = c.m.Drop(t.Context(), nil)
	require.NoError(t, err)
}

// A new file of the table may be a copy of the old one: that plaintext is gone
// is said only where the migration itself rewrote the rows.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRewriteIsWrittenDown(t *testing.T) {
	c := newClinic(t, rows)
	require.ErrorIs(t, c.m.Rewrite(t.Context()), migrate.ErrPhase)
	c.forward(t, migrate.Dropped)
	require.Equal(t, migrate.Holds, finding(t, mustRemain(t, c), "rows"))
	// As after a SET TABLESPACE, which copies the file: the one that is there is
	// another than that of the drop. It is none of a drop by hand either.
	for _, filenode := range []int{1, 0} {
		run(t, c.db, "UPDATE safeguard_migrations SET filenode = $1", filenode)
		r := mustRemain(t, c)
		require.Equal(t, migrate.MayHold, finding(t, r, "rows"), r.String())
		require.Equal(t, migrate.MayHold, finding(t, r, "dead rows and free space"))
		require.NotContains(t, r.String(), "was rewritten")
	}
	// Who is not the owner is only warned by the database.
	require.ErrorIs(t, c.asStranger(t).m.Rewrite(t.Context()), migrate.ErrUse)
	require.Equal(t, migrate.MayHold, finding(t, mustRemain(t, c), "rows"))
	require.NoError(t, c.m.Rewrite(t.Context()))
	require.NoError(t, c.m.Rewrite(t.Context()))
	r := mustRemain(t, c)
	require.Equal(t, migrate.Empty, finding(t, r, "rows"))
	require.True(t, strings.Contains(r.String(), "was rewritten after the drop, at "))
}

// asStranger returns the clinic as a role that owns nothing of it.
func (c *clinic) asStranger(t *testing.T) *clinic {
	t.Helper()
	o := c.asOwner(t)
	run(t, c.db, "ALTER TABLE patient OWNER TO CURRENT_USER")
	run(t, c.db, "GRANT ALL ON ALL TABLES IN SCHEMA "+c.schemaName(t)+" TO migrate_"+c.schemaName(t))
	return o
}
