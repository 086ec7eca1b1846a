package ledger

import (
	"context"
	"errors"
	"io/fs"
)

// recover examines the records, says what it found in a record behind them,
// drops an unfinished batch at the very end, and prepares for writing.
func (l *Ledger) recover(last Checkpoint) error {
	e := &exam{walk: walk{fsys: l.fsys}, signed: last, keepTail: true}
	if err := e.examine(context.Background()); err != nil {
		return err
	}
	notes, err := l.findings(e)
	if err != nil {
		return err
	}
	l.tree, l.unsaved, l.saved = e.tree, e.tail, e.signed.Size
	l.size.Store(e.tree.size)
	if err := l.resumeSegment(e); err != nil {
		return err
	}
	if err := l.tell(notes); err != nil {
		return err
	}
	if err := l.drop(e); err != nil {
		return err
	}
	if err := l.prepare(&l.active); err != nil {
		return err
	}
	return l.resumeLeaves(e)
}

// resumeSegment opens the last segment for writing behind its last batch.
// That batch is written once more, and synced: if the run before ended by a
// failed sync, the system may show bytes that the disk does not have.
func (l *Ledger) resumeSegment(e *exam) (err error) {
	r := e.last
	if r == nil {
		return l.startSegment(l.tree)
	}
	f, err := l.fsys.Open(r.name, true)
	if err != nil {
		return err
	}
	held, err := hold(r.name, f)
	if err != nil {
		return err
	}
	l.active = segmentWriter{file: held, marker: r.header.marker, header: r.header.size(), offset: r.offset, size: r.size}
	again := make([]byte, e.lastBatch.size)
	if _, err := f.ReadAt(again, e.lastBatch.offset); err != nil {
		return err
	}
	if _, err := f.WriteAt(again, e.lastBatch.offset); err != nil {
		return err
	}
	return f.Sync()
}

// drop cuts off what is left of an unfinished batch.
func (l *Ledger) drop(e *exam) error {
	if e.extra() == 0 {
		return nil
	}
	if err := l.active.cut(); err != nil {
		return err
	}
	return l.active.file.Sync()
}

// resumeLeaves opens the leaf index, cut to the checkpoint; what lies beyond
// it is written with the next one. A damaged index is made again.
func (l *Ledger) resumeLeaves(e *exam) error {
	if e.indexDamaged() {
		if err := l.rebuildLeaves(e.signed.Size); err != nil {
			return err
		}
	}
	f, err := l.fsys.Open(leavesName, true)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = l.fsys.Create(leavesName)
	}
	if err != nil {
		return err
	}
	if l.leaves, err = hold(leavesName, f); err != nil {
		return err
	}
	return f.Truncate(int64(l.saved) * hashSize)
}

// rebuildLeaves writes the leaf index again from the examined records.
func (l *Ledger) rebuildLeaves(size uint64) error {
	f, err := l.fsys.Create(leavesName + tempSuffix)
	if err != nil {
		return err
	}
	defer f.Close()
	w := &walk{fsys: l.fsys, visit: leafWriter(f, size)}
	if err := w.run(context.Background()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return l.fsys.Rename(leavesName+tempSuffix, leavesName)
}

// leafWriter writes the first size leaves to f, in pieces.
func leafWriter(f file, size uint64) func(place, []byte, hash) error {
	const piece = 2048
	var buf []byte
	var offset int64
	return func(at place, _ []byte, leaf hash) error {
		if at.index >= size {
			return nil
		}
		buf = append(buf, leaf[:]...)
		if len(buf) < piece*hashSize && at.index+1 < size {
			return nil
		}
		_, err := f.WriteAt(buf, offset)
		offset += int64(len(buf))
		buf = buf[:0]
		return err
	}
}
