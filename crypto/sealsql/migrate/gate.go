package migrate

import (
	"context"
	"database/sql"
	"errors"
)

// A Gate is a transaction's way through a migration: the phase, which does not
// change in a way that concerns the transaction before it ends. It is a value,
// of use in its transaction only. The zero Gate is refused.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Gate struct {
	m       *Migration
	phase   Phase
	kind    string // type of the plaintext column
	most    int    // how many characters it holds, or less than 0
	writing bool
}

// Phase returns the phase.
func (g Gate) Phase() Phase { return g.phase }

// Enter asks the phase for a transaction that writes the column, and keeps it:
// the lock that an UPDATE would take of the table is taken now, and a step that
// would change what writers do waits for it. So there is no cache and no time
// in which two processes act on different phases; a process that is killed
// holds up nothing. It costs two round trips.
//
// A REPEATABLE READ or SERIALIZABLE transaction must enter before its first
// query, else it may be refused as one that cannot be serialized, and needs
// UPDATE on the table of states. Sealing may ask the store of subjects' keys,
// so seal before the transaction begins.
func (m *Migration) Enter(ctx context.Context, tx *sql.Tx) (Gate, error) {
	g, err := m.enter(ctx, tx)
	return g, failed("enter", err)
}

func (m *Migration) enter(ctx context.Context, tx *sql.Tx) (Gate, error) {
	if _, err := tx.ExecContext(ctx, "LOCK TABLE "+m.table+" IN ROW EXCLUSIVE MODE"); err != nil {
		return Gate{}, err
	}
	g := Gate{m: m, writing: true}
	var isolation string
	err := tx.QueryRowContext(ctx, "SELECT phase, plain_type, current_setting('transaction_isolation'),"+
		" set_config($2, 'on', true) IS NULL, coalesce((SELECT atttypmod - 4 FROM pg_attribute WHERE attrelid = to_regclass($3)"+
		" AND attname = $4 AND atttypid = 'varchar'::regtype), -1) FROM "+m.states+" WHERE id = $1",
		m.spec.ID, m.setting, m.table, m.spec.Plain).
		Scan(&g.phase, &g.kind, &isolation, new(bool), &g.most)
	if err := planned(err); err != nil {
		return Gate{}, err
	}
	if isolation == "read committed" {
		return g, nil
	}
	// The snapshot may be older than the lock. A row that has changed since is a
	// serialization failure.
	err = tx.QueryRowContext(ctx, "SELECT phase FROM "+m.states+" WHERE id = $1 FOR SHARE", m.spec.ID).Scan(&g.phase)
	return g, err
}

// EnterRead is [Migration.Enter] for a transaction that only reads the column.
// It may be a read-only one, on a replica too, and needs only SELECT. Its Gate
// writes nothing. REPEATABLE READ and SERIALIZABLE transactions must enter before
// their first query here too; nothing tells them if they did not.
func (m *Migration) EnterRead(ctx context.Context, tx *sql.Tx) (Gate, error) {
	g := Gate{m: m}
	if _, err := tx.ExecContext(ctx, "LOCK TABLE "+m.table+" IN ACCESS SHARE MODE"); err != nil {
		return Gate{}, failed("enter", err)
	}
	err := tx.QueryRowContext(ctx, "SELECT phase, plain_type FROM "+m.states+" WHERE id = $1", m.spec.ID).Scan(&g.phase, &g.kind)
	return g, failed("enter", planned(err))
}

func planned(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return refuse(ErrPhase, "the migration was not planned")
	}
	return err
}
