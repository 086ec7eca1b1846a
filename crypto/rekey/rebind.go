package rekey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Move is rows that go from one patient to another. Merge names it in the
// journal, 1 to 200 bytes, without PHI; Back says that it undoes itself.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Move struct {
	Merge    string
	From, To safeguard.Patient
	Back     bool
}

// A Mover is a [Source] whose rows can be given to another patient, with a
// journal of the rows that each merge moved. The rules, beside those of Source:
//
//   - Of returns the rows whose patient is p, as All does.
//   - Moved returns the rows that are in the journal under merge, as All does;
//     those that are gone are left out.
//   - Move changes every row that is still, byte for byte, what was read, with
//     all its cells and its patient: it sets the cells that have a new value
//     and makes move.To its patient, and adds the row to the journal, or removes
//     it for a move Back. All of that happens, or nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Mover interface {
	Source
	Of(ctx context.Context, p safeguard.Patient, after string, max int) (Page, error)
	Moved(ctx context.Context, merge, after string, max int) (Page, error)
	Move(ctx context.Context, move Move, changes []Change) (changed []bool, err error)
}

// Rebind gives all rows of the patient from to the patient to, because two
// charts are of one person: it seals their cells anew for to and has the
// Source keep a journal, by which [Unbind] undoes it. A row with a cell that
// does not open stays with from, whole, and is counted.
//
// It may be ended by ctx or killed anywhere and called again with the same
// merge. Rows that are added to from behind it need another call: stop writing
// to from first. Whether the two are one person is not for it to know. Errors
// are those of [Rewrap]. It does not use the Checkpoint.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Rebind(ctx context.Context, s *crypto.Sealer, src Mover, merge string, from, to safeguard.Patient, opts *Options) (Report, error) {
	move := Move{Merge: merge, From: from, To: to}
	return rebind(ctx, s, src, ModeRebind, move, opts, func(ctx context.Context, after string, max int) (Page, error) {
		return src.Of(ctx, from, after, max)
	})
}

// Unbind undoes a Rebind with the same merge, from and to: the rows that it
// moved, as they are now, go back to from. Rows that were added to to since
// then stay there. A row that has gone to a third patient meanwhile is left
// there and counted in Elsewhere.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Unbind(ctx context.Context, s *crypto.Sealer, src Mover, merge string, from, to safeguard.Patient, opts *Options) (Report, error) {
	move := Move{Merge: merge, From: to, To: from, Back: true}
	return rebind(ctx, s, src, ModeUnbind, move, opts, func(ctx context.Context, after string, max int) (Page, error) {
		return src.Moved(ctx, merge, after, max)
	})
}

type pages func(ctx context.Context, after string, max int) (Page, error)

func rebind(ctx context.Context, s *crypto.Sealer, src Mover, mode string, move Move, opts *Options, read pages) (Report, error) {
	if move.Merge == "" || len(move.Merge) > 200 || move.From.IsZero() || move.To.IsZero() || move.From == move.To {
		return Report{}, errors.New("rekey: rebind: needs the name of a merge and two patients")
	}
	r, err := begin(ctx, mode, s, src, opts)
	if err != nil {
		return Report{}, err
	}
	r.opts.Checkpoint = nil
	complete, err := r.rebind(ctx, src, move, read)
	return r.finish(ctx, complete, err)
}

// rebind makes passes until one has moved nothing and missed nothing.
func (r *run) rebind(ctx context.Context, src Mover, move Move, read pages) (bool, error) {
	for range maxPasses {
		before := r.report.RowsChanged + r.report.Missed
		r.report.newPass()
		if err := r.movePass(ctx, src, move, read); err != nil {
			return false, err
		}
		if r.report.RowsChanged+r.report.Missed == before {
			return r.report.clean() && r.report.Shredded+r.report.Elsewhere == 0, nil
		}
	}
	return false, nil
}

func (r *run) movePass(ctx context.Context, src Mover, move Move, read pages) error {
	for {
		start := time.Now()
		page, err := read(ctx, r.after, r.opts.Batch)
		if err != nil {
			return fmt.Errorf("rekey: source: read: %w", err)
		}
		changes, err := r.moves(ctx, move, page.Rows)
		if err != nil {
			return err
		}
		err = r.replace(ctx, changes, func(ctx context.Context, changes []Change) ([]bool, error) {
			return src.Move(ctx, move, changes)
		})
		if err != nil {
			return err
		}
		if err := r.done(ctx, page, start); err != nil || page.Next == "" {
			return err
		}
	}
}

// moves seals the cells of rows for their new patient.
func (r *run) moves(ctx context.Context, move Move, rows []Row) ([]Change, error) {
	r.reserve(rows)
	var changes []Change
	for _, row := range rows {
		r.report.Rows++
		if !owned(row, move.From) {
			r.report.Elsewhere++
			continue
		}
		change, whole, err := r.moved(ctx, move, row)
		if err != nil {
			return nil, err
		}
		if whole {
			changes = append(changes, change)
		}
	}
	return changes, nil
}

// owned reports whether all cells of row are p's.
func owned(row Row, p safeguard.Patient) bool {
	for _, cell := range row.Cells {
		if cell.Ref.Subject != crypto.SubjectOf(p) {
			return false
		}
	}
	return true
}

// moved returns the change of a row, and whether all its cells opened.
func (r *run) moved(ctx context.Context, move Move, row Row) (Change, bool, error) {
	change, whole := Change{Row: row, Sealed: make([][]byte, len(row.Cells))}, true
	for i, cell := range row.Cells {
		if o := shape(cell); o != sealed {
			r.bad(o, row)
			whole = whole && o == null
			continue
		}
		to := cell.Ref
		to.Subject = crypto.SubjectOf(move.To)
		out, err := r.sealer.AppendRebind(ctx, r.buf, cell.Sealed, cell.Ref, to)
		if change.Sealed[i], err = r.take(out, row, err); err != nil {
			return change, false, err
		}
		whole = whole && change.Sealed[i] != nil
	}
	return change, whole, nil
}
