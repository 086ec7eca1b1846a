package rekey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// maxPasses bounds a Rewrap beside a writer that goes on using an old key.
const maxPasses = 16

// Rewrap seals the stale cells of src under the tenant's newest key. It goes
// over the stale rows until it finds none that it can change; rows that others
// change meanwhile are left to them and looked at again. A row changes whole,
// except for cells that do not open, which stay as they are and are counted.
//
// It may be ended by ctx or killed anywhere and called again. It returns what
// the Source, the Checkpoint, the store of subject keys or ctx returned, with
// the report so far; a Report without an error may still not be Complete. Run
// [Verify] before you rely on it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Rewrap(ctx context.Context, s *crypto.Sealer, src Source, opts *Options) (Report, error) {
	r, err := begin(ctx, ModeRewrap, s, src, opts)
	if err != nil {
		return Report{}, err
	}
	if err := r.resume(ctx); err != nil {
		return Report{}, err
	}
	complete, err := r.rewrap(ctx)
	return r.finish(ctx, complete, err)
}

// rewrap makes passes until one from start to end, under one key, has changed
// nothing.
func (r *run) rewrap(ctx context.Context) (complete bool, err error) {
	for range maxPasses {
		whole, before, key := r.after == "", r.report.RowsChanged+r.report.Missed, r.report.KeyID
		if err := r.pass(ctx); err != nil {
			return false, err
		}
		if whole && r.report.RowsChanged+r.report.Missed == before && r.report.KeyID == key {
			return r.report.clean(), nil
		}
	}
	return false, nil
}

func (r *run) pass(ctx context.Context) error {
	if r.after == "" {
		r.report.newPass()
	}
	for {
		start := time.Now()
		page, err := r.source.Stale(ctx, r.report.KeyID, r.after, r.opts.Batch)
		if err != nil {
			return fmt.Errorf("rekey: source: read: %w", err)
		}
		changes, err := r.prepare(ctx, page.Rows)
		if err != nil {
			return err
		}
		if err := r.replace(ctx, changes, r.source.Replace); err != nil {
			return err
		}
		if err := r.done(ctx, page, start); err != nil {
			return err
		}
		if err := r.renew(ctx); err != nil || page.Next == "" {
			return err
		}
	}
}

// renew looks whether the tenant's keyset was rotated meanwhile. What the pass
// has behind it is then for the next one.
func (r *run) renew(ctx context.Context) (err error) {
	r.report.KeyID, err = r.current(ctx)
	return err
}

// prepare seals the stale cells of rows anew. The values are in r.buf until
// the next batch.
func (r *run) prepare(ctx context.Context, rows []Row) ([]Change, error) {
	r.reserve(rows)
	changes := make([]Change, 0, len(rows))
	for _, row := range rows {
		r.report.Rows++
		change := Change{Row: row}
		for i, cell := range row.Cells {
			value, err := r.rewrapped(ctx, row, cell)
			if err != nil {
				return nil, err
			}
			change.set(i, value)
		}
		if change.Sealed != nil {
			changes = append(changes, change)
		}
	}
	return changes, nil
}

// rewrapped returns the new value of a cell, or nil if it keeps its own.
func (r *run) rewrapped(ctx context.Context, row Row, cell Cell) ([]byte, error) {
	if o := shape(cell); o != sealed {
		r.bad(o, row)
		return nil, nil
	}
	if !cell.stale(r.report.KeyID) {
		r.report.Fresh++
		return nil, nil
	}
	out, err := r.sealer.AppendRewrap(ctx, r.buf, cell.Sealed, cell.Ref)
	return r.take(out, row, err)
}

// take returns what was appended to r.buf.
func (r *run) take(out []byte, row Row, err error) ([]byte, error) {
	o, err := judge(err)
	if err != nil {
		return nil, err
	}
	if o != sealed {
		r.bad(o, row)
		return nil, nil
	}
	start := len(r.buf)
	r.buf = out
	return out[start:len(out):len(out)], nil
}

// growth is how much longer a new value may be than the old one, in bytes.
const growth = 16

// reserve empties r.buf and makes room for the new values of rows.
func (r *run) reserve(rows []Row) {
	n := 0
	for _, row := range rows {
		for _, cell := range row.Cells {
			n += len(cell.Sealed) + growth
		}
	}
	r.buf = slices.Grow(r.buf[:0], n)
}

// set puts a value in the place of cell i.
func (c *Change) set(i int, value []byte) {
	if value == nil {
		return
	}
	if c.Sealed == nil {
		c.Sealed = make([][]byte, len(c.Row.Cells))
	}
	c.Sealed[i] = value
}

// cells returns how many cells c changes.
func (c *Change) cells() uint64 {
	n := uint64(0)
	for _, value := range c.Sealed {
		if value != nil {
			n++
		}
	}
	return n
}

// retries are the pauses before a batch that the Source refused is tried
// again, for instance after a deadlock with another writer.
var retries = [...]time.Duration{20 * time.Millisecond, 200 * time.Millisecond, 2 * time.Second}

// A replacer is the Replace of a Source or the Move of a Mover.
type replacer func(context.Context, []Change) ([]bool, error)

// replace has the Source change rows and counts them. Those of a batch that is
// refused are changed one by one, so that one bad row does not keep others.
func (r *run) replace(ctx context.Context, changes []Change, do replacer) error {
	if len(changes) == 0 {
		return nil
	}
	changed, err := r.tried(ctx, changes, do)
	if errors.Is(err, ErrRefused) {
		return r.refused(ctx, changes, do)
	}
	if err == nil && len(changed) != len(changes) {
		err = fmt.Errorf("answers for %d rows of %d", len(changed), len(changes))
	}
	if err != nil {
		return fmt.Errorf("rekey: source: replace: %w", err)
	}
	for i := range changes {
		r.replaced(&changes[i], changed[i])
	}
	return nil
}

// tried has the Source change rows, and asks it again if it could not.
func (r *run) tried(ctx context.Context, changes []Change, do replacer) ([]bool, error) {
	changed, err := do(ctx, changes)
	for _, pause := range retries {
		if err == nil || errors.Is(err, ErrRefused) || ctx.Err() != nil {
			break
		}
		r.report.Retries++
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		changed, err = do(ctx, changes)
	}
	return changed, err
}

// refused changes the rows of a refused batch one by one.
func (r *run) refused(ctx context.Context, changes []Change, do replacer) error {
	if len(changes) > 1 {
		for i := range changes {
			if err := r.replace(ctx, changes[i:i+1], do); err != nil {
				return err
			}
		}
		return nil
	}
	r.report.Refused++
	r.report.Stale += changes[0].cells()
	r.list(changes[0].Row)
	return nil
}

func (r *run) replaced(c *Change, changed bool) {
	n := c.cells()
	if !changed {
		r.report.Missed++
		r.report.Stale += n
		return
	}
	r.report.RowsChanged++
	r.report.CellsChanged += n
	r.report.Fresh += n
}
