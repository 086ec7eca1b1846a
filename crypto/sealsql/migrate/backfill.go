package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Backfill seals what is not sealed yet, in phase dualwrite or backfilled. A
// row gets its sealed value only if nobody has written to it since it was read;
// NULL stays NULL, and the empty string is sealed. Each batch and the
// checkpoint after it are one transaction, so that a run that is killed
// anywhere goes on where it was. When a whole pass left nothing, dualwrite
// becomes backfilled.
//
// What it cannot seal it counts, and leaves: the report is then not Complete,
// and the phase stays. It does so too if after ten passes others were still
// writing faster. Several may run at once, which is no faster. Plaintext leaves
// the database for this process and is in no statement that it sends back.
func (c *Column[T]) Backfill(ctx context.Context, opts *RunOptions) (Report, error) {
	r, err := c.m.begin(ctx, ModeBackfill, rowsMissing, opts, DualWrite, Backfilled)
	if err != nil {
		return Report{}, failed(ModeBackfill, err)
	}
	return r.finish(c.backfill(ctx, r))
}

// passes bounds how often a Backfill goes over the table.
const passes = 10

func (c *Column[T]) backfill(ctx context.Context, r *run) error {
	for range passes {
		missed := r.report.Missed
		if err := c.pass(ctx, r); err != nil {
			return err
		}
		if missed == r.report.Missed {
			return c.backfilled(ctx, r)
		}
		r.report.Misplaced, r.report.Unconverted, r.report.Shredded = 0, 0, 0
	}
	left, err := c.m.Missing(ctx)
	r.report.Missing = uint64(left)
	return err
}

// backfilled ends a run that left nothing undone that it can do.
func (c *Column[T]) backfilled(ctx context.Context, r *run) error {
	if r.report.bad() > 0 || r.report.Phase != DualWrite {
		return nil
	}
	err := c.m.take(ctx, step{op: ModeBackfill, from: []Phase{DualWrite}, version: r.version,
		do: func(context.Context, *sql.Tx, state) (Phase, error) { return Backfilled, nil }})
	if err == nil {
		r.report.Phase = Backfilled
	}
	return err
}

// pass goes once over the rows, from where the run is.
func (c *Column[T]) pass(ctx context.Context, r *run) error {
	for {
		began := time.Now()
		rows, next, err := r.walk.next(ctx, r.after, r.opts.Batch)
		if err != nil {
			return err
		}
		if err := c.batch(ctx, r, rows, next); err != nil {
			return err
		}
		r.after = next
		if err := r.done(ctx, began, len(rows)); err != nil || next == nil {
			return err
		}
	}
}

// batch seals rows and writes them. Sealing is done before the transaction.
func (c *Column[T]) batch(ctx context.Context, r *run, rows []row, next []string) error {
	r.report.Rows += uint64(len(rows))
	var ready []row
	for _, row := range rows {
		sealed, err := c.sealRow(ctx, row)
		if err == nil {
			row.plain, row.sealed = nil, sealed
			ready = append(ready, row)
		} else if err = r.report.judge(err); err != nil {
			return err
		}
	}
	return r.keep(ctx, ready, next)
}

// keep stores the sealed values of rows that are as they were read, NULL too,
// and the checkpoint, in one transaction.
func (r *run) keep(ctx context.Context, rows []row, next []string) error {
	before := r.report
	for try := range 10 {
		err := inTx(ctx, r.m.db, func(tx *sql.Tx) error { return r.write(ctx, tx, rows, next) })
		if err == nil || !transient(err) {
			return err
		}
		r.report = before
		if err := sleep(ctx, time.Duration(try)*10*time.Millisecond); err != nil {
			return err
		}
	}
	return refuse(ErrPhase, "others hold the rows")
}

func (c *Column[T]) sealRow(ctx context.Context, row row) ([]byte, error) {
	plaintext, err := c.codec.sealed(*row.plain)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	sealed, err := c.sealer.AppendSeal(ctx, nil, plaintext, row.ref)
	if err != nil {
		return nil, told("seal", err)
	}
	return sealed, nil
}

func (r *run) write(ctx context.Context, tx *sql.Tx, rows []row, next []string) error {
	if _, err := r.m.enter(ctx, tx); err != nil {
		return err
	}
	if len(rows) > 0 {
		query, args := r.update(rows)
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n > int64(len(rows)) {
			return refuse(ErrUse, "the key is not unique")
		}
		r.report.wrote(uint64(n), uint64(len(rows)))
	}
	return r.save(ctx, tx, next)
}

// update returns the statement that stores the sealed values of rows. It compares the transaction
// that wrote the row and not the plaintext, which would be in logs.
func (r *run) update(rows []row) (string, []any) {
	var args []any
	arg := func(v any, kind string) string {
		args = append(args, v)
		return fromText(fmt.Sprintf("$%d", len(args)), kind)
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var cells []string
		for k, text := range row.key {
			cells = append(cells, arg(text, r.walk.facts.key[k]))
		}
		cells = append(cells, arg(row.version, "text"))
		var sealed any // NULL
		if row.sealed != nil {
			sealed = row.sealed
		}
		args = append(args, sealed)
		lines[i] = fmt.Sprintf("(%s, $%d::bytea)", strings.Join(cells, ", "), len(args))
	}
	var names, same []string
	for k, column := range r.m.key {
		names = append(names, fmt.Sprintf("k%d", k))
		same = append(same, fmt.Sprintf("r.%s = v.k%d", column, k))
	}
	return fmt.Sprintf("UPDATE %s AS r SET %s = v.s FROM (VALUES %s) AS v(%s, x, s)"+
		" WHERE %s AND r.xmin::text = v.x",
		r.m.table, r.m.sealed, strings.Join(lines, ", "), strings.Join(names, ", "), strings.Join(same, " AND ")), args
}
