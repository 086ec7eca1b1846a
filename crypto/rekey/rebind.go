package rekey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Move is rows that go from one patient to another. Merge names it in the
// journal: it is the name that Rebind was given and, behind a colon, a keyed
// hash of the two patients, without PHI, so that a name which serves two
// merges does not mix them. Back says that the Move undoes itself.
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
//   - Moved returns the rows that are in the journal under merge, which is
//     Move.Merge, as All does; those that are gone are left out.
//   - Move changes every row that is still, byte for byte, what was read, with
//     all its cells and its patient: it sets the cells that have a new value
//     and makes move.To its patient, and adds the row to the journal, or removes
//     it for a move Back. All of that happens, or nothing. Where the row's
//     patient would not read as move.To again, letter for letter, it returns an
//     error and changes nothing: nobody could open the cells.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Mover interface {
	Source
	Of(ctx context.Context, p safeguard.Patient, after string, max int) (Page, error)
	Moved(ctx context.Context, merge, after string, max int) (Page, error)
	Move(ctx context.Context, move Move, changes []Change) (changed []bool, err error)
}

// ErrNoMerge says that an Unbind found no row in the journal: the merge never
// was, was of other patients, or is undone.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrNoMerge = errors.New("rekey: unbind: no rows of such a merge of these patients")

// Rebind gives all rows of the patient from to the patient to, because two
// charts are of one person: it seals their cells anew for to and has the
// Source keep a journal, by which [Unbind] undoes it. A row with a cell that
// does not open stays with from, whole, and is counted.
//
// It may be ended by ctx or killed anywhere and called again with the same
// merge. Rows that are added to from behind it need another call: stop writing
// to from first. Whether the two are one person is not for it to know. Merge
// is 1 to 200 bytes, without PHI. Errors are those of [Rewrap]. It does not use
// the Checkpoint.
//
// What is under a legal hold keeps it: while the keys of from are held
// ([crypto.Sealer.Held]) and those of to are not, it is an error; hold to
// first. Hold to for every case of from: held for another alone, the rows lose
// their hold when that one is released. Set Options.Holds to have it checked. A
// hold that comes after the merge must name both patients: one on from does not
// reach the rows that are to's. Other things that carry the patient it does not move, and the program
// must: above all the rows' tokens of blind indexes, which stay in the name of
// from. Put them anew, or destroying to's keys leaves them to be found, and
// destroying from's takes them away.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Rebind(ctx context.Context, s *crypto.Sealer, src Mover, merge string, from, to safeguard.Patient, opts *Options) (Report, error) {
	return rebind(ctx, s, src, ModeRebind, Move{Merge: merge, From: from, To: to}, opts)
}

// Unbind undoes a Rebind with the same merge, from and to: the rows that it
// moved, as they are now, go back to from. Rows that were added to to since
// then stay there. A row that has gone to a third patient meanwhile is left
// there and counted in Elsewhere; one that is with from already stays so. It
// returns [ErrNoMerge] if the journal has none of such a merge. Holds and
// tokens are as for Rebind.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Unbind(ctx context.Context, s *crypto.Sealer, src Mover, merge string, from, to safeguard.Patient, opts *Options) (Report, error) {
	return rebind(ctx, s, src, ModeUnbind, Move{Merge: merge, From: to, To: from, Back: true}, opts)
}

func rebind(ctx context.Context, s *crypto.Sealer, src Mover, mode string, move Move, opts *Options) (Report, error) {
	if move.Merge == "" || len(move.Merge) > 200 || move.From.IsZero() || move.To.IsZero() || move.From == move.To {
		return Report{}, errors.New("rekey: rebind: needs the name of a merge and two patients")
	}
	r, err := begin(ctx, mode, s, src, opts)
	if err != nil {
		return Report{}, err
	}
	r.opts.Checkpoint = nil
	from, to := move.From, move.To
	if move.Back {
		from, to = to, from
	}
	if move.Merge, err = between(ctx, s, r.report.Tenant, move.Merge, from, to); err != nil {
		return Report{}, err
	}
	complete, err := r.rebind(ctx, src, move)
	if err == nil && move.Back && r.report.Rows+r.report.RowsChanged == 0 {
		err = ErrNoMerge
	}
	return r.finish(ctx, complete, err)
}

// between returns the name of a merge of two patients in the journal. The
// store's names of patients are keyed hashes, and so this one is.
func between(ctx context.Context, s *crypto.Sealer, tenant, merge string, from, to safeguard.Patient) (string, error) {
	h := sha256.New()
	for _, p := range []safeguard.Patient{from, to} {
		name, err := s.SubjectName(ctx, tenant, p)
		if err != nil {
			return "", fmt.Errorf("rekey: rebind: name of a patient: %w", err)
		}
		h.Write([]byte(name))
	}
	return merge + ":" + hex.EncodeToString(h.Sum(nil)[:16]), nil
}

var errHeld = errors.New("rekey: rebind: the rows are under a legal hold that the other patient is not under: hold both")

// holds returns an error if the move takes rows out of a legal hold.
func (r *run) holds(ctx context.Context, move Move) error {
	if err := r.cases(ctx, move); err != nil {
		return err
	}
	from, err := r.held(ctx, move.From)
	if err != nil || !from {
		return err
	}
	to, err := r.held(ctx, move.To)
	if err == nil && !to {
		err = errHeld
	}
	return err
}

// cases returns an error if a case of a legal hold is open of the patient that
// the rows are taken from, and not of the one that gets them.
func (r *run) cases(ctx context.Context, move Move) error {
	if r.opts.Holds == nil {
		return nil
	}
	from, err := r.opts.Holds(ctx, r.report.Tenant, move.From)
	if err != nil {
		return fmt.Errorf("rekey: rebind: legal hold: %w", err)
	}
	to, err := r.opts.Holds(ctx, r.report.Tenant, move.To)
	if err != nil {
		return fmt.Errorf("rekey: rebind: legal hold: %w", err)
	}
	for _, c := range from {
		if !slices.Contains(to, c) {
			return errHeld
		}
	}
	return nil
}

// held is false for who was shredded: the Sealer will refuse their cells.
func (r *run) held(ctx context.Context, p safeguard.Patient) (bool, error) {
	held, err := r.sealer.Held(ctx, r.report.Tenant, p)
	if errors.Is(err, crypto.ErrShredded) {
		return false, nil
	}
	if err != nil {
		err = fmt.Errorf("rekey: rebind: legal hold: %w", err)
	}
	return held, err
}

// rebind makes passes until one has moved nothing and missed nothing.
func (r *run) rebind(ctx context.Context, src Mover, move Move) (bool, error) {
	for range maxPasses {
		before := r.report.RowsChanged + r.report.Missed
		r.report.newPass()
		if err := r.movePass(ctx, src, move); err != nil {
			return false, err
		}
		if r.report.RowsChanged+r.report.Missed == before {
			return r.report.clean() && r.report.Shredded+r.report.Elsewhere == 0, nil
		}
	}
	return false, nil
}

func (r *run) movePass(ctx context.Context, src Mover, move Move) error {
	for {
		start := time.Now()
		if err := r.holds(ctx, move); err != nil {
			return err
		}
		page, err := r.toMove(ctx, src, move)
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

// toMove returns the next rows that may have to move.
func (r *run) toMove(ctx context.Context, src Mover, move Move) (Page, error) {
	if move.Back {
		return src.Moved(ctx, move.Merge, r.after, r.opts.Batch)
	}
	return src.Of(ctx, move.From, r.after, r.opts.Batch)
}

// moves seals the cells of rows for their new patient.
func (r *run) moves(ctx context.Context, move Move, rows []Row) ([]Change, error) {
	r.reserve(rows)
	var changes []Change
	for _, row := range rows {
		r.report.Rows++
		if move.Back && owned(row, move.To) {
			continue // another merge brought it back
		}
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
