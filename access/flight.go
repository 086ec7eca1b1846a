package access

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// ErrTerminated is the cause (context.Cause) with which the context of a
// request ends that [Guard.Cut] has cut, and what its later writes return.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrTerminated = errors.New("access: terminated while under way")

// Track says that the Principal of ctx does something now that a [Guard.Cut]
// has to end: the context that it returns ends with the cause [ErrTerminated].
// Call release when it is over. A Mux tracks its requests by itself; Track is
// for jobs and other transports.
//
// Track first and decide then: either the decision sees that the account is
// closed, or the cut sees the flight. What is written without looking at the
// context is not stopped; a Mux stops that too.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func (g *Guard) Track(ctx context.Context) (tracked context.Context, release func()) {
	p, _ := safeguard.PrincipalFrom(ctx)
	f := &flight{}
	g.enforcement.flights.begin(f, ctx, p, nil)
	return f.ctx, f.release
}

// Cut ends what the principal has under way: every request of a Mux of g and
// all that is tracked, also what a service does on its behalf. Mark the account
// as inactive first, so that nothing new begins. Contexts end with the cause
// [ErrTerminated], later writes are refused, a write to a slow client is aborted,
// and a hijacked connection is closed.
//
// When it returns nil, no byte of these requests can leave this process any
// more; what the kernel, or the frame buffer of an HTTP/2 connection (4 KiB), has
// taken before has left, and so has what a middleware outside of the Mux has: put
// none there that keeps answers back, as http.TimeoutHandler and compression do. It does not wait for handlers that ignore their
// context, only for a write that cannot be aborted, behind a ResponseWriter
// without SetWriteDeadline. It returns the error of ctx if that takes longer, and
// one that unwraps to safeguard.ErrPrincipal for an empty id. Public routes, behind
// which no PHI is, go on.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func (g *Guard) Cut(ctx context.Context, tenant, id string) error {
	if id == "" {
		return fmt.Errorf("access: cut: %w", safeguard.ErrPrincipal)
	}
	return g.enforcement.flights.cut(ctx, func(p *safeguard.Principal) bool {
		return p.Tenant == tenant && (p.ID == id || p.OnBehalfOf == id)
	})
}

// CutAll is Cut for everybody, for a process that no longer knows who was
// terminated.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func (g *Guard) CutAll(ctx context.Context) error {
	return g.enforcement.flights.cut(ctx, func(*safeguard.Principal) bool { return true })
}

// flights are the requests under way. It grows with them and with nothing
// else. A cut looks at each of them: it is rare, a request is not.
type flights struct {
	shards [32]flightShard
}

type flightShard struct {
	mu    sync.Mutex
	first *flight
	_     [48]byte // keep two shards off one cache line
}

// A flight is one request, or what else is tracked.
type flight struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	who    safeguard.Principal
	out    http.ResponseWriter // nil if nothing is answered

	shard      *flightShard
	prev, next *flight

	mu      sync.Mutex
	cut     bool
	over    bool
	closed  bool          // the handler has returned, and what is left of it writes nothing
	begun   bool          // something was handed to out
	whole   bool          // and nothing of it is in a buffer
	sending int           // writes to out under way
	idle    chan struct{} // closed when sending is 0, if a cut waits for it
	conn    net.Conn      // after Hijack
}

// begin registers f, which must be zero.
func (s *flights) begin(f *flight, ctx context.Context, p safeguard.Principal, out http.ResponseWriter) {
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	f.who, f.out = p, out
	f.shard = &s.shards[rand.Uint32N(uint32(len(s.shards)))]
	f.shard.mu.Lock()
	defer f.shard.mu.Unlock()
	f.next = f.shard.first
	if f.next != nil {
		f.next.prev = f
	}
	f.shard.first = f
}

// release ends f. A cut that comes later does not see it.
func (f *flight) release() {
	f.mu.Lock()
	done := f.over
	f.over = true
	f.mu.Unlock()
	if done {
		return
	}
	f.cancel(context.Canceled)
	f.shard.mu.Lock()
	defer f.shard.mu.Unlock()
	switch {
	case f.prev != nil:
		f.prev.next = f.next
	case f.shard.first == f:
		f.shard.first = f.next
	}
	if f.next != nil {
		f.next.prev = f.prev
	}
	f.prev, f.next = nil, nil
}

// cut ends every flight of a principal that match knows, and returns when
// nothing of them can leave any more.
func (s *flights) cut(ctx context.Context, match func(*safeguard.Principal) bool) error {
	var hit []*flight
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		for f := shard.first; f != nil; f = f.next {
			if match(&f.who) {
				hit = append(hit, f)
			}
		}
		shard.mu.Unlock()
	}
	var waits []<-chan struct{}
	for _, f := range hit {
		if idle := f.end(); idle != nil {
			waits = append(waits, idle)
		}
	}
	for _, idle := range waits {
		select {
		case <-idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// longAgo is a deadline in the past. net/http resets an HTTP/2 stream at once
// for one.
var longAgo = time.Unix(1, 0)

// end cuts f, and returns what to wait for, if a write is under way.
func (f *flight) end() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return nil
	}
	f.cut = true
	f.cancel(ErrTerminated)
	switch {
	case f.conn != nil:
		_ = f.conn.SetDeadline(longAgo)
		go f.hangUp(f.conn) // its account is ended with it, which may take
	case f.out != nil && f.begun:
		_ = http.NewResponseController(f.out).SetWriteDeadline(longAgo)
	}
	return f.drained()
}

// drained returns what is closed when no write is under way any more, nil if
// none is. It is called under the lock.
func (f *flight) drained() <-chan struct{} {
	if f.sending == 0 {
		return nil
	}
	if f.idle == nil {
		f.idle = make(chan struct{})
	}
	return f.idle
}

// hangUp closes a hijacked connection, with which f is over.
func (f *flight) hangUp(conn net.Conn) {
	defer f.release()
	_ = conn.Close()
}

// enter begins a write to out. It returns an error after a cut, and when the
// handler has returned; leave must not be called then.
func (f *flight) enter() error { return f.write(false) }

// write is enter. The last writes are those of the Mux itself, after the handler.
func (f *flight) write(last bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.cut:
		return ErrTerminated
	case f.over, f.closed && !last: // a cut no longer finds it, or soon
		return http.ErrHandlerTimeout
	}
	f.sending++
	f.begun = true
	return nil
}

// leave ends a write.
func (f *flight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sending--
	if f.sending == 0 && f.idle != nil {
		close(f.idle)
		f.idle = nil
	}
}

// close refuses writes of goroutines that the handler has left behind, and waits
// for those under way, so that a cut finds them as long as they last. A connection
// that was hijacked goes on.
func (f *flight) close() {
	f.mu.Lock()
	if f.conn != nil {
		f.mu.Unlock()
		return
	}
	f.closed = true
	idle := f.drained()
	f.mu.Unlock()
	if idle != nil {
		<-idle
	}
}

// complete says that all that was handed to out has left.
func (f *flight) complete() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.whole = true
}

// hijacked reports whether f has a connection of its own.
func (f *flight) hijacked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conn != nil
}

// state says whether f was cut, and whether something had left before.
func (f *flight) state() (cut, begun bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut, f.begun
}
