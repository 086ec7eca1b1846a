package ledger

import (
	"crypto/rand"
	"fmt"
)

// A segmentWriter is the segment that is written to.
type segmentWriter struct {
	file   heldFile
	marker marker
	header int64 // size of the header
	offset int64 // where the next batch goes
}

// full reports whether a batch belongs into a new segment. A batch that is
// larger than a segment gets one of its own.
func (s *segmentWriter) full(batch, limit int64) bool {
	return s.offset > s.header && s.offset+batch > limit
}

// createSegment makes an empty segment behind the records of before. Its name
// appears only after its header is durable, and is durable on return.
func createSegment(fsys fileSystem, before tree) (segmentWriter, error) {
	h := segmentHeader{before: before}
	if _, err := rand.Read(h.marker[:]); err != nil {
		return segmentWriter{}, err
	}
	name := segmentName(before.size)
	if err := writeAtomic(fsys, name, h.encode()); err != nil {
		return segmentWriter{}, err
	}
	f, err := fsys.Open(name, true)
	if err != nil {
		return segmentWriter{}, err
	}
	held, err := hold(name, f)
	return segmentWriter{held, h.marker, h.size(), h.size()}, err
}

// rotate ends the segment, which is durable to its last byte, and starts the
// next. Only the committer calls it, after the tree has caught up.
func (l *Ledger) rotate() error {
	next, err := createSegment(l.fsys, l.tree)
	if err != nil {
		return err
	}
	old := l.active
	l.active = next
	if err := old.file.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	l.counters.rotations.Add(1)
	return nil
}
