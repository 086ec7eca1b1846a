package ledger

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// checkpointAll signs on a timer until the ledger is closed.
func (l *Ledger) checkpointAll() {
	defer close(l.idle)
	ticker := time.NewTicker(l.options.CheckpointInterval)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.sign(false)
		}
	}
}

// sign writes a checkpoint of all durable records, if there are new ones or
// always is set. A signer that fails is asked again the next time, since no
// acknowledgement rests on it; a disk that fails poisons the ledger, and so
// does a file that is no longer what was written.
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
		return l.fail(fmt.Errorf("leaf index: %w", err))
	}
	c, err := l.signer.checkpoint(s.size, s.root)
	if err != nil {
		l.counters.unsigned.Add(1)
		return wrap("checkpoint", err)
	}
	if err := writeAtomic(l.fsys, checkpointName, c.Note); errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		l.counters.unsigned.Add(1) // nothing was written to what is there; the next time
		return wrap("checkpoint", fmt.Errorf("%w: %w", errSigner, err))
	} else if err != nil {
		return l.fail(fmt.Errorf("checkpoint: %w", err))
	}
	l.checkpoint.Store(&c)
	l.counters.checkpoints.Add(1)
	return nil
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
	if _, err := l.leaves.WriteAt(p, int64(l.saved)*hashSize); err != nil {
		return err
	}
	if err := l.leaves.Sync(); err != nil {
		return err
	}
	l.saved += uint64(len(leaves))
	return nil
}
