package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A step is one change of the phase.
type step struct {
	op   string
	from []Phase
	// lock is the mode in which the table is locked, so that no transaction that
	// acts on the old phase is left when the new one begins. Empty is none, for
	// phases in which all do the same.
	lock string
	// version is the one that the row must have, 0 for any.
	version int64
	// do makes the change and returns the new phase.
	do func(ctx context.Context, tx *sql.Tx, s state) (Phase, error)
}

// Table locks of PostgreSQL. Writers hold ROW EXCLUSIVE, which noWriters waits
// for; readers ACCESS SHARE, which noReaders waits for as well.
const (
	noWriters = "SHARE ROW EXCLUSIVE"
	noReaders = "ACCESS EXCLUSIVE"
)

// take makes a step. While it cannot have a lock it lets others pass, and tries
// again until ctx ends.
func (m *Migration) take(ctx context.Context, s step) error {
	for {
		err := m.try(ctx, s)
		if err == nil || !transient(err) {
			return failed(s.op, err)
		}
		if err := sleep(ctx, time.Duration(50+rand.IntN(100))*time.Millisecond); err != nil {
			return failed(s.op, err)
		}
	}
}

func (m *Migration) try(ctx context.Context, s step) error {
	return inTx(ctx, m.db, func(tx *sql.Tx) error {
		timeout := fmt.Sprintf("SET LOCAL lock_timeout = %d", m.timeout.Milliseconds())
		if _, err := tx.ExecContext(ctx, timeout); err != nil {
			return err
		}
		if s.lock != "" {
			if _, err := tx.ExecContext(ctx, "LOCK TABLE "+m.table+" IN "+s.lock+" MODE"); err != nil {
				return err
			}
		}
		is, err := m.status(ctx, tx, " FOR UPDATE")
		if err != nil {
			return err
		}
		if err := is.whole(); err != nil {
			return err
		}
		if !slices.Contains(s.from, is.Phase) {
			return refuse(ErrPhase, "the phase is %s", is.Phase)
		}
		if s.version != 0 && s.version != is.Version {
			return ErrPhase
		}
		to, err := s.do(ctx, tx, is)
		if err != nil {
			return err
		}
		return m.enterPhase(ctx, tx, to)
	})
}

// enterPhase writes the new phase.
func (m *Migration) enterPhase(ctx context.Context, tx *sql.Tx, to Phase) error {
	_, err := tx.ExecContext(ctx, "UPDATE "+m.states+" SET phase = $2, version = version + 1,"+
		" changed = clock_timestamp(), changed_by = coalesce(nullif($3::text, ''), session_user) WHERE id = $1",
		m.spec.ID, string(to), who(ctx))
	return err
}

// inTx runs f in a transaction, READ COMMITTED, which it commits if f returns
// nil.
func inTx(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// sleep waits for d, or for ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
