package ledger

import (
	"errors"
	"fmt"
	"time"
)

// watchInterval is how often the ledger looks after its files and the room on
// the disk when nothing happens, and it is how long it may take at most until
// it notices.
const watchInterval = 500 * time.Millisecond

// checkpointAll signs on a timer until the ledger is closed.
func (l *Ledger) checkpointAll() {
	every(l.options.CheckpointInterval, l.stop, func() { l.sign(false) })
}

// watchAll looks after the files on a timer of its own, since a signer that
// hangs must not keep it from that.
func (l *Ledger) watchAll() { every(watchInterval, l.stop, l.watch) }

// every calls f on a timer until stop is closed.
func every(interval time.Duration, stop <-chan struct{}, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			f()
		}
	}
}

// watch poisons the ledger if a file is no longer what was written, and renews
// what is known of the room on the disk.
func (l *Ledger) watch() {
	l.measureRoom()
	if l.failed() != nil {
		return
	}
	l.look.Store(true) // the segment is the committer's
	l.poke()
	if err := l.checkLeaves(); err != nil {
		l.fail(err)
	}
}

// sign writes a checkpoint of all durable records, if there are new ones or
// always is set. A signer that fails, and a disk that has no room, is asked
// again the next time, since no acknowledgement rests on it; a disk that fails
// poisons the ledger, and so does a file that is no longer what was written.
func (l *Ledger) sign(always bool) error {
	l.signMu.Lock()
	defer l.signMu.Unlock()
	if err := l.failed(); err != nil {
		return err
	}
	s := l.snapshot()
	if err := l.checkFiles(s.written); err != nil {
		return l.fail(err)
	}
	if s.size == l.checkpoint.Load().Size && !always {
		return nil
	}
	if err := l.saveLeaves(s.leaves); err != nil {
		return l.unwritten(fmt.Errorf("leaf index: %w", err))
	}
	c, err := l.signer.checkpoint(s.size, s.root)
	if err != nil {
		l.counters.unsigned.Add(1)
		return wrap("checkpoint", err)
	}
	if err := writeAtomic(l.fsys, checkpointName, c.Note); err != nil {
		return l.unwritten(fmt.Errorf("checkpoint: %w", err))
	}
	l.checkpoint.Store(&c)
	l.counters.checkpoints.Add(1)
	return nil
}

// unwritten handles a failure to write the files of a checkpoint. If there only
// was no room, nothing was done to what is there, and the next time may do.
func (l *Ledger) unwritten(err error) error {
	if !noRoom(err) {
		return l.fail(err)
	}
	l.lacked()
	l.counters.unsigned.Add(1)
	return wrap("checkpoint", fmt.Errorf("%w: %w", errSigner, err))
}

// A snapshot is what there is to sign.
type snapshot struct {
	size    uint64
	root    hash
	leaves  []hash // those that are not saved
	written segmentWriter
}

// snapshot returns the tree and takes the leaves that are not saved.
func (l *Ledger) snapshot() snapshot {
	l.treeMu.Lock()
	defer l.treeMu.Unlock()
	l.growLocked()
	s := snapshot{l.tree.size, l.tree.root(), l.unsaved, l.written}
	l.unsaved = nil
	return s
}

// checkFiles checks the files that are written to. The segment may be growing,
// or even be full by now.
func (l *Ledger) checkFiles(w segmentWriter) error {
	if err := w.file.check(l.fsys, w.offset, true); err != nil {
		return err
	}
	return l.checkLeaves()
}

func (l *Ledger) checkLeaves() error {
	l.leavesMu.Lock()
	defer l.leavesMu.Unlock()
	return l.leaves.check(l.fsys, int64(l.saved)*hashSize, false)
}

// saveLeaves extends the leaf index. It is durable before the checkpoint that
// covers it is written.
func (l *Ledger) saveLeaves(leaves []hash) error {
	if len(leaves) == 0 {
		return nil
	}
	p := make([]byte, 0, len(leaves)*hashSize)
	for _, leaf := range leaves {
		p = append(p, leaf[:]...)
	}
	l.leavesMu.Lock()
	defer l.leavesMu.Unlock()
	if _, err := l.leaves.WriteAt(p, int64(l.saved)*hashSize); err != nil {
		return errors.Join(err, l.keepLeaves(leaves))
	}
	if err := l.leaves.Sync(); err != nil {
		return hard(err)
	}
	l.saved += uint64(len(leaves))
	return nil
}

// keepLeaves puts leaves that could not be written back for the next time.
func (l *Ledger) keepLeaves(leaves []hash) error {
	l.treeMu.Lock()
	l.unsaved = append(leaves, l.unsaved...)
	l.treeMu.Unlock()
	return hard(l.leaves.Truncate(int64(l.saved) * hashSize))
}
