package migrate

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Compare opens every sealed value and compares it with the plaintext, in
// constant time, in phase backfilled, compared or cutover. If all are the same,
// backfilled becomes compared, from which on the database refuses whoever
// writes the plaintext alone: retire the release that does before. If not,
// compared becomes backfilled again. In phase cutover a clean Compare is what
// [Migration.Drop] asks for.
//
// In phase backfilled, where the plaintext counts, it makes the sealed values
// NULL that differ or do not open, which the next Backfill seals again. In phase
// cutover it only reports: write the value again, or roll back.
//
// It opens as a machine does: ctx needs an [audit.Entry] of a service, which
// notes the patients and is committed after every batch, or the Sealer must be
// UnsafeUnaudited. What entered transactions write behind it is theirs to have
// the same in both columns; a [Column] has. A run that is killed goes on where
// it was in phase backfilled, and begins again in the phases after it.
func (c *Column[T]) Compare(ctx context.Context, opts *RunOptions) (Report, error) {
	r, err := c.m.begin(ctx, ModeCompare, rowsSet, opts, Backfilled, Compared, CutOver)
	if err != nil {
		return Report{}, failed(ModeCompare, err)
	}
	if err = c.compare(ctx, r); err == nil {
		err = r.compared(ctx)
	}
	return r.finish(err)
}

func (c *Column[T]) compare(ctx context.Context, r *run) error {
	var buf []byte
	defer func() { clear(buf[:cap(buf)]) }()
	for {
		began := time.Now()
		rows, next, err := r.walk.next(ctx, r.after, r.opts.Batch)
		if err != nil {
			return err
		}
		var wrong []row
		for _, row := range rows {
			was := r.report.wrong()
			if buf, err = c.look(ctx, r, row, buf); err != nil {
				return err
			}
			if r.report.Phase == Backfilled && r.report.wrong() > was {
				row.plain, row.sealed = nil, nil
				wrong = append(wrong, row)
			}
		}
		if err := audit.EntryFrom(ctx).Commit(ctx); err != nil {
			return told("audit", err)
		}
		r.report.Rows += uint64(len(rows))
		if err := r.keep(ctx, wrong, next); err != nil {
			return err
		}
		r.after = next
		if err := r.done(ctx, began, len(rows)); err != nil || r.after == nil {
			return err
		}
	}
}

// wrong is how many sealed values do not hold their plaintext.
func (r *Report) wrong() uint64 { return r.Differing + r.Unopenable }

// look compares one row. It opens into buf, and returns it.
func (c *Column[T]) look(ctx context.Context, r *run, row row, buf []byte) ([]byte, error) {
	switch {
	case row.sealed == nil:
		r.report.Missing++
		return buf, nil
	case row.plain == nil:
		r.report.Differing++
		return buf, nil
	}
	want, err := c.codec.sealed(*row.plain)
	if err != nil {
		return buf, r.report.judge(err)
	}
	defer clear(want)
	got, err := c.sealer.AppendOpen(ctx, buf[:0], row.sealed, row.ref)
	if err != nil {
		return buf, told("open", r.report.judge(err))
	}
	if subtle.ConstantTimeCompare(got, want) == 1 {
		r.report.Equal++
	} else {
		r.report.Differing++
	}
	return got, nil
}

// compared ends a Compare: it changes the phase, or notes that it was clean.
func (r *run) compared(ctx context.Context) error {
	clean := r.report.bad() == 0
	var err error
	switch {
	case r.report.Phase == Backfilled && clean:
		err = r.m.close(ctx, r.version)
		r.report.Phase = Compared
	case r.report.Phase == Compared && !clean:
		err = r.m.reopen(ctx, ModeCompare, r.version)
		r.report.Phase = Backfilled
	case r.report.Phase != Backfilled:
		err = r.note(ctx, clean)
	}
	return err
}

// note writes down whether the columns are the same in this phase.
func (r *run) note(ctx context.Context, clean bool) error {
	version := r.version
	if !clean {
		version = 0
	}
	result, err := r.m.db.ExecContext(ctx, "UPDATE "+r.m.states+" SET clean_version = $3 WHERE id = $1 AND version = $2",
		r.m.spec.ID, r.version, version)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrPhase)
	}
	return nil
}
