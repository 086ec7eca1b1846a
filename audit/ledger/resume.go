package ledger

import (
	"context"
	"errors"
	"io"
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
	if err := l.resumeLeaves(e); err != nil {
		return err
	}
	if e.floor == 0 {
		return nil
	}
	return l.finishPruning(e.floor)
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
	if len(again) > 0 {
		l.recorded = lastRecorded(again[batchHeaderSize:])
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
		if err := l.rebuildLeaves(e.floor, e.signed.Size); err != nil {
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

// rebuildLeaves writes the leaf index again from the examined records. What it
// has of those before floor, which were pruned, was examined too, and is kept.
func (l *Ledger) rebuildLeaves(floor, size uint64) error {
	f, err := l.fsys.Create(leavesName + tempSuffix)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.copyLeaves(f, floor); err != nil {
		return err
	}
	w := &walk{fsys: l.fsys, most: floor, visit: leafWriter(f, floor, size)}
	if err := w.run(context.Background()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return l.fsys.Rename(leavesName+tempSuffix, leavesName)
}

// copyLeaves copies the first n leaves to f.
func (l *Ledger) copyLeaves(f file, n uint64) error {
	if n == 0 {
		return nil
	}
	old, err := l.fsys.Open(leavesName, false)
	if err != nil {
		return err
	}
	defer old.Close()
	_, err = io.Copy(io.NewOffsetWriter(f, 0), io.NewSectionReader(old, 0, int64(n)*hashSize))
	return err
}

// leafWriter writes the leaves from index from to size to f, in pieces.
func leafWriter(f file, from, size uint64) func(place, []byte, hash) error {
	const piece = 2048
	var buf []byte
	offset := int64(from) * hashSize
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
