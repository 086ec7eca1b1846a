package sealsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// DefaultCheckpointsTable is the table of [Checkpoints] without another name.
//
// Controls: none, it is a name.
const DefaultCheckpointsTable = "rekey_checkpoints"

// Checkpoints keeps the states of rekey's runs in one table. It is safe for
// concurrent use and does not close the database. The zero Checkpoints is not
// usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Checkpoints struct {
	db                 *sql.DB
	schema, load, save string
}

// CheckpointsOptions are the settings of [Checkpoints]. The zero value, and
// nil, are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type CheckpointsOptions struct {
	// Table is the name of the table, perhaps with a schema in front. Empty is
	// DefaultCheckpointsTable.
	Table string
}

// NewCheckpoints returns the states in a table of db, which
// [Checkpoints.CreateTable] makes if it is not there. Nil opts are the
// defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func NewCheckpoints(db *sql.DB, d Dialect, opts *CheckpointsOptions) (*Checkpoints, error) {
	if db == nil {
		return nil, errors.New("sealsql: checkpoints: no database")
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	name := DefaultCheckpointsTable
	if opts != nil && opts.Table != "" {
		name = opts.Table
	}
	table, err := d.table(name)
	if err != nil {
		return nil, err
	}
	return &Checkpoints{
		db:     db,
		schema: fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (name %s PRIMARY KEY, state %s NOT NULL)", table, d.binary(), d.binary()),
		load:   d.args("SELECT state FROM " + table + " WHERE name = $1"),
		save: d.args("INSERT INTO " + table + " (name, state) VALUES ($1, $2)" +
			" ON CONFLICT (name) DO UPDATE SET state = excluded.state"),
	}, nil
}

// Schema returns the statement that makes the table, for your migrations.
func (c *Checkpoints) Schema() string { return c.schema }

// CreateTable makes the table if it is not there.
func (c *Checkpoints) CreateTable(ctx context.Context) error {
	_, err := c.db.ExecContext(ctx, c.schema)
	return failed("checkpoints: create table", err)
}

// Of returns the Checkpoint of the run with the given name, which should say
// which table and tenant it is for.
func (c *Checkpoints) Of(run string) rekey.Checkpoint { return checkpoint{c, run} }

type checkpoint struct {
	*Checkpoints
	name string
}

func (c checkpoint) Load(ctx context.Context) ([]byte, error) {
	state, err := again(ctx, func() (state []byte, err error) {
		err = c.db.QueryRowContext(ctx, c.load, []byte(c.name)).Scan(&state)
		return state, err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return state, failed("checkpoints: load", err)
}

func (c checkpoint) Save(ctx context.Context, state []byte) error {
	_, err := again(ctx, func() (sql.Result, error) { return c.db.ExecContext(ctx, c.save, []byte(c.name), state) })
	return failed("checkpoints: save", err)
}
