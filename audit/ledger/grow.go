package ledger

import "slices"

const (
	// growthBatch is how many bytes of durable records wait for the tree until
	// the goroutine that hashes is woken. Few are not worth that; whoever needs
	// the tree takes them in.
	growthBatch = 64 << 10
	// growthLag is how many may wait before the committer does, too.
	growthLag = 4 * maxBody
	// spareBuffers is how many buffers are kept to be used again.
	spareBuffers = 4
)

// A growth is durable frames that the tree must take in.
type growth struct {
	buf     []byte
	from    int  // where the frames begin
	collect bool // those of small groups, copied together
	written segmentWriter
}

// growAll takes durable records into the tree, beside the committer, so that no
// acknowledgement waits for a hash.
func (l *Ledger) growAll() {
	defer close(l.grown)
	for range l.growing {
		l.treeMu.Lock()
		l.growLocked()
		l.treeMu.Unlock()
	}
}

// growLater hands over a durable group. Whoever locks the tree from then on and
// calls growLocked has its records. It waits only if the tree lags far behind.
func (l *Ledger) growLater(buf []byte) {
	lag := l.enqueue(buf)
	if lag < growthBatch {
		return
	}
	select {
	case l.growing <- struct{}{}:
	default:
	}
	if lag > growthLag {
		l.caughtUp()
	}
}

func (l *Ledger) enqueue(buf []byte) (lag int) {
	frames := buf[batchHeaderSize:]
	l.growMu.Lock()
	defer l.growMu.Unlock()
	l.lag += len(frames)
	if len(frames) > growthBatch/2 {
		l.growth = append(l.growth, growth{buf, batchHeaderSize, false, l.active})
		return l.lag
	}
	last := len(l.growth) - 1
	if last < 0 || !l.growth[last].collect {
		l.growth = append(l.growth, growth{l.buffer(), 0, true, l.active})
		last++
	}
	l.growth[last].buf = append(l.growth[last].buf, frames...)
	l.growth[last].written = l.active
	l.recycle(buf)
	return l.lag
}

// endGrowth takes in everything and ends the goroutine that hashes.
func (l *Ledger) endGrowth() {
	close(l.growing)
	<-l.grown
	l.caughtUp()
}

// buffer returns one that was used before, if there is one, empty.
func (l *Ledger) buffer() []byte {
	select {
	case buf := <-l.spare:
		return buf[:0]
	default:
		return nil
	}
}

// recycle keeps a buffer to be used again.
func (l *Ledger) recycle(buf []byte) {
	select {
	case l.spare <- buf:
	default:
	}
}

// growLocked takes everything that was handed over into the tree; l.treeMu is
// held.
func (l *Ledger) growLocked() {
	l.growMu.Lock()
	queue := l.growth
	l.growth, l.lag = nil, 0
	l.growMu.Unlock()
	for _, g := range queue {
		l.grow(g.buf[g.from:])
		l.written = g.written
		l.recycle(g.buf)
	}
}

// grow takes the records of a durable body into the tree.
func (l *Ledger) grow(body []byte) {
	for len(body) > 0 {
		end := frameEnd(body)
		leaf := leafHash(body[frameHeaderSize-1 : end])
		l.tree.append(leaf)
		l.unsaved = append(l.unsaved, leaf)
		body = body[end:]
	}
}

// caughtUp returns the tree of all records that were durable at the time of the
// call.
func (l *Ledger) caughtUp() tree {
	l.treeMu.Lock()
	defer l.treeMu.Unlock()
	l.growLocked()
	return tree{l.tree.size, slices.Clone(l.tree.nodes)}
}
