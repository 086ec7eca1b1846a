package ledger

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io/fs"
	"strings"
)

// load brings the directory into a state from which it can be written, or
// refuses.
func (l *Ledger) load(key crypto.Signer) error {
	signed, err := readSmall(l.fsys, checkpointName, maxNote)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	if err := l.sweep(missing); err != nil {
		return err
	}
	if l.options.Origin, err = chooseOrigin(l.options.Origin, signed); err != nil {
		return err
	}
	if l.signer, err = newCheckpointSigner(l.options.Origin, key); err != nil {
		return err
	}
	if missing {
		return l.begin()
	}
	last, err := openCheckpoint(signed, l.signer)
	if err != nil {
		return err
	}
	l.checkpoint.Store(&last)
	return l.recover(last)
}

// sweep removes unfinished files. It refuses a directory without a checkpoint
// that has segments: the checkpoint is written first and never removed.
func (l *Ledger) sweep(noCheckpoint bool) error {
	names, err := l.fsys.List()
	if err != nil {
		return err
	}
	list, err := segments(names)
	if err != nil {
		return err
	}
	if noCheckpoint && len(list) > 0 {
		return &DamageError{Reason: "the checkpoint is missing"}
	}
	for _, name := range names {
		if !unfinished(name) {
			continue
		}
		if err := l.fsys.Remove(name); err != nil {
			return err
		}
	}
	return l.fsys.SyncDir()
}

// unfinished reports whether name is one under which the ledger writes a file
// before it gets its own. Files of others are none of its business.
func unfinished(name string) bool {
	final, ok := strings.CutSuffix(name, tempSuffix)
	_, segment := firstOf(final)
	return ok && (segment || final == checkpointName || final == leavesName)
}

// chooseOrigin takes the name that the directory has, the one that is asked
// for, or a default, and refuses a contradiction.
func chooseOrigin(asked string, signed []byte) (string, error) {
	if signed == nil && asked != "" {
		return asked, nil
	}
	if signed == nil {
		return defaultOrigin(), nil
	}
	line, _, _ := bytes.Cut(signed, []byte("\n"))
	has := string(line)
	if checkOrigin(has) != nil || has == "" {
		return "", &DamageError{Reason: "the checkpoint names no origin"}
	}
	if asked != "" && asked != has {
		return "", errors.New("options: Origin is not the one of the directory")
	}
	return has, nil
}

// begin makes a new ledger: first a checkpoint of nothing, then a segment.
func (l *Ledger) begin() error {
	c, err := l.signer.checkpoint(0, l.tree.root())
	if err != nil {
		return err
	}
	if err := writeAtomic(l.fsys, checkpointName, c.Note); err != nil {
		return err
	}
	l.checkpoint.Store(&c)
	f, err := l.fsys.Create(leavesName)
	if err != nil {
		return err
	}
	if l.leaves, err = hold(leavesName, f); err != nil {
		return err
	}
	l.active, err = createSegment(l.fsys, l.tree)
	return err
}

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
	return l.resumeLeaves(e)
}

// resumeSegment opens the last segment for writing behind its last batch.
// That batch is written once more, and synced: if the run before ended by a
// failed sync, the system may show bytes that the disk does not have.
func (l *Ledger) resumeSegment(e *exam) (err error) {
	r := e.last
	if r == nil {
		l.active, err = createSegment(l.fsys, l.tree)
		return err
	}
	f, err := l.fsys.Open(r.name, true)
	if err != nil {
		return err
	}
	held, err := hold(r.name, f)
	if err != nil {
		return err
	}
	l.active = segmentWriter{held, r.header.marker, r.header.size(), r.offset}
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
	if err := l.active.file.Truncate(l.active.offset); err != nil {
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
