package migrate_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

const rows = 230

// The life of a migration: every phase reads and writes what the run book says,
// NULL stays NULL, the empty string does not, and at the end the column is one
// that crypto.Sealed reads.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestLife(t *testing.T) {
	c := newClinic(t, rows)
	ctx := t.Context()
	for i, phase := range append(before, migrate.Dropped) {
		require.Equal(t, phase, c.phase(t))
		name, err := c.read(ctx, 3)
		require.NoError(t, err)
		require.Equal(t, map[bool]string{true: "plaintext of 3", false: fmt.Sprint("written ", i-1)}[i == 0], name)
		require.NoError(t, c.write(ctx, 3, fmt.Sprint("written ", i)))
		name, err = c.read(ctx, 7)
		require.NoError(t, err)
		require.Empty(t, name)
		_, err = c.read(ctx, 10)
		require.ErrorIs(t, err, crypto.ErrNull)
		if phase != migrate.Dropped {
			c.step(t)
		}
	}
	require.Zero(t, c.count(t, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'patient'::regclass"))
	require.Zero(t, c.count(t, "SELECT count(*) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"))
	found, err := c.db.QueryContext(ctx, "SELECT id, name_sealed FROM patient")
	require.NoError(t, err)
	defer found.Close() //nolint:errcheck // Err has it
	for found.Next() {
		var id int
		var name crypto.Sealed[string]
		require.NoError(t, found.Scan(&id, &name))
		require.Equal(t, id%10 == 0, name.IsNull())
		if id%10 == 0 || id == 3 {
			continue
		}
		got, err := name.Open(ctx, c.sealer, ref(id))
		require.NoError(t, err)
		require.Equal(t, map[bool]string{true: "", false: fmt.Sprint("plaintext of ", id)}[id%7 == 0], got)
	}
	require.NoError(t, found.Err())
}

// A roll back from every phase leaves the plaintext whole and current and no
// trace, and the migration can begin again.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRollBack(t *testing.T) {
	c := newClinic(t, rows)
	for i, phase := range before[1:] {
		c.forward(t, phase)
		want := fmt.Sprint("in phase ", phase)
		require.NoError(t, c.write(t.Context(), 100+i, want))
		require.NoError(t, c.m.RollBack(t.Context()))
		require.Equal(t, migrate.Planned, c.phase(t))
		require.Zero(t, c.count(t, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'patient'::regclass"))
		require.Zero(t, c.count(t, "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'name_sealed'"))
		var got string
		require.NoError(t, c.db.QueryRow("SELECT name FROM patient WHERE id = $1", 100+i).Scan(&got))
		require.Equal(t, want, got)
		got, err := c.read(t.Context(), 100+i)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	c.forward(t, migrate.Dropped)
	require.ErrorIs(t, c.m.RollBack(t.Context()), migrate.ErrPhase)
}

// Every step is refused in every phase but its own, and changes nothing.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestLegalSteps(t *testing.T) {
	c := newClinic(t, 20)
	ctx := t.Context()
	steps := map[string]func() error{
		"prepare": func() error { return c.m.Prepare(ctx) },
		"backfill": func() error {
			_, err := c.names.Backfill(ctx, nil)
			return err
		},
		"compare": func() error {
			_, err := c.names.Compare(ctx, nil)
			return err
		},
		"cut over": func() error { return c.m.CutOver(ctx) },
		"drop": func() error {
			_, err := c.m.Drop(ctx, nil)
			return err
		},
	}
	legal := map[migrate.Phase][]string{
		migrate.Planned: {"prepare"}, migrate.DualWrite: {"backfill"}, migrate.Backfilled: {"backfill", "compare"},
		migrate.Compared: {"compare", "cut over"}, migrate.CutOver: {"compare", "drop"}, migrate.Dropped: {},
	}
	for _, phase := range append(before, migrate.Dropped) {
		c.forward(t, phase)
		was, err := c.m.Status(ctx)
		require.NoError(t, err)
		for name, step := range steps {
			if !slices.Contains(legal[phase], name) {
				require.ErrorIs(t, step(), migrate.ErrPhase, "%s in %s", name, phase)
			}
		}
		is, err := c.m.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, was, is)
	}
	require.NoError(t, c.m.Plan(ctx), "planning twice does nothing")
	require.Equal(t, migrate.Dropped, c.phase(t))
}

// What a release that knows nothing of the migration writes, in every phase:
// it makes the sealed value NULL, which the cut-over finds, or it is refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestOldRelease(t *testing.T) {
	c := newClinic(t, rows)
	for i, phase := range before[1:] {
		c.forward(t, phase)
		for _, write := range []string{
			"UPDATE patient SET name = 'old release in %s' WHERE id = 3",
			"INSERT INTO patient (id, subject, name) VALUES (1000, 'Patient/0', 'old release in %s')",
			"INSERT INTO patient (id, subject, name) VALUES (5, 'Patient/5', 'upsert in %s') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name",
		} {
			write = strings.ReplaceAll(write, "%s", string(phase))
			_, err := c.db.ExecContext(t.Context(), write)
			if phase == migrate.Compared || phase == migrate.CutOver {
				requireCode(t, migrate.CodePlainAlone, err)
				continue
			}
			require.NoError(t, err)
		}
		if phase == migrate.DualWrite || phase == migrate.Backfilled {
			require.Zero(t, c.count(t, "SELECT count(*) FROM patient WHERE id IN (3, 5, 1000) AND name_sealed IS NOT NULL"))
			run(t, c.db, "DELETE FROM patient WHERE id = 1000")
			_, err := c.names.Backfill(t.Context(), nil)
			require.NoError(t, err)
		}
		// NULL goes to both.
		run(t, c.db, "UPDATE patient SET name = NULL WHERE id = $1", 21+i)
		require.Equal(t, 1, c.count(t, fmt.Sprintf("SELECT count(*) FROM patient WHERE id = %d AND name_sealed IS NULL", 21+i)))
		// What does not touch the column is nobody's business.
		run(t, c.db, "UPDATE patient SET writes = writes + 1, name = name")
	}
	requireSame(t, c)
}

// The sealed column is written by who has entered, and by nobody else.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSealedOnly(t *testing.T) {
	c := newClinic(t, rows)
	for _, phase := range before[1:] {
		c.forward(t, phase)
		for _, write := range []string{
			`UPDATE patient SET name_sealed = '\x01' WHERE id = 3`,
			`UPDATE patient SET name = 'x', name_sealed = '\x01' WHERE id = 3`,
			`INSERT INTO patient (id, name, name_sealed) VALUES (1000, 'x', '\x01')`,
		} {
			_, err := c.db.ExecContext(t.Context(), write)
			requireCode(t, migrate.CodeNotEntered, err)
		}
		// Nor does who has entered take it away, once nothing may be missing.
		err := c.tx(t.Context(), func(tx *sql.Tx) error {
			_, err := c.m.Enter(t.Context(), tx)
			require.NoError(t, err)
			_, err = tx.Exec("UPDATE patient SET name_sealed = NULL WHERE id = 8")
			return err
		})
		if phase == migrate.Compared || phase == migrate.CutOver {
			requireCode(t, migrate.CodePlainAlone, err)
		} else {
			require.NoError(t, err)
			require.NoError(t, c.write(t.Context(), 8, "x"))
		}
		// Entering is for one transaction: the connection has it no more.
		c.db.SetMaxOpenConns(1)
		require.NoError(t, c.write(t.Context(), 3, "x"))
		_, err = c.db.ExecContext(t.Context(), `UPDATE patient SET name_sealed = '\x01' WHERE id = 3`)
		requireCode(t, migrate.CodeNotEntered, err)
		c.db.SetMaxOpenConns(4)
	}
	requireSame(t, c)
}

// What other triggers do to the plaintext is seen, since the guard is the last,
// and NULL in one is NULL in both.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOtherTriggers(t *testing.T) {
	c := newClinic(t, rows)
	run(t, c.db, "CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END'")
	run(t, c.db, "CREATE TRIGGER zz BEFORE UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION louder()")
	c.forward(t, migrate.DualWrite)
	_, err := c.names.Backfill(t.Context(), nil)
	require.NoError(t, err)
	// The trigger made each row other than what was sealed for it.
	report, err := c.names.Compare(t.Context(), nil)
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.Positive(t, report.Differing)
	require.Equal(t, migrate.Backfilled, c.phase(t))

	run(t, c.db, "DROP TRIGGER zz ON patient")
	require.NoError(t, c.m.RollBack(t.Context()))
	c.forward(t, migrate.Backfilled)
	run(t, c.db, "CREATE FUNCTION quieter() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := lower(NEW.name); RETURN NEW; END'")
	run(t, c.db, "CREATE TRIGGER zz BEFORE UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION quieter()")
	run(t, c.db, "UPDATE patient SET writes = 1")
	missing, err := c.m.Missing(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, c.count(t, "SELECT count(*) FROM patient WHERE name <> ''"), missing)
	require.NoError(t, c.tx(t.Context(), func(tx *sql.Tx) error {
		_, err := c.m.Enter(t.Context(), tx)
		require.NoError(t, err)
		_, err = tx.Exec(`UPDATE patient SET name = NULL, name_sealed = '\x02' WHERE id = 3`)
		return err
	}))
	require.Equal(t, 1, c.count(t, "SELECT count(*) FROM patient WHERE id = 3 AND name_sealed IS NULL"))
}

func requireCode(t *testing.T, code string, err error) {
	t.Helper()
	var state interface{ SQLState() string }
	require.True(t, errors.As(err, &state), "%v", err)
	require.Equal(t, code, state.SQLState(), "%v", err)
}

// requireSame checks, without the package, that both columns hold the same.
func requireSame(t testing.TB, c *clinic) {
	t.Helper()
	found, err := c.db.QueryContext(t.Context(), "SELECT id, name, name_sealed FROM patient")
	require.NoError(t, err)
	defer found.Close() //nolint:errcheck // Err has it
	for found.Next() {
		var id int
		var name *string
		var sealed crypto.Sealed[string]
		require.NoError(t, found.Scan(&id, &name, &sealed))
		if name == nil {
			require.True(t, sealed.IsNull(), "row %d", id)
			continue
		}
		got, err := sealed.Open(t.Context(), c.sealer, ref(id))
		require.NoError(t, err, "row %d", id)
		require.Equal(t, *name, got)
	}
	require.NoError(t, found.Err())
}

// A row that differs, is not sealed, is sealed elsewhere, or belongs to nobody
// is found by Compare, and nothing goes on.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCompareFinds(t *testing.T) {
	for name, attack := range map[string]struct {
		statement string
		count     func(migrate.Report) uint64
	}{
		"differing": {"UPDATE patient SET name = 'x' WHERE id = 3", func(r migrate.Report) uint64 { return r.Differing }},
		"missing":   {"UPDATE patient SET name_sealed = NULL WHERE id = 3", func(r migrate.Report) uint64 { return r.Missing }},
		"elsewhere": {"UPDATE patient SET name_sealed = (SELECT name_sealed FROM patient WHERE id = 53) WHERE id = 3", func(r migrate.Report) uint64 { return r.Unopenable }},
		"nonsense":  {`UPDATE patient SET name_sealed = '\x00' WHERE id = 3`, func(r migrate.Report) uint64 { return r.Unopenable }},
		"nobody":    {"UPDATE patient SET subject = NULL WHERE id = 3", func(r migrate.Report) uint64 { return r.Misplaced }},
		"sealed":    {"UPDATE patient SET name = NULL WHERE id = 3", func(r migrate.Report) uint64 { return r.Differing }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, rows)
			c.forward(t, migrate.CutOver)
			// Somebody goes round the guard.
			require.NoError(t, c.tx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.Exec("SET LOCAL session_replication_role = replica")
				if err == nil {
					_, err = tx.Exec(attack.statement)
				}
				return err
			}))
			report, err := c.names.Compare(t.Context(), nil)
			require.NoError(t, err)
			require.False(t, report.Complete)
			require.EqualValues(t, 1, attack.count(report), report.String())
			_, err = c.m.Drop(t.Context(), nil)
			require.ErrorIs(t, err, migrate.ErrNotClean)
			require.Equal(t, migrate.CutOver, c.phase(t))
		})
	}
}

// A write of the old release while a Compare runs is found by the cut-over.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestWriteBehindCompare(t *testing.T) {
	c := newClinic(t, rows)
	c.forward(t, migrate.Backfilled)
	done := false
	report, err := c.names.Compare(t.Context(), &migrate.RunOptions{Batch: 50, Progress: func(migrate.Report) {
		if !done {
			run(t, c.db, "UPDATE patient SET name = 'behind' WHERE id = 3")
			done = true
		}
	}})
	require.NoError(t, err)
	require.True(t, report.Complete, "it had passed the row")
	require.Equal(t, migrate.Compared, c.phase(t))
	require.ErrorIs(t, c.m.CutOver(t.Context()), migrate.ErrNotClean)
	require.Equal(t, migrate.Backfilled, c.phase(t))
	run(t, c.db, "UPDATE patient SET name = 'again' WHERE id = 4")
	_, err = c.names.Backfill(t.Context(), nil)
	require.NoError(t, err)
	c.forward(t, migrate.CutOver)
	name, err := c.read(t.Context(), 3)
	require.NoError(t, err)
	require.Equal(t, "behind", name)
}

// A Compare of before the cut-over does not do for the drop.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestDropNeedsCompare(t *testing.T) {
	c := newClinic(t, 20)
	c.forward(t, migrate.Compared)
	_, err := c.names.Compare(t.Context(), nil)
	require.NoError(t, err)
	c.forward(t, migrate.CutOver)
	_, err = c.m.Drop(t.Context(), nil)
	require.ErrorIs(t, err, migrate.ErrNotClean)
	_, err = c.names.Compare(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.m.Drop(t.Context(), nil)
	require.NoError(t, err)
}

// A cancelled step leaves the phase.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestCancelled(t *testing.T) {
	c := newClinic(t, 20)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.m.Prepare(ctx), context.Canceled)
	require.Equal(t, migrate.Planned, c.phase(t))
}
