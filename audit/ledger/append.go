package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// A group is what one sync will make durable. Its fields but done are guarded
// by Ledger.mu until it is taken; then they are the committer's.
type group struct {
	buf     []byte        // batch header, frames without their checksums
	count   uint32        // records
	callers int           // calls of Append that wait for it
	taken   chan struct{} // made by who waits until the committer has taken it
	done    chan struct{} // closed when err and first are final
	first   uint64        // index of its first record
	err     error
}

func newGroup(buf []byte) *group {
	if cap(buf) < batchHeaderSize {
		buf = make([]byte, 0, 4<<10)
	}
	return &group{buf: buf[:batchHeaderSize], done: make(chan struct{})}
}

// add takes in records. Whoever writes the group puts in the checksums.
func (g *group) add(records [][]byte) {
	for _, r := range records {
		g.buf = binary.LittleEndian.AppendUint32(append(g.buf, 0, 0, 0, 0), uint32(len(r)))
		g.buf = append(g.buf, r...)
	}
	g.count += uint32(len(records))
	g.callers++
}

// body is the frames.
func (g *group) body() []byte { return g.buf[batchHeaderSize:] }

// Append adds records, in order and one right behind the other, and returns
// nil once all of them are durable: they would survive a power cut. Concurrent
// calls share one sync. The slices may be used again after Append returned.
//
// A record is any bytes, at least one, at most Options.MaxRecordSize, and all
// of one call 4 MiB; else it returns [ErrSize] and adds nothing. One that
// begins as those of package audit do is stored with its index and the time of
// its commit in it (audit.Stamp). It returns [ErrClosed] or [ErrPoisoned] from
// a ledger that ended. A call without records only asks for that.
//
// If there is no room on the disk, or no file can be opened, the error is of
// that kind (syscall.ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE), nothing was added, and
// later calls succeed again once the cause is gone. On Windows a full disk
// ends the ledger instead, as every other failure does.
//
// While the disk lags, Append waits; ctx bounds that. Its error then means
// that the records must not be counted on. They may still become durable
// later, whole and in order; nothing else is harmed.
func (l *Ledger) Append(ctx context.Context, records ...[]byte) error {
	g, _, err := l.submit(ctx, records)
	if err != nil || len(records) == 0 {
		return err
	}
	return g.wait(ctx)
}

// appendOne is Append, and returns the index of the record.
func (l *Ledger) appendOne(ctx context.Context, record []byte) (uint64, error) {
	g, at, err := l.submit(ctx, [][]byte{record})
	if err != nil {
		return 0, err
	}
	if err := g.wait(ctx); err != nil {
		return 0, err
	}
	return g.first + uint64(at), nil
}

// submit hands records to the committer, and returns which group they are in
// and where.
func (l *Ledger) submit(ctx context.Context, records [][]byte) (*group, uint32, error) {
	need, err := l.measure(records)
	if err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("ledger: append: %w", err)
	}
	g, at, err := l.join(ctx, need, records)
	if err == nil && len(records) > 0 {
		l.poke()
	}
	return g, at, err
}

// wait waits until the group is durable.
func (g *group) wait(ctx context.Context) error {
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
func (l *Ledger) join(ctx context.Context, need int, records [][]byte) (*group, uint32, error) {
	for {
		g, at, err := l.tryJoin(need, records)
		if err != errFull {
			return g, at, err
		}
		select {
		case <-g.taken:
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("ledger: append: %w", ctx.Err())
		}
	}
}

// errFull says that the pending group has no room.
var errFull = errors.New("full")

// tryJoin returns the group that the records are in, and where, or errFull and
// the group that must be taken before.
func (l *Ledger) tryJoin(need int, records [][]byte) (*group, uint32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison != nil {
		return nil, 0, l.poison
	}
	if l.closing {
		return nil, 0, ErrClosed
	}
	g := l.pending
	if len(g.body())+need > maxBody {
		if g.taken == nil {
			g.taken = make(chan struct{})
		}
		return g, 0, errFull
	}
	at := g.count
	if len(records) > 0 {
		g.add(records)
	}
	return g, at, nil
}

// poke wakes the committer.
func (l *Ledger) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
