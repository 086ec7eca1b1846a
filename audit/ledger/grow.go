package ledger

import "slices"

// growthLag is how many durable batches may wait to be taken into the tree.
const growthLag = 4

// A growth is a durable body that the tree must take in.
type growth struct {
	buf     []byte // batch header, frames
	written segmentWriter
}

// growAll takes durable records into the tree, beside the committer, so that no
// acknowledgement waits for a hash.
func (l *Ledger) growAll() {
	defer close(l.grown)
	for g := range l.growth {
		l.grow(g.buf[batchHeaderSize:], g.written)
		select {
		case l.spare <- g.buf:
		default:
		}
	}
}

// growLater hands a durable group over. It waits only if the tree lags far
// behind.
func (l *Ledger) growLater(buf []byte) { l.growth <- growth{buf, l.active} }

// endGrowth waits until the tree has everything.
func (l *Ledger) endGrowth() {
	close(l.growth)
	<-l.grown
}

// buffer returns one that was used before, if there is one.
func (l *Ledger) buffer() []byte {
	select {
	case buf := <-l.spare:
		return buf[:0]
	default:
		return nil
	}
}

// grow takes the records of a durable body into the tree.
func (l *Ledger) grow(body []byte, written segmentWriter) {
	l.treeMu.Lock()
	defer l.treeMu.Unlock()
	for len(body) > 0 {
		end := frameEnd(body)
		leaf := leafHash(body[frameHeaderSize-1 : end])
		l.tree.append(leaf)
		l.unsaved = append(l.unsaved, leaf)
		body = body[end:]
	}
	l.written = written
	l.grew.Broadcast()
}

// caughtUp returns the tree of at least size records, once it has them. They
// must be durable.
func (l *Ledger) caughtUp(size uint64) tree {
	l.treeMu.Lock()
	defer l.treeMu.Unlock()
	for l.tree.size < size {
		l.grew.Wait()
	}
	return tree{l.tree.size, slices.Clone(l.tree.nodes)}
}
