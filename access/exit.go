package access

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"
)

// An exit is the one way out of an allowed request: nothing passes that is not
// recorded, or after a cut. It is the ResponseWriter of a route that is not
// projected. It has no Unwrap and no ReadFrom.
type exit struct {
	under http.ResponseWriter
	call  *call
}

// Header returns the headers of the answer.
func (x *exit) Header() http.Header { return x.under.Header() }

// open makes what was noted durable and begins a write, which leave of the
// flight ends.
func (x *exit) open() error { return x.begin(false) }

// begin is open. The last write is that of the Mux itself, after the handler.
func (x *exit) begin(last bool) error {
	c := x.call
	if c.entry == nil { // with an Entry the commit asks the gate
		if err := c.gate(c.flight.ctx); err != nil {
			return err
		}
	} else if err := c.entry.Commit(c.flight.ctx); err != nil {
		return err
	}
	if err := c.flight.write(last); err != nil {
		return err
	}
	charged := false
	defer func() {
		if !charged { // the Throttle panics: a cut and the end of the request wait for no write
			c.flight.leave()
		}
	}()
	c.charge()
	charged = true
	return nil
}

// last sends what the handler of a route that is not projected has left to
// net/http: the headers of an answer without a body, and what is in a buffer. Later
// a cut would not find it any more. Nor would it find trailers: there are none.
func (x *exit) last() error {
	_, begun := x.call.flight.state()
	if err := x.begin(true); err != nil {
		return err
	}
	defer x.call.flight.leave()
	if !begun {
		x.under.WriteHeader(http.StatusOK)
	}
	err := http.NewResponseController(x.under).Flush()
	clear(x.Header())
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// WriteHeader sends the status line, unless a cut was before.
func (x *exit) WriteHeader(status int) {
	if x.open() != nil {
		return
	}
	defer x.call.flight.leave()
	x.under.WriteHeader(status)
}

// Write sends b as it is.
func (x *exit) Write(b []byte) (int, error) {
	x.call.passRaw()
	if err := x.open(); err != nil {
		return 0, err
	}
	defer x.call.flight.leave()
	return x.under.Write(b)
}

// Flush sends what is buffered; see FlushError.
func (x *exit) Flush() { _ = x.FlushError() }

// FlushError sends what is buffered.
func (x *exit) FlushError() error {
	if err := x.open(); err != nil {
		return err
	}
	defer x.call.flight.leave()
	return http.NewResponseController(x.under).Flush()
}

// send answers whole, and lets nothing of it linger in a buffer, where a cut
// would not find it any more.
func (x *exit) send(status int, contentType string, body []byte) error {
	if err := x.open(); err != nil {
		return err
	}
	defer x.call.flight.leave()
	respond(x.under, status, contentType, body)
	if len(body) > 0 {
		_ = http.NewResponseController(x.under).Flush()
	}
	return nil
}

// pass sends a part of a stream, and lets nothing of it linger.
func (x *exit) pass(b []byte) error {
	if err := x.open(); err != nil {
		return err
	}
	defer x.call.flight.leave()
	if _, err := x.under.Write(b); err != nil {
		return err
	}
	_ = http.NewResponseController(x.under).Flush()
	return nil
}

// Hijack hands over the connection, which a cut closes.
func (x *exit) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	x.call.passRaw()
	if err := x.open(); err != nil {
		return nil, nil, err
	}
	f := &x.call.flight
	defer f.leave()
	raw, buf, err := http.NewResponseController(x.under).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := &hijacked{raw, f}
	if !f.take(raw) {
		_ = raw.Close()
		return nil, nil, ErrTerminated
	}
	return c, bufio.NewReadWriter(buf.Reader, bufio.NewWriter(c)), nil
}

// SetReadDeadline sets the deadline for reading the request.
func (x *exit) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(x.under).SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline for writing the answer. After a cut it
// stays in the past.
func (x *exit) SetWriteDeadline(t time.Time) error {
	return x.call.flight.setWriteDeadline(http.NewResponseController(x.under).SetWriteDeadline, t)
}

// EnableFullDuplex lets the handler read the request while it answers.
func (x *exit) EnableFullDuplex() error {
	return http.NewResponseController(x.under).EnableFullDuplex()
}

// setWriteDeadline sets a deadline of writes by set, unless f was cut.
func (f *flight) setWriteDeadline(set func(time.Time) error, t time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut {
		return ErrTerminated
	}
	return set(t)
}

// take makes conn what a cut of f closes. It reports false after a cut.
func (f *flight) take(conn net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut {
		return false
	}
	f.conn = conn
	return true
}

// land releases f at the end of its handler, unless it has a connection of its
// own by then. What a handler that failed has left in a buffer stays there: a cut
// would not find it any more.
func (f *flight) land() {
	f.mu.Lock()
	flying := f.conn != nil
	if f.begun && !f.whole && !flying && f.out != nil {
		_ = http.NewResponseController(f.out).SetWriteDeadline(longAgo)
	}
	f.mu.Unlock()
	if !flying {
		f.close()
		f.release()
	}
}

// hijacked is a connection that a cut closes. It has the methods of net.Conn
// only.
type hijacked struct {
	net.Conn
	flight *flight
}

// Write sends b, unless a cut was before.
func (c *hijacked) Write(b []byte) (int, error) {
	if err := c.flight.enter(); err != nil {
		return 0, err
	}
	defer c.flight.leave()
	return c.Conn.Write(b)
}

// SetDeadline sets both deadlines. After a cut they stay in the past.
func (c *hijacked) SetDeadline(t time.Time) error {
	return c.flight.setWriteDeadline(c.Conn.SetDeadline, t)
}

// SetWriteDeadline sets the deadline of writes. After a cut it stays in the
// past.
func (c *hijacked) SetWriteDeadline(t time.Time) error {
	return c.flight.setWriteDeadline(c.Conn.SetWriteDeadline, t)
}

// Close closes the connection. What was under way is over with it.
func (c *hijacked) Close() error {
	defer c.flight.release()
	return c.Conn.Close()
}
