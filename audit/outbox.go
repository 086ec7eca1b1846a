package audit

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// Bounds of the outbox. linger is how long records wait for company.
const (
	maxItems  = 4096
	maxBytes  = 8 << 20
	linger    = 2 * time.Millisecond
	firstWait = 100 * time.Millisecond
	lastWait  = 5 * time.Second
)

// An outbox holds what becomes durable soon, off the way of requests: the ends
// of entries, and the records of mode Async. It is bounded, and what is in it
// stays until the log has taken it.
type outbox struct {
	wake, hurry chan struct{}

	mu     sync.Mutex
	items  []item
	bytes  int // of items and of what is on its way
	flight int // how many are on their way
	closed bool
	spare  []item
}

// An item is an end, rendered late, or a record.
type item struct {
	ended  ended
	record []byte
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// push takes the items, all or none of them. It returns false if there is no
// room or the outbox was closed.
func (b *outbox) push(items ...item) bool {
	size := sizeOf(items)
	b.mu.Lock()
	if b.closed || b.flight+len(b.items)+len(items) > maxItems || b.bytes+size > maxBytes {
		b.mu.Unlock()
		return false
	}
	b.items = append(b.items, items...)
	b.bytes += size
	n := len(b.items)
	b.mu.Unlock()
	if n == len(items) {
		signal(b.wake)
	}
	if n >= maxItems/2 {
		signal(b.hurry)
	}
	return true
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take returns what waits, which still counts until it is kept or back.
func (b *outbox) take() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items, b.spare, b.flight = b.spare[:0], nil, len(items)
	return items
}

// sent forgets items that are durable, and keeps their room for later.
func (b *outbox) sent(items []item) {
	size := sizeOf(items)
	clear(items)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spare, b.flight = items[:0], 0
	b.bytes -= size
}

// back puts the items in front again of which the first n are durable.
func (b *outbox) back(items []item, n int) {
	size := sizeOf(items[:n])
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flight = 0
	b.bytes -= size
	b.items = append(append([]item(nil), items[n:]...), b.items...)
}

func sizeOf(items []item) (size int) {
	for i := range items {
		size += len(items[i].record)
	}
	return size
}

// close makes push refuse.
func (b *outbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}

// maxBatch bounds the records of one append, and maxAppend their bytes: a log
// that refuses an append for its size would refuse it for ever.
const (
	maxBatch  = 256
	maxAppend = 1 << 20
)

// batch returns how many of items go into one append. An end counts as what it
// can be at most.
func batch(items []item) (n int) {
	for size := 0; n < len(items) && n < maxBatch; n++ {
		most := 2 << 10
		if items[n].record != nil {
			most = len(items[n].record)
		}
		if size += most; n > 0 && size > maxAppend {
			break
		}
	}
	return n
}

// send makes what waits durable, or returns why not; that stays.
func (r *Recorder) send() error {
	items := r.outbox.take()
	for from, n := 0, 0; from < len(items); from += n {
		n = batch(items[from:])
		if err := r.sendBatch(items[from : from+n]); err != nil {
			r.outbox.back(items, from)
			return err
		}
	}
	r.outbox.sent(items)
	return nil
}

func (r *Recorder) sendBatch(batch []item) error {
	x := encoders.Get().(*encoder)
	defer x.free()
	for i := range batch {
		if batch[i].record != nil {
			x.starts = append(x.starts, len(x.buf))
			x.buf = append(x.buf, batch[i].record...)
			continue
		}
		r.renderEnd(x, &batch[i].ended)
	}
	records, err := x.list()
	if err != nil {
		return err
	}
	return x.taken(r.appendSoon(records...))
}

// appendSoon appends with the Recorder's own deadline.
func (r *Recorder) appendSoon(records ...[]byte) error {
	limit := new(deadline)
	limit.start(context.Background(), time.Now(), r.deadline)
	defer limit.end()
	return r.append(limit, records...)
}

// An ended is what an end record says.
type ended struct {
	entry         [36]byte
	parts, status int
	outcome       Outcome
	bytes         int64
	milliseconds  int64
	at            time.Time
}

// end hands an end record to the goroutine, or appends it here if there are
// too many waiting or the Recorder has been closed.
func (r *Recorder) end(e *ended) {
	if r.outbox.push(item{ended: *e}) {
		return
	}
	x := encoders.Get().(*encoder)
	defer x.free()
	r.renderEnd(x, e)
	records, err := x.list()
	if err == nil {
		err = x.taken(r.appendSoon(records...))
	}
	if err != nil {
		r.counters.lost.Add(1)
	}
}

// renderEnd renders an end record.
func (r *Recorder) renderEnd(x *encoder, e *ended) {
	o := object(x.begin())
	o = append(append(append(o, `"id":"`...), e.entry[:]...), `.end","source":`...)
	o = append(append(o, r.sourceJSON...), `,"type":"`+TypeEnded+`","time":"`...)
	o = append(appendTime(o, e.at), `","datacontenttype":"application/json","subject":"`...)
	o = append(append(o, e.entry[:]...), `","hipaacontrol":"164.312(b)","nistcsf":"PR.PS-04"`...)
	if text(string(e.outcome)) {
		o = o.str("outcome", string(e.outcome))
	}
	o = append(append(append(o, `,"data":{"entry":"`...), e.entry[:]...), `","parts":`...)
	o = strconv.AppendInt(o, int64(e.parts), 10)
	o = o.str("outcome", bounded(string(e.outcome))).int("status", int64(e.status))
	x.finish(append(o.mustInt("bytes", e.bytes).mustInt("ms", e.milliseconds), "}}"...))
}
