package syslogsink

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// A session is one connection to the receiver.
type session struct {
	net.Conn             // what is written to: TLS, or TCP alone
	tcp      *watched    // what lies below
	tls      *tls.Conn   // nil without TLS
	ending   atomic.Bool // we have said that we end

	done chan struct{} // closed when the receiver has ended; guards the next two
	err  error
	// early is whether it ended before we did.
	early bool
}

// A watched notes whether the other side ended the TCP connection: crypto/tls
// takes that at the border of a record for a proper end.
type watched struct {
	*net.TCPConn
	bare atomic.Bool
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.TCPConn.Read(b)
	if errors.Is(err, io.EOF) {
		w.bare.Store(true)
	}
	return n, err
}

// dial connects and shakes hands. conf is nil for no TLS.
func dial(ctx context.Context, address string, conf *tls.Config) (*session, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	tcp, good := c.(*net.TCPConn)
	if !good {
		_ = c.Close()
		return nil, errors.New("not TCP")
	}
	s := &session{tcp: &watched{TCPConn: tcp}, done: make(chan struct{})}
	s.Conn = s.tcp
	if conf != nil {
		s.tls = tls.Client(s.tcp, conf)
		s.Conn = s.tls
		if err := s.tls.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	go s.watch()
	return s, nil
}

// maxChatter is how much a receiver may send, which it has no reason to.
const maxChatter = 64 << 10

// watch reads until the receiver ends the session, an alert comes, or the
// connection is closed.
func (s *session) watch() {
	n, err := io.CopyN(io.Discard, s.Conn, maxChatter)
	if n == maxChatter {
		err = errors.New("the receiver talks")
	}
	s.err, s.early = err, !s.ending.Load()
	close(s.done)
}

// over reports whether the receiver has ended the session.
func (s *session) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// write writes frames; ctx ends it.
func (s *session) write(ctx context.Context, frames [][]byte) error {
	defer s.until(ctx)()
	var buf []byte
	for i, f := range frames {
		buf = append(buf, f...)
		if len(buf) < 64<<10 && i < len(frames)-1 {
			continue
		}
		if s.over() {
			return ErrUnconfirmed
		}
		if _, err := s.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return nil
}

// until ends what is under way on the connection when ctx is done. The
// function that it returns takes that back.
func (s *session) until(ctx context.Context) (stop func()) {
	after := context.AfterFunc(ctx, func() { _ = s.tcp.SetDeadline(time.Unix(1, 0)) })
	return func() { after() }
}

// confirm ends the session and returns nil if the receiver has read all that
// was written. bare is whether an end without close_notify will do.
func (s *session) confirm(ctx context.Context, bare bool) error {
	defer s.until(ctx)()
	s.ending.Store(true)
	if err := s.end(); err != nil {
		return err
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.early || !errors.Is(s.err, io.EOF) {
		return ErrUnconfirmed
	}
	if s.tls == nil {
		return nil
	}
	if n, known := unacknowledged(s.tcp.TCPConn); known && n > 0 {
		return ErrUnconfirmed
	}
	if s.tcp.bare.Load() {
		if bare {
			return nil
		}
		return ErrUnconfirmed
	}
	return s.drain()
}

// end says that nothing more will come: close_notify, or the end of the
// connection where there is no TLS.
func (s *session) end() error {
	if s.tls != nil {
		return s.tls.CloseWrite()
	}
	return s.tcp.CloseWrite()
}

// drain waits for the end of the connection below TLS. A receiver that closes
// with bytes unread resets it, which is an error here.
func (s *session) drain() error {
	if err := s.tcp.CloseWrite(); err != nil {
		return ErrUnconfirmed
	}
	if _, err := io.CopyN(io.Discard, s.tcp, maxChatter); !errors.Is(err, io.EOF) {
		return ErrUnconfirmed
	}
	return nil
}
