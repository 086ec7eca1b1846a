package ledger

import (
	"context"
	"fmt"
	"time"
)

// A group is what one sync will make durable. Its fields but the channels are
// guarded by Ledger.mu until it is taken; then they are the committer's.
type group struct {
	buf   []byte // batch header, frames
	count uint32
	taken chan struct{} // closed when the committer has taken it
	done  chan struct{} // closed when err is final
	err   error
}

func newGroup(buf []byte) *group {
	return &group{
		buf:   append(buf[:0], make([]byte, batchHeaderSize)...),
		taken: make(chan struct{}),
		done:  make(chan struct{}),
	}
}

// Append adds records, in order and one right behind the other, and returns
// nil once all of them are durable: they would survive a power cut. Concurrent
// calls share one sync. The slices may be used again after Append returned.
//
// A record is any bytes, at least one, at most Options.MaxRecordSize, and all
// of one call 4 MiB; else it returns [ErrSize] and adds nothing. It returns
// [ErrClosed] or [ErrPoisoned] from a ledger that ended. A call without records
// only asks for that.
//
// While the disk lags, Append waits; ctx bounds that. Its error then means
// that the records must not be counted on. They may still become durable
// later, whole and in order; nothing else is harmed.
func (l *Ledger) Append(ctx context.Context, records ...[]byte) error {
	need, err := l.measure(records)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ledger: append: %w", err)
	}
	g, err := l.join(ctx, need, records)
	if err != nil || len(records) == 0 {
		return err
	}
	l.poke()
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return fmt.Errorf("ledger: append: the record is not known to be durable: %w", ctx.Err())
	}
}

// measure returns how many bytes the records' frames take.
func (l *Ledger) measure(records [][]byte) (int, error) {
	need := 0
	for _, r := range records {
		if len(r) == 0 || len(r) > l.options.MaxRecordSize {
			return 0, fmt.Errorf("%w: %d bytes", ErrSize, len(r))
		}
		need += frameHeaderSize + len(r)
	}
	if need > maxBody {
		return 0, fmt.Errorf("%w: %d bytes in one call", ErrSize, need)
	}
	return need, nil
}

// join puts the records into the pending group, as soon as it has room.
func (l *Ledger) join(ctx context.Context, need int, records [][]byte) (*group, error) {
	for {
		g, ok, err := l.tryJoin(need, records)
		if ok || err != nil {
			return g, err
		}
		select {
		case <-g.taken:
		case <-ctx.Done():
			return nil, fmt.Errorf("ledger: append: %w", ctx.Err())
		}
	}
}

func (l *Ledger) tryJoin(need int, records [][]byte) (*group, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison != nil {
		return nil, false, l.poison
	}
	if l.closing {
		return nil, false, ErrClosed
	}
	g := l.pending
	if len(g.buf)-batchHeaderSize+need > maxBody {
		return g, false, nil
	}
	for _, r := range records {
		g.buf = appendFrame(g.buf, r)
	}
	g.count += uint32(len(records))
	return g, true, nil
}

// poke wakes the committer.
func (l *Ledger) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// commitAll is the committer: the only goroutine that writes segments.
func (l *Ledger) commitAll() {
	defer close(l.done)
	for range l.wake {
		for g := l.take(); g != nil; g = l.take() {
			l.commit(g)
		}
		if l.drained() {
			return
		}
	}
}

// take takes the pending group, nil if it is empty.
func (l *Ledger) take() *group {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.pending
	if g.count == 0 {
		return nil
	}
	l.pending = newGroup(l.spare)
	l.spare = nil
	close(g.taken)
	return g
}

// drained reports whether nothing is pending and nothing will be.
func (l *Ledger) drained() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing && l.pending.count == 0
}

// commit makes a group durable and tells those who wait; the tree follows.
func (l *Ledger) commit(g *group) {
	g.err = l.failed()
	if g.err == nil {
		g.err = l.write(g)
	}
	if g.err != nil {
		close(g.done)
		return
	}
	l.size.Add(uint64(g.count))
	close(g.done)
	l.grow(g.buf[batchHeaderSize:])
	l.spare = g.buf
}

// write makes a group durable. A failure poisons: after a failed sync nobody
// knows what the disk has, and a second one would not tell.
func (l *Ledger) write(g *group) error {
	if err := l.active.file.check(l.fsys, l.active.offset, false); err != nil {
		return l.fail(err)
	}
	if l.active.full(int64(len(g.buf)), l.options.SegmentSize) {
		if err := l.rotate(); err != nil {
			return l.fail(fmt.Errorf("new segment: %w", err))
		}
	}
	if err := l.put(g); err != nil {
		return l.fail(err)
	}
	return nil
}

// put writes a group behind the last one and syncs it.
func (l *Ledger) put(g *group) error {
	body := g.buf[batchHeaderSize:]
	batchHeader{l.size.Load(), g.count, uint32(len(body)), checksum(body)}.put(g.buf, l.active.marker)
	if _, err := l.active.file.WriteAt(g.buf, l.active.offset); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	start := time.Now()
	err := l.active.file.Sync()
	l.counters.sync(time.Since(start))
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	l.active.offset += int64(len(g.buf))
	l.counters.commit(g.count, len(g.buf))
	return nil
}

// grow takes the records of a durable body into the tree.
func (l *Ledger) grow(body []byte) {
	l.treeMu.Lock()
	defer l.treeMu.Unlock()
	for len(body) > 0 {
		prefixed, rest, _ := nextFrame(body)
		leaf := leafHash(prefixed)
		l.tree.append(leaf)
		l.unsaved = append(l.unsaved, leaf)
		body = rest
	}
	l.written = l.active
}
