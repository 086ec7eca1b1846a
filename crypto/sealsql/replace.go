package sealsql

import (
	"context"
	"database/sql"
	"errors"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// errKey reports a description whose key is none.
const errKey = problem("the key names more than one row")

// Replace implements rekey.Source, in one transaction. PostgreSQL's is READ
// COMMITTED, whatever the database's default is: a row that another has changed
// is then left, and no reason to give up the others.
func (s *Source) Replace(ctx context.Context, changes []rekey.Change) (changed []bool, err error) {
	err = inTx(ctx, s.db, s.q.d, func(tx *sql.Tx) error {
		changed, err = s.replaceIn(ctx, tx, changes)
		return err
	})
	return changed, refused(s.failed("source: replace", err))
}

func (s *Source) replaceIn(ctx context.Context, tx *sql.Tx, changes []rekey.Change) ([]bool, error) {
	prepared := map[string]*sql.Stmt{}
	changed := make([]bool, len(changes))
	for i, c := range changes {
		q, err := s.update(c)
		if err != nil {
			return nil, err
		}
		text := q.text.String()
		if prepared[text] == nil {
			if prepared[text], err = tx.PrepareContext(ctx, text); err != nil {
				return nil, err
			}
			defer prepared[text].Close() //nolint:errcheck // ends with the transaction
		}
		result, err := prepared[text].ExecContext(ctx, q.args...)
		if err != nil {
			return nil, err
		}
		if changed[i], err = hit(result); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// update returns the statement of a change.
func (s *Source) update(c rekey.Change) (*query, error) {
	key, err := s.checked(c)
	if err != nil {
		return nil, err
	}
	old := make([][]byte, len(c.Row.Cells))
	for i, cell := range c.Row.Cells {
		old[i] = cell.Sealed
	}
	return s.q.replace(key, s.tenant, old, c.Sealed), nil
}

// checked returns the key of a change, which must be of this table.
func (s *Source) checked(c rekey.Change) ([]value, error) {
	var key []value
	if err := s.decodeKey(c.Row.Position, &key); err != nil || key == nil {
		return nil, errPosition
	}
	if len(c.Row.Cells) != len(s.table.Columns) || len(c.Sealed) != len(c.Row.Cells) {
		return nil, problem("the row is of another table")
	}
	return key, nil
}

// hit reports whether a statement changed its row.
func hit(result sql.Result) (bool, error) {
	n, err := result.RowsAffected()
	if err == nil && n > 1 {
		err = errKey
	}
	return n == 1, err
}

// inTx runs f in a transaction, which it commits if f returns nil. It sees what
// others have committed before each of its statements, also where the database
// is set to another isolation: what is read after a lock was waited for must be
// what is there then. After a deadlock it runs f in another.
func inTx(ctx context.Context, db *sql.DB, d Dialect, f func(*sql.Tx) error) error {
	_, err := again(ctx, func() (struct{}, error) { return struct{}{}, inTxOnce(ctx, db, d, f) })
	return err
}

func inTxOnce(ctx context.Context, db *sql.DB, d Dialect, f func(*sql.Tx) error) error {
	var opts sql.TxOptions
	if d == Postgres {
		opts.Isolation = sql.LevelReadCommitted
	}
	tx, err := db.BeginTx(ctx, &opts)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
