package migrate_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// A repository whose column of names is being sealed. It is the same program in
// every phase.
type repository struct {
	db    *sql.DB
	m     *migrate.Migration
	names *migrate.Column[string]
}

func newRepository(db *sql.DB, sealer *crypto.Sealer) (*repository, error) {
	m, err := migrate.New(db, migrate.Spec{
		ID: "patient_name",
		Table: sealsql.Table{
			Table:   "patient",
			Key:     []string{"id"},
			Tenant:  sealsql.Tenant{Value: "clinic"},
			Subject: sealsql.Owner{Column: "id"},
			Columns: []sealsql.Column{{Column: "name_sealed", Logical: "name"}},
		},
		Plain: "name",
	}, nil)
	if err != nil {
		return nil, err
	}
	names, err := migrate.NewColumn[string](m, sealer)
	return &repository{db, m, names}, err
}

func (r *repository) ref(id string) crypto.Ref {
	return crypto.Ref{Tenant: "clinic", Table: "patient", Column: "name", Row: id,
		Subject: crypto.SubjectOf(safeguard.NewPatient(id))}
}

// Rename writes what the phase says.
func (r *repository) Rename(ctx context.Context, id, name string) error {
	value, err := r.names.Seal(ctx, r.ref(id), name)
	if err != nil {
		return err
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	gate, err := r.m.Enter(ctx, tx)
	if err != nil {
		return err
	}
	cells, err := value.Cells(gate)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE patient SET "+cells.Set(2)+" WHERE id = $1", cells.Args(id)...); err != nil {
		return err
	}
	return tx.Commit()
}

// Name reads what the phase says.
func (r *repository) Name(ctx context.Context, id string) (string, error) {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer tx.Rollback() //nolint:errcheck // has only read
	gate, err := r.m.EnterRead(ctx, tx)
	if err != nil {
		return "", err
	}
	cell, err := r.names.Cell(gate)
	if err != nil {
		return "", err
	}
	if err := tx.QueryRowContext(ctx, "SELECT "+cell.Select()+" FROM patient WHERE id = $1", id).Scan(cell); err != nil {
		return "", err
	}
	return cell.Open(ctx, r.ref(id))
}

// The program reads and writes through the Column from step 2 of the run book
// on. The operator's steps are calls of the same values.
func Example() {
	operator := func(ctx context.Context, r *repository) error {
		if _, err := r.names.Backfill(ctx, &migrate.RunOptions{RowsPerSecond: 5000}); err != nil {
			return err
		}
		report, err := r.names.Compare(ctx, nil)
		if err != nil {
			return err
		}
		fmt.Print(report)
		return r.m.CutOver(ctx)
	}
	_ = operator
	_, _ = newRepository, (*repository).Rename
}
