package relay

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A Source is a log that can be read from a position. A *ledger.Ledger is one.
//
// Records yields the durable records from index from, in order and without a
// gap, up to those that are durable when it is called. Size is how many records
// are durable. Wait returns nil when Size is greater than size, and an error
// when ctx is done or no more records will come. All must be safe for
// concurrent use.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Source interface {
	Records(ctx context.Context, from uint64) iter.Seq2[ledger.Record, error]
	Size() uint64
	Wait(ctx context.Context, size uint64) error
}

// A CursorSink is a sink that keeps the cursor itself. DeliverNext does what
// Deliver does and stores next, both or neither.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type CursorSink interface {
	audit.Sink
	Cursor
	DeliverNext(ctx context.Context, next uint64, records ...[]byte) error
}

// A Relay carries records from one Source to one sink. It implements
// safeguard.Reporter. All methods are safe for concurrent use. The zero value
// is not usable; call [New].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Relay struct {
	source  Source
	sink    audit.Sink
	cursor  Cursor
	both    CursorSink // nil if the cursor is kept elsewhere
	options Options
	opened  time.Time

	running atomic.Bool
	next    atomic.Uint64 // everything before it is delivered and stored
	loaded  atomic.Bool   // next is known
	pending atomic.Int64  // when the oldest record in hand was recorded, Unix nanoseconds; 0 for none
	refused int           // records that were quarantined since one was delivered; of Run
	seek    time.Duration // how long the source took to find the place last; of Run

	mu      sync.Mutex // guards the next two
	changed chan struct{}
	ended   error // what ended Run

	counters counters
}

// New returns a Relay from source to sink; [Relay.Run] does the work. cursor
// may be nil if the sink is a [CursorSink]. opts may be nil.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func New(source Source, sink audit.Sink, cursor Cursor, opts *Options) (*Relay, error) {
	if source == nil {
		return nil, errors.New("relay: new: no source")
	}
	if sink == nil {
		return nil, errors.New("relay: new: no sink")
	}
	options, err := opts.complete()
	if err != nil {
		return nil, err
	}
	r := &Relay{source: source, sink: sink, cursor: cursor, options: options,
		opened: time.Now(), changed: make(chan struct{})}
	if cursor != nil {
		return r, nil
	}
	both, ok := sink.(CursorSink)
	if !ok {
		return nil, errors.New("relay: new: no cursor, and the sink keeps none")
	}
	r.cursor, r.both = both, both
	return r, nil
}

// Next returns the index of the first record that is not known to be delivered.
// It is 0 before Run has read the cursor.
func (r *Relay) Next() uint64 { return r.next.Load() }

// Flush waits until everything that is durable in the source now is delivered
// and the cursor stored. It returns the error of ctx, or what ended Run. Call it
// before the log is closed; it does not itself carry anything.
func (r *Relay) Flush(ctx context.Context) error {
	want := r.source.Size()
	for {
		changed, ended := r.watch()
		if r.loaded.Load() && r.next.Load() >= want {
			return nil
		}
		if ended != nil {
			return ended
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return wrap("flush", ctx.Err())
		}
	}
}

func (r *Relay) watch() (<-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed, r.ended
}

// advance notes that everything before next is delivered and stored.
func (r *Relay) advance(next uint64) {
	r.next.Store(next)
	r.loaded.Store(true)
	r.tell(nil)
}

// tell wakes those who wait in Flush.
func (r *Relay) tell(ended error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = ended
	close(r.changed)
	r.changed = make(chan struct{})
}
