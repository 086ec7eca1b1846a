package migrate

import (
	"context"
	"database/sql"
	"errors"
)

// Prepare takes the migration from planned to dualwrite: it adds the sealed
// column and the guard, which lets nobody make the two differ unnoticed. From
// its commit on every transaction that enters writes both. It waits for the
// transactions that use the table, a LockTimeout at a time.
//
// The guard is triggers: ALTER TABLE … DISABLE TRIGGER, and a
// session_replication_role of replica, go round it. A Compare finds what they
// did before the cut-over, and before the drop.
func (m *Migration) Prepare(ctx context.Context) error {
	f, err := m.facts(ctx)
	if err != nil {
		return failed("prepare", err)
	}
	return m.take(ctx, step{op: "prepare", from: []Phase{Planned}, lock: noReaders,
		do: func(ctx context.Context, tx *sql.Tx, _ state) (Phase, error) {
			if f.plain == "" {
				return "", refuse(ErrUse, "the table has no such plaintext column")
			}
			_, err := tx.ExecContext(ctx, "UPDATE "+m.states+" SET plain_type = $2, clean_version = 0 WHERE id = $1", m.spec.ID, f.plain)
			if err != nil {
				return "", err
			}
			if err := m.run(ctx, tx, "ALTER TABLE {table} ADD COLUMN {sealed} BYTEA"); err != nil {
				return "", err
			}
			return DualWrite, m.run(ctx, tx, guardSQL[:]...)
		}})
}

// CutOver takes the migration from compared to cutover: from its commit on,
// whoever enters reads the sealed column. Both go on being written, so that a
// roll back loses nothing.
//
// It is refused with [ErrNotClean], and the phase goes back to backfilled, if a
// row is not sealed: somebody wrote the plaintext alone while the Compare ran.
// Since the Compare nobody can.
func (m *Migration) CutOver(ctx context.Context) error {
	is, err := m.Status(ctx)
	if err != nil {
		return failed("cut over", err)
	}
	if is.Phase != Compared { // in some the sealed column is not there to be counted
		return failed("cut over", refuse(ErrPhase, "the phase is %s", is.Phase))
	}
	missing, err := m.Missing(ctx)
	if err != nil {
		return failed("cut over", err)
	}
	if missing == 0 {
		return m.take(ctx, step{op: "cut over", from: []Phase{Compared}, version: is.Version,
			do: func(context.Context, *sql.Tx, state) (Phase, error) { return CutOver, nil }})
	}
	if err := m.reopen(ctx, "cut over", is.Version); err != nil {
		return err
	}
	return failed("cut over", refuse(ErrNotClean, "%d values are not sealed", missing))
}

// Missing counts the rows whose plaintext is not sealed. It reads the table.
func (m *Migration) Missing(ctx context.Context) (int64, error) {
	var n int64
	var s state
	err := m.db.QueryRowContext(ctx, m.fill("SELECT (SELECT count(*) FROM {table} WHERE {plain} IS NOT NULL AND {sealed} IS NULL),"+
		" row_security_active(to_regclass($1))"), m.table).Scan(&n, &s.filtered)
	if err == nil {
		err = s.whole()
	}
	return n, failed("missing", err)
}

// close takes the migration from backfilled to compared: no plaintext is
// written alone any more.
func (m *Migration) close(ctx context.Context, version int64) error {
	return m.take(ctx, step{op: "compare", from: []Phase{Backfilled}, version: version, lock: noWriters,
		do: func(ctx context.Context, tx *sql.Tx, _ state) (Phase, error) {
			return Compared, m.run(ctx, tx, "ALTER TABLE {table} ENABLE TRIGGER {strictTrigger}")
		}})
}

// reopen takes the migration from compared to backfilled.
func (m *Migration) reopen(ctx context.Context, op string, version int64) error {
	return m.take(ctx, step{op: op, from: []Phase{Compared}, version: version, lock: noWriters,
		do: func(ctx context.Context, tx *sql.Tx, _ state) (Phase, error) {
			return Backfilled, m.run(ctx, tx, "ALTER TABLE {table} DISABLE TRIGGER {strictTrigger}")
		}})
}

// RollBack takes the migration from any phase that writes both columns to
// planned. It drops the sealed column and the guard; the plaintext is whole and
// current, since every phase before dropped writes it. Whoever enters reads and
// writes plaintext again. It waits for the transactions that use the table.
func (m *Migration) RollBack(ctx context.Context) error {
	return m.take(ctx, step{op: "roll back", from: dual[:], lock: noReaders,
		do: func(ctx context.Context, tx *sql.Tx, _ state) (Phase, error) {
			if err := m.run(ctx, tx, unguardSQL[:]...); err != nil {
				return "", err
			}
			return Planned, m.run(ctx, tx, "ALTER TABLE {table} DROP COLUMN {sealed}")
		}})
}

// DropOptions are the settings of [Migration.Drop]. The zero value, and nil,
// are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type DropOptions struct {
	// UnsafeDependents drops indexes and constraints over the plaintext column
	// with it, a unique one too. The default refuses with ErrDependents. Views
	// and generated columns are never dropped.
	UnsafeDependents bool
	// Rewrite does [Migration.Rewrite] after the drop, without which every row
	// still holds the plaintext, invisible to SQL. False leaves it to you.
	Rewrite bool
}

// Drop takes the migration from cutover to dropped, for good: the plaintext
// column and the guard go. It is refused with [ErrNotClean] unless a Compare
// that began after the cut-over found both columns the same. It returns where
// plaintext remains, with an error too if the column was dropped and the
// rewrite or the report failed: the phase says which.
func (m *Migration) Drop(ctx context.Context, opts *DropOptions) (Remains, error) {
	var o DropOptions
	if opts != nil {
		o = *opts
	}
	err := m.take(ctx, step{op: "drop", from: []Phase{CutOver}, lock: noReaders,
		do: func(ctx context.Context, tx *sql.Tx, s state) (Phase, error) {
			if !s.Clean {
				return "", refuse(ErrNotClean, "no Compare since the cut-over found them the same")
			}
			return Dropped, m.drop(ctx, tx, o)
		}})
	if err != nil {
		return Remains{}, err
	}
	if o.Rewrite {
		err = m.Rewrite(ctx)
	}
	remains, unseen := m.Remains(ctx)
	return remains, errors.Join(err, unseen)
}

// Rewrite does VACUUM FULL in phase dropped and writes down that it did, since
// nothing else shows that the rows hold no plaintext: a new file of the table
// may be a copy of the old one. It locks the table, for reading too, for as long
// as that takes, and may be repeated.
func (m *Migration) Rewrite(ctx context.Context) error {
	return failed("rewrite", m.rewrite(ctx))
}

func (m *Migration) rewrite(ctx context.Context) error {
	s, err := m.status(ctx, m.db, "")
	if err != nil {
		return err
	}
	if s.Phase != Dropped {
		return refuse(ErrPhase, "the phase is %s", s.Phase)
	}
	var before int64
	err = m.db.QueryRowContext(ctx, "SELECT pg_relation_filenode(to_regclass($1))", m.table).Scan(&before)
	if err != nil {
		return err
	}
	if _, err := m.db.ExecContext(ctx, m.fill("VACUUM FULL {table}")); err != nil {
		return err
	}
	// It only warns those who may not.
	result, err := m.db.ExecContext(ctx, "UPDATE "+m.states+" SET rewritten = clock_timestamp()"+
		" WHERE id = $1 AND phase = $2 AND pg_relation_filenode(to_regclass($3)) <> $4", m.spec.ID, string(Dropped), m.table, before)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, refuse(ErrUse, "the database did not rewrite the table, of which the role must be the owner"))
	}
	return nil
}

func (m *Migration) drop(ctx context.Context, tx *sql.Tx, o DropOptions) error {
	if err := m.run(ctx, tx, unguardSQL[:]...); err != nil { // which depends on the column too
		return err
	}
	n, err := m.dependents(ctx, tx)
	if err != nil {
		return err
	}
	if n > 0 && !o.UnsafeDependents {
		return refuse(ErrDependents, "%d of them", n)
	}
	_, err = tx.ExecContext(ctx, "UPDATE "+m.states+
		" SET filenode = coalesce(pg_relation_filenode(to_regclass($2)), 0) WHERE id = $1", m.spec.ID, m.table)
	if err != nil {
		return err
	}
	return m.run(ctx, tx, "ALTER TABLE {table} DROP COLUMN {plain}")
}
