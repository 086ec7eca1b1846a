package ledger

import (
	"context"
	"errors"
	"fmt"
)

// A Pruned says what a pruning removed.
//
// Controls: HIPAA 164.312(b), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04.
type Pruned struct {
	// From and Floor are the first record that was there before and the first
	// that is there now; they are the same if nothing was removed.
	From, Floor uint64
	// Segments are the files that were removed, in order.
	Segments []string
	// Record is the index of the record that accounts for it, if something was
	// removed.
	Record uint64
}

// Prune removes the whole segments whose records all lie before index keepFrom,
// and keeps the rest of the segment that keepFrom is in. The hashes of removed
// records stay, so that everything behind them can still be proven. Without
// such a segment it does nothing.
//
// record is the account of it, of type audit.TypeLogPruned; its source is the
// ledger's Origin and the member "floor" of its data is keepFrom. It is appended, durable and under a signed
// checkpoint before anything is removed: only with it [Verify] and [Open]
// accept that records are missing. If Prune is cut short then, the next Open
// goes on where it was.
//
// What is removed cannot be brought back. Whether the time of keeping is over
// and no hold stands against it is the caller's to see to; package audit/keep
// does. One Prune runs at a time. An error says that not everything was
// removed; what was is in the result.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func (l *Ledger) Prune(ctx context.Context, keepFrom uint64, record []byte) (Pruned, error) {
	l.pruneMu.Lock()
	defer l.pruneMu.Unlock()
	if keepFrom > l.Size() {
		return Pruned{}, fmt.Errorf("ledger: prune: there is no record %d to keep", keepFrom)
	}
	if prunedTo(record, l.options.Origin) != keepFrom {
		return Pruned{}, fmt.Errorf("ledger: prune: the record does not account for the records before %d", keepFrom)
	}
	done, remove, err := l.prunable(keepFrom)
	if err != nil || len(remove) == 0 {
		return done, wrap("prune", err)
	}
	from := done.From
	if done.Record, err = l.account(ctx, record); err != nil {
		return Pruned{From: from, Floor: from}, wrap("prune", err)
	}
	done.Segments, err = l.remove(done.Floor, remove)
	return done, wrap("prune", err)
}

// prunable returns the segments that lie before keepFrom. Another one follows
// each of them, so they are sealed.
func (l *Ledger) prunable(keepFrom uint64) (Pruned, []string, error) {
	floor, err := readFloor(l.fsys)
	if err != nil {
		return Pruned{}, nil, err
	}
	p := Pruned{From: floor, Floor: floor}
	names, err := l.fsys.List()
	if err != nil {
		return p, nil, err
	}
	list, err := segments(names)
	if err != nil {
		return p, nil, err
	}
	var remove []string
	for i := range len(list) - 1 {
		next, _ := firstOf(list[i+1])
		if next > keepFrom {
			break
		}
		remove = append(remove, list[i])
		p.Floor = max(next, floor)
	}
	return p, remove, nil
}

// account appends a record and signs it.
func (l *Ledger) account(ctx context.Context, record []byte) (index uint64, err error) {
	index, err = l.appendOne(ctx, record)
	if err != nil {
		return 0, err
	}
	if err := l.sign(true); err != nil {
		return 0, err
	}
	return index, nil
}

// remove makes floor the first record, and then removes what lies before it.
// No signature looks for a file that is on its way out meanwhile.
func (l *Ledger) remove(floor uint64, names []string) (removed []string, err error) {
	l.signMu.Lock()
	defer l.signMu.Unlock()
	if err := l.failed(); err != nil {
		return nil, err
	}
	if err := writeFloor(l.fsys, floor); err != nil {
		return nil, l.harmed(fmt.Errorf("floor: %w", err))
	}
	for _, name := range names {
		if err := l.fsys.Remove(name); err != nil {
			return removed, l.harmed(errors.Join(err, l.fsys.SyncDir()))
		}
		removed = append(removed, name)
	}
	return removed, l.harmed(l.fsys.SyncDir())
}

// harmed poisons the ledger if err is of a failed sync, and returns it.
func (l *Ledger) harmed(err error) error {
	if _, ok := errors.AsType[*hardError](err); ok {
		return l.fail(err)
	}
	return err
}

// finishPruning removes the segments that a pruning that was cut short has
// left. That they may go was found out before.
func (l *Ledger) finishPruning(floor uint64) error {
	_, left, err := l.prunable(floor)
	if err != nil || len(left) == 0 {
		return err
	}
	for _, name := range left {
		if err := l.fsys.Remove(name); err != nil {
			return err
		}
	}
	return l.fsys.SyncDir()
}
