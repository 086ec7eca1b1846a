package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// zeroStride is how many zeros are written ahead of the records. The first
// write to a preallocated block has to change what the file system knows of
// it, which makes a sync about half as fast again as one of a block that was
// written before. So every byte is written twice, and the syncs between two
// strides are quick. A batch of more than largeBatch gains less than that costs.
const (
	zeroStride = 1 << 20
	largeBatch = 128 << 10
)

// A segmentWriter is the segment that is written to.
type segmentWriter struct {
	file   heldFile
	marker marker
	header int64 // size of the header
	offset int64 // where the next batch goes
	size   int64 // of the file; what lies behind offset is zero
	zeroed int64 // up to where zeros were written
	sealed bool  // it was cut to its records, and only a new segment may follow
	zeros  []byte
}

// full reports whether a batch belongs into a new segment. A batch that is
// larger than a segment gets one of its own.
func (s *segmentWriter) full(batch, limit int64) bool {
	return s.sealed || s.offset > s.header && s.offset+batch > limit
}

// check returns a *DamageError unless the file is there, as it was written.
func (s *segmentWriter) check(fsys fileSystem) error { return s.file.check(fsys, s.size, false) }

// preallocate makes the file limit bytes long, zeros behind its records, so
// that neither its size nor its blocks need to be found while callers wait.
// Where that is not possible for want of room the file grows as it is written.
func (s *segmentWriter) preallocate(limit int64) (low bool, err error) {
	s.size, s.zeroed = max(s.size, s.offset), s.offset
	if limit <= s.size {
		return false, nil
	}
	err = s.file.Allocate(limit)
	if err == nil {
		s.size = limit
		return false, nil
	}
	if !noRoom(err) {
		return false, fmt.Errorf("preallocate: %w", err)
	}
	return true, s.cut() // it can have grown by a part
}

// cut ends the file behind the last batch. It is not synced.
func (s *segmentWriter) cut() error {
	if err := s.file.Truncate(s.offset); err != nil {
		return fmt.Errorf("cut: %w", hard(err))
	}
	s.size, s.zeroed = s.offset, s.offset
	return nil
}

// write writes a batch. If there was no room it leaves the file as it was.
func (s *segmentWriter) write(batch []byte) error {
	if _, err := s.file.WriteAt(batch, s.offset); err != nil {
		if !noRoom(err) {
			return err
		}
		return errors.Join(err, s.cut())
	}
	s.size = max(s.size, s.offset+int64(len(batch)))
	return nil
}

// ahead writes zeros behind a batch that was written and ends at end, if those
// that stood there are used up.
func (s *segmentWriter) ahead(end int64) error {
	n := min(int64(len(s.zeros)), s.size-end)
	if end <= s.zeroed || n <= 0 || end-s.offset > largeBatch {
		return nil
	}
	s.zeroed = end + n
	_, err := s.file.WriteAt(s.zeros[:n], end)
	return err
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
	return segmentWriter{file: held, marker: h.marker, header: h.size(), offset: h.size(), size: h.size()}, err
}

// startSegment makes the segment that follows and prepares it for writing.
func (l *Ledger) startSegment(before tree) error {
	next, err := createSegment(l.fsys, before)
	if err != nil {
		return err
	}
	if err := l.prepare(&next); err != nil {
		return errors.Join(err, next.file.Close())
	}
	l.active = next
	return nil
}

// prepare makes room in a segment.
func (l *Ledger) prepare(s *segmentWriter) error {
	s.zeros = l.zeros
	low, err := s.preallocate(l.options.SegmentSize)
	if low {
		l.lacked()
	}
	return err
}

// rotate ends the segment, which is durable to its last byte, and starts the
// next. Only the committer calls it. If there is no room for a new one, it can
// be called again.
func (l *Ledger) rotate() error {
	if err := l.seal(); err != nil {
		return err
	}
	old := l.active
	if err := l.startSegment(l.caughtUp()); err != nil {
		return err
	}
	if err := old.file.Close(); err != nil {
		return fmt.Errorf("close: %w", hard(err))
	}
	l.counters.rotations.Add(1)
	return nil
}

// seal cuts the segment to its records, for good.
func (l *Ledger) seal() error {
	s := &l.active
	if s.sealed {
		return nil
	}
	if s.size > s.offset {
		if err := s.cut(); err != nil {
			return err
		}
		if err := s.file.Sync(); err != nil {
			return fmt.Errorf("sync: %w", hard(err))
		}
	}
	s.sealed = true
	return nil
}
