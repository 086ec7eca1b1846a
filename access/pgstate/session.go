package pgstate

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// settingsSQL holds for one transaction, and says whether the server is a
// standby. A stricter synchronous_commit stays.
const settingsSQL = `SELECT pg_is_in_recovery(),
	set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true),
	set_config('idle_in_transaction_session_timeout', $1, true),
	set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)`

// do runs f in a transaction, within the timeout.
func (s *State) do(ctx context.Context, f func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	// Read committed: an INSERT looks at what was committed before it.
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}, func(tx pgx.Tx) error {
		if err := settle(ctx, tx, s.timeout); err != nil {
			return err
		}
		return f(ctx, tx)
	})
}

// settle puts the settings of a transaction right.
func settle(ctx context.Context, tx pgx.Tx, timeout time.Duration) error {
	var standby bool
	var ignored [4]string
	millis := strconv.FormatInt(timeout.Milliseconds(), 10)
	err := tx.QueryRow(ctx, settingsSQL, millis).Scan(&standby, &ignored[0], &ignored[1], &ignored[2], &ignored[3])
	if err == nil && standby {
		return ErrStandby
	}
	return err
}
