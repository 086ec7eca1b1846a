package ledger

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// commitAll is the committer: the only goroutine that writes segments.
func (l *Ledger) commitAll() {
	defer l.end()
	for range l.wake {
		l.lookAfter()
		for g := l.take(); g != nil; g = l.take() {
			l.commit(g)
		}
		if l.drained() {
			return
		}
	}
}

// lookInterval is how long batches are written without another look at the
// name of the segment. A look costs about a tenth of a quick sync.
const lookInterval = 5 * time.Millisecond

// lookAfter poisons the ledger if the segment is no longer what was written.
func (l *Ledger) lookAfter() {
	if !l.look.Load() || l.failed() != nil {
		return
	}
	if err := l.lookAt(time.Now()); err != nil {
		l.fail(err)
	}
}

// lookAt checks the segment, if that is asked for or the last time was too long
// ago.
func (l *Ledger) lookAt(now time.Time) error {
	if !l.look.Swap(false) && !l.options.always && now.Sub(l.looked) < lookInterval {
		return nil
	}
	l.looked = now
	return l.active.check(l.fsys)
}

// end lets those who wait know that no more will come.
func (l *Ledger) end() {
	l.endGrowth()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.wakeWaiters()
	close(l.done)
}

// take takes the pending group, nil if it is empty.
func (l *Ledger) take() *group {
	l.gather()
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.pending
	if g.count == 0 {
		return nil
	}
	l.pending = newGroup(l.buffer())
	if g.taken != nil {
		close(g.taken)
	}
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
	if g.err == nil {
		l.growLater(g.buf)
		l.advance(uint64(g.count))
	}
	l.expect(g.callers)
	close(g.done)
}

// write makes a group durable. Where there was no room for it and nothing was
// synced, it is refused and the ledger stays as it was. Every other failure
// poisons: after a failed sync nobody knows what the disk has, and a second one
// would not tell.
func (l *Ledger) write(g *group) error {
	if err := l.lookAt(time.Now()); err != nil {
		return l.fail(err)
	}
	err := l.makeRoom(int64(len(g.buf)))
	if err == nil {
		err = l.put(g)
	}
	if noRoom(err) {
		l.lacked()
		l.counters.refused.Add(uint64(g.count))
		return fmt.Errorf("ledger: append: %w", err)
	}
	if err != nil {
		return l.fail(err)
	}
	return nil
}

// makeRoom starts a new segment if a batch belongs into one.
func (l *Ledger) makeRoom(batch int64) error {
	if !l.active.full(batch, l.options.SegmentSize) {
		return nil
	}
	if err := l.active.check(l.fsys); err != nil { // nobody asks for its name later
		return err
	}
	if err := l.rotate(); err != nil {
		return fmt.Errorf("new segment: %w", err)
	}
	return nil
}

// put writes a group behind the last one and syncs it.
func (l *Ledger) put(g *group) error {
	g.first = l.size.Load()
	l.finish(g.body(), g.first)
	batchHeader{g.first, g.count, uint32(len(g.body())), checksum(g.body())}.put(g.buf, l.active.marker)
	if err := l.active.write(g.buf); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	end := l.active.offset + int64(len(g.buf))
	if err := l.active.ahead(end); noRoom(err) {
		l.lacked() // the batch itself has its room
	} else if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	start := time.Now()
	err := l.active.file.Sync()
	l.lastSync = time.Since(start)
	l.counters.sync(l.lastSync)
	if err != nil {
		return fmt.Errorf("sync: %w", hard(err))
	}
	l.active.offset = end
	l.counters.commit(g.count, len(g.buf))
	return nil
}

// finish gives the records of a body their places in the order, and the time,
// which never goes backwards; then it puts in the checksums of the frames.
func (l *Ledger) finish(body []byte, index uint64) {
	if now := time.Now().UTC(); now.After(l.recorded) {
		l.recorded = now
	}
	for ; len(body) > 0; index++ {
		end := frameEnd(body)
		audit.Stamp(body[frameHeaderSize:end], index, l.recorded)
		binary.LittleEndian.PutUint32(body, checksum(body[4:end]))
		body = body[end:]
	}
}

// advance counts records that are durable and wakes who waits for them.
func (l *Ledger) advance(records uint64) {
	l.size.Add(records)
	if l.watched.Load() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.wakeWaiters()
	}
}
