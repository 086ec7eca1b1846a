package rekey

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Verify reads every row of src and changes none. It counts what is fresh,
// stale, NULL, destroyed and not to be opened, and opens every cell, or a
// sample, to prove it, within the Sealer ([crypto.Sealer.Verify]). At the end
// it compares what it read with the Source's [Census], so that rows which the
// pages pass over are not taken for rows in order. The report is Complete if
// nothing is left for a [Rewrap], nothing was passed over and, as far as
// Verify opened them, all cells open.
//
// A value that a process seals behind it is not seen: let every process load
// the rotated keyset first. It returns what the Source, the store of subject
// keys or ctx returned, with the report so far. It does not use the Checkpoint.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func Verify(ctx context.Context, s *crypto.Sealer, src Source, opts *Options) (Report, error) {
	r, err := begin(ctx, ModeVerify, s, src, opts)
	if err != nil {
		return Report{}, err
	}
	r.opts.Checkpoint = nil
	r.report.Scope = r.opts.scope()
	verified := r.report.KeyID
	err = r.verifyCounted(ctx)
	if err == nil {
		r.report.KeyID, err = r.current(ctx)
	}
	r.report.KeyChanged = verified != r.report.KeyID
	return r.finish(ctx, r.report.clean() && r.report.wholly() && !r.report.KeyChanged, err)
}

// verifyCounted reads all rows, between two counts of them. Without StaleOnly.
func (r *run) verifyCounted(ctx context.Context) error {
	if r.opts.StaleOnly {
		return r.verify(ctx)
	}
	before, err := r.census(ctx)
	if err != nil {
		return err
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	after, err := r.census(ctx)
	if err != nil {
		return err
	}
	// Rows that are added or deleted meanwhile need not have been read.
	r.report.Counted = min(before.Rows, after.Rows)
	r.report.Unseen = after.beyond(&r.seen, r.report.KeyID)
	return nil
}

func (r *run) census(ctx context.Context) (Census, error) {
	c, err := r.source.Census(ctx)
	if err != nil {
		return c, fmt.Errorf("rekey: source: census: %w", err)
	}
	return c, nil
}

func (o *Options) scope() string {
	switch {
	case o.StaleOnly:
		return ScopeStale
	case o.Sample > 1:
		return ScopeSample
	}
	return ScopeEvery
}

func (r *run) verify(ctx context.Context) error {
	for {
		start := time.Now()
		page, err := r.read(ctx)
		if err != nil {
			return fmt.Errorf("rekey: source: read: %w", err)
		}
		for _, row := range page.Rows {
			r.report.Rows++
			r.seen.Add(row)
			for _, cell := range row.Cells {
				if err := r.look(ctx, row, cell); err != nil {
					return err
				}
			}
		}
		if err := r.done(ctx, page, start); err != nil || page.Next == "" {
			return err
		}
	}
}

func (r *run) read(ctx context.Context) (Page, error) {
	if r.opts.StaleOnly {
		return r.source.Stale(ctx, r.report.KeyID, r.after, r.opts.Batch)
	}
	return r.source.All(ctx, r.after, r.opts.Batch)
}

// look sorts one cell.
func (r *run) look(ctx context.Context, row Row, cell Cell) error {
	o, err := shape(cell), error(nil)
	stale := cell.stale(r.report.KeyID)
	if o == sealed && r.picks(stale) {
		o, err = r.proves(ctx, cell)
	}
	if err != nil {
		return err
	}
	if o != sealed {
		r.bad(o, row)
	}
	id, ok := crypto.KeyID(cell.Sealed)
	if ok && o != shredded {
		r.report.count(id, 1)
	}
	switch {
	case o != sealed:
	case stale:
		r.report.Stale++
	default:
		r.report.Fresh++
	}
	return nil
}

// picks reports whether a cell is to be opened.
func (r *run) picks(stale bool) bool {
	if r.opts.StaleOnly {
		return stale // or a destroyed subject would look like work to do
	}
	return r.opts.Sample <= 1 || rand.N(r.opts.Sample) == 0
}

// proves opens a cell within the Sealer.
func (r *run) proves(ctx context.Context, cell Cell) (outcome, error) {
	err := r.sealer.Verify(ctx, cell.Sealed, cell.Ref)
	if err == nil {
		r.report.Opened++
	}
	return judge(err)
}
