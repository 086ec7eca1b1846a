package migrate_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// Each phase reads and writes the columns that it says.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestColumnsOfPhases(t *testing.T) {
	const plain, sealed = `"name"`, `"name_sealed"`
	c := newClinic(t, 20)
	for _, want := range []struct {
		phase        migrate.Phase
		read, writes string
	}{
		{migrate.Planned, plain + "::text", plain},
		{migrate.DualWrite, plain + "::text", plain + ", " + sealed},
		{migrate.Backfilled, plain + "::text", plain + ", " + sealed},
		{migrate.Compared, plain + "::text", plain + ", " + sealed},
		{migrate.CutOver, sealed, plain + ", " + sealed},
		{migrate.Dropped, sealed, sealed},
	} {
		c.forward(t, want.phase)
		require.NoError(t, c.tx(t.Context(), func(tx *sql.Tx) error {
			gate, err := c.m.Enter(t.Context(), tx)
			require.NoError(t, err)
			cell, err := c.names.Cell(gate)
			require.NoError(t, err)
			require.Equal(t, want.read, cell.Select(), want.phase)
			cells, err := c.names.Null().Cells(gate)
			require.Equal(t, want.writes, cells.Columns(), want.phase)
			return err
		}))
	}
}

// A step waits for the transactions that act on the old phase, holds up nobody
// else while it does, and those that enter after it see the new one.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBarrier(t *testing.T) {
	for name, writer := range map[string]func(t *testing.T, c *clinic, tx *sql.Tx, name string) func() error{
		"entered": func(t *testing.T, c *clinic, tx *sql.Tx, name string) func() error {
			v, err := c.names.Seal(t.Context(), ref(3), name)
			require.NoError(t, err)
			gate, err := c.m.Enter(t.Context(), tx)
			require.NoError(t, err)
			cells, err := v.Cells(gate)
			require.NoError(t, err)
			return func() error {
				_, err := tx.Exec("UPDATE patient SET "+cells.Set(2)+" WHERE id = $1", cells.Args(3)...)
				return err
			}
		},
		"old release": func(t *testing.T, c *clinic, tx *sql.Tx, name string) func() error {
			_, err := tx.Exec("UPDATE patient SET name = $1 WHERE id = 3", name)
			require.NoError(t, err)
			return func() error { return nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, rows)
			for _, phase := range []migrate.Phase{migrate.Planned, migrate.Backfilled} {
				c.forward(t, phase)
				tx, err := c.db.Begin()
				require.NoError(t, err)
				finish := writer(t, c, tx, fmt.Sprint("slow in ", phase))
				took := make(chan error, 1)
				go func() { took <- step(t.Context(), c, phase) }()
				for i := range 30 {
					require.NoError(t, c.write(t.Context(), 8, fmt.Sprint("quick ", i)), "it holds up nobody for long")
				}
				require.Empty(t, took)
				require.Equal(t, phase, c.phase(t))
				require.NoError(t, finish())
				require.NoError(t, tx.Commit())
				require.NoError(t, <-took)
				if name == "old release" && phase == migrate.Backfilled && c.phase(t) == phase {
					missing, err := c.m.Missing(t.Context())
					require.NoError(t, err)
					require.Positive(t, missing, "it closes nothing only because it found the write itself")
					break
				}
				require.NotEqual(t, phase, c.phase(t))
			}
			// What the slow ones wrote is there, or is found.
			if name == "old release" && c.phase(t) != migrate.Backfilled {
				require.ErrorIs(t, c.m.CutOver(t.Context()), migrate.ErrNotClean)
			}
			_, _ = c.names.Backfill(t.Context(), nil)
			c.forward(t, migrate.CutOver)
			got, err := c.read(t.Context(), 3)
			require.NoError(t, err)
			require.Equal(t, "slow in backfilled", got)
			requireSame(t, c)
		})
	}
}

// step takes the step out of a phase that waits for writers.
func step(ctx context.Context, c *clinic, phase migrate.Phase) error {
	if phase == migrate.Planned {
		return c.m.Prepare(ctx)
	}
	_, err := c.names.Compare(ctx, nil)
	return err
}

// A step that waits for a transaction that does not end, ends with its context.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBarrierGivesUp(t *testing.T) {
	c := newClinic(t, 20)
	tx, err := c.db.Begin()
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // is at its end
	_, err = c.m.EnterRead(t.Context(), tx)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	require.Error(t, c.m.Prepare(ctx))
	require.Equal(t, migrate.Planned, c.phase(t))
}

// A transaction whose snapshot is older than the phase is refused, and one that
// enters first is not.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOldSnapshot(t *testing.T) {
	for _, level := range []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable} {
		t.Run(level.String(), func(t *testing.T) {
			c := newClinic(t, 20)
			tx, err := c.db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
			require.NoError(t, err)
			defer tx.Rollback() //nolint:errcheck // where it was not committed
			require.NoError(t, tx.QueryRow("SELECT count(*) FROM safeguard_migrations").Scan(new(int)))
			require.NoError(t, c.m.Prepare(t.Context()))
			gate, err := c.m.Enter(t.Context(), tx)
			if level == sql.LevelReadCommitted {
				require.NoError(t, err)
				require.Equal(t, migrate.DualWrite, gate.Phase())
				return
			}
			requireCode(t, "40001", err)
			require.NoError(t, tx.Rollback())

			first, err := c.db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
			require.NoError(t, err)
			gate, err = c.m.Enter(t.Context(), first)
			require.NoError(t, err)
			require.Equal(t, migrate.DualWrite, gate.Phase())
			require.NoError(t, first.Commit())
		})
	}
}

// A Backfill does not refuse the transactions that it runs beside.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOldSnapshotBesideBackfill(t *testing.T) {
	c := newClinic(t, rows)
	require.NoError(t, c.m.Prepare(t.Context()))
	tx, err := c.db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
	require.NoError(t, err)
	require.NoError(t, tx.QueryRow("SELECT count(*) FROM safeguard_migrations").Scan(new(int)))
	_, err = c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 50, Progress: func(r migrate.Report) {
		if r.Rows != 100 {
			return
		}
		_, err := c.m.Enter(t.Context(), tx)
		require.NoError(t, err)
		require.NoError(t, tx.Commit())
	}})
	require.NoError(t, err)
}

// Reading needs no transaction that may write.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestReadOnly(t *testing.T) {
	c := newClinic(t, 20)
	for _, phase := range append(before, migrate.Dropped) {
		c.forward(t, phase)
		tx, err := c.db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		require.NoError(t, err)
		gate, err := c.m.EnterRead(t.Context(), tx)
		require.NoError(t, err)
		cell, err := c.names.Cell(gate)
		require.NoError(t, err)
		require.NoError(t, tx.QueryRow("SELECT "+cell.Select()+" FROM patient WHERE id = 3").Scan(cell))
		require.NoError(t, tx.Commit())
		got, err := cell.Open(t.Context(), ref(3))
		require.NoError(t, err)
		require.Equal(t, "plaintext of 3", got)
		_, err = c.names.Null().Cells(gate)
		require.ErrorIs(t, err, migrate.ErrUse, "it was for reading")
	}
}

// A Cell that is scanned into again holds nothing of the row before.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCellAgain(t *testing.T) {
	c := newClinic(t, 20)
	for _, phase := range []migrate.Phase{migrate.Planned, migrate.CutOver} {
		c.forward(t, phase)
		require.NoError(t, c.tx(t.Context(), func(tx *sql.Tx) error {
			gate, err := c.m.EnterRead(t.Context(), tx)
			require.NoError(t, err)
			cell, err := c.names.Cell(gate)
			require.NoError(t, err)
			for id, null := range map[int]bool{3: false, 10: true, 4: false} {
				require.NoError(t, tx.QueryRow("SELECT "+cell.Select()+" FROM patient WHERE id = $1", id).Scan(cell))
				require.Equal(t, null, cell.IsNull())
				require.NoError(t, cell.Scan(nil))
				require.True(t, cell.IsNull())
				_, err = cell.Open(t.Context(), ref(id))
				require.ErrorIs(t, err, crypto.ErrNull)
			}
			return nil
		}))
	}
}

// Gates, values and places of something else are refused.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestWrongUse(t *testing.T) {
	c, other := newClinic(t, 20), newClinic(t, 20)
	tx, err := other.db.Begin()
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // is at its end
	gate, err := other.m.Enter(t.Context(), tx)
	require.NoError(t, err)
	v, err := c.names.Seal(t.Context(), ref(3), "x")
	require.NoError(t, err)
	_, err = v.Cells(gate)
	require.ErrorIs(t, err, migrate.ErrUse)
	_, err = v.Cells(migrate.Gate{})
	require.ErrorIs(t, err, migrate.ErrUse)
	_, err = migrate.Value[string]{}.Cells(gate)
	require.ErrorIs(t, err, migrate.ErrUse)
	_, err = c.names.Cell(gate)
	require.ErrorIs(t, err, migrate.ErrUse)
	place := ref(3)
	place.Column = "name_sealed"
	_, err = c.names.Seal(t.Context(), place, "x")
	require.ErrorIs(t, err, migrate.ErrUse)
}
