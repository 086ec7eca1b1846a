package pgsink

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// An entry is one record with its place in the tree.
type entry struct {
	data []byte
	leaf merkle.Hash
}

// A call is one call of Append.
type call struct {
	records [][]byte
	gone    atomic.Bool // its caller was refused before it was sent
}

// A group is what one commit will make durable. Its fields but the channels are
// guarded by Log.mu until it is taken; then they are the committer's.
type group struct {
	calls        []*call
	count, bytes int
	taken        chan struct{} // closed when the committer has taken it
	done         chan struct{} // closed when err is final
	err          error
}

func newGroup() *group { return &group{taken: make(chan struct{}), done: make(chan struct{})} }

// Append adds records, in order and one right behind the other, and returns nil
// once they are committed. Concurrent calls share one commit. The slices may be
// used again after Append returned.
//
// A record is 1 to 65,535 bytes, and one call 4 MiB and 4,096 records at most;
// else it returns ledger.ErrSize and adds nothing. Its place and time are put
// into the log's copy (audit.Stamp). It returns ledger.ErrClosed or
// ledger.ErrPoisoned from a log that ended; [ErrUnknown] if the connection was
// lost in the middle, and then the records may stand in the log or not. While
// the server is away, Append waits; ctx bounds that, and what was not sent by
// then is not sent any more.
func (l *Log) Append(ctx context.Context, records ...[]byte) error {
	bytes, err := measure(records)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return wrap("append", err)
	}
	c := new(call)
	for _, r := range records {
		c.records = append(c.records, slices.Clone(r))
	}
	g, err := l.join(ctx, c, bytes)
	if err != nil || len(records) == 0 {
		return err
	}
	l.poke()
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		c.gone.Store(true)
		return fmt.Errorf("pgsink: append: the record is not known to be durable: %w", ctx.Err())
	}
}

// measure returns how many bytes the records have.
func measure(records [][]byte) (int, error) {
	bytes := 0
	for _, r := range records {
		if len(r) == 0 || len(r) > maxRecord {
			return 0, fmt.Errorf("pgsink: %w: %d bytes", ledger.ErrSize, len(r))
		}
		bytes += len(r)
	}
	if bytes > maxBody || len(records) > maxGroup {
		return 0, fmt.Errorf("pgsink: %w: %d bytes in one call", ledger.ErrSize, bytes)
	}
	return bytes, nil
}

// join puts a call into the pending group, as soon as it has room.
func (l *Log) join(ctx context.Context, c *call, bytes int) (*group, error) {
	for {
		g, ok, err := l.tryJoin(c, bytes)
		if ok || err != nil {
			return g, err
		}
		select {
		case <-g.taken:
		case <-ctx.Done():
			return nil, wrap("append", ctx.Err())
		}
	}
}

func (l *Log) tryJoin(c *call, bytes int) (*group, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison != nil {
		return nil, false, l.poison
	}
	if l.closing {
		return nil, false, errClosed
	}
	g := l.pending
	if g.bytes+bytes > maxBody || g.count+len(c.records) > maxGroup {
		return g, false, nil
	}
	if len(c.records) == 0 {
		return g, true, nil
	}
	g.calls = append(g.calls, c)
	g.count += len(c.records)
	g.bytes += bytes
	return g, true, nil
}

// poke wakes the committer.
func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// commitAll is the committer: the only goroutine that writes records.
func (l *Log) commitAll() {
	defer close(l.done)
	for range l.wake {
		for g := l.take(); g != nil; g = l.take() {
			began := time.Now()
			g.err = l.commit(g)
			l.expect, l.patience = len(g.calls)+l.waiting(), min(time.Since(began)/4, maxPatience)
			close(g.done)
		}
		if l.drained() {
			return
		}
	}
}

// maxPatience bounds how long a commit waits for callers.
const maxPatience = 500 * time.Microsecond

// gather waits a little for those whom the last commit has released: they are
// about to come again, and would else be half of the callers in each of two
// groups that wait for each other.
func (l *Log) gather() {
	n := l.waiting()
	if n == 0 || n >= l.expect {
		return
	}
	limit := time.NewTimer(l.patience)
	defer limit.Stop()
	for l.waiting() < l.expect {
		select {
		case <-l.wake:
		case <-limit.C:
			return
		}
	}
}

// waiting returns how many callers the pending group has.
func (l *Log) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending.calls)
}

// take takes the pending group, nil if it is empty.
func (l *Log) take() *group {
	l.gather()
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.pending
	if g.count == 0 {
		return nil
	}
	l.pending = newGroup()
	close(g.taken)
	return g
}

// drained reports whether nothing is pending and nothing will be.
func (l *Log) drained() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing && l.pending.count == 0
}

// entries gives the records of the calls that still wait their place and time.
func (l *Log) entries(g *group) []entry {
	now := time.Now()
	if now.Before(l.latest) {
		now = l.latest
	}
	l.latest = now
	next := l.size.Load()
	var list []entry
	for _, c := range g.calls {
		if c.gone.Load() {
			continue
		}
		for _, r := range c.records {
			audit.Stamp(r, next+uint64(len(list)), now)
			list = append(list, entry{r, merkle.Leaf(r)})
		}
	}
	return list
}

// grow takes committed records into the tree, then lets them be read.
func (l *Log) grow(list []entry) {
	l.treeMu.Lock()
	for _, e := range list {
		l.tree.Append(e.leaf)
		l.tip = e.leaf
	}
	l.size.Store(l.tree.Size)
	l.treeMu.Unlock()
	l.mu.Lock()
	l.tell()
	l.mu.Unlock()
}
