package syslogsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// A Sink writes records to one syslog server. It implements audit.Sink and
// safeguard.Reporter. It is safe for concurrent use; deliveries queue up. The
// zero value is not usable: see [New].
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
type Sink struct {
	address string
	opts    Options
	tls     *tls.Config
	since   time.Time

	// turn holds one token; who has it owns what follows.
	turn    chan struct{}
	session *session
	// held are frames that were written and not confirmed.
	held   [][]byte
	bytes  int
	closed bool

	records, sessions, failed, again atomic.Uint64
}

// New returns a Sink that writes to address, "host:port" or "host", which means
// port 6514, or 601 without TLS. It does not connect. It returns an error for
// an address or an option that is not allowed.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func New(address string, opts *Options) (*Sink, error) {
	o, err := opts.complete()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, "6514"
		if o.InsecurePlaintext {
			port = "601"
		}
	}
	if host == "" || port == "" {
		return nil, errors.New("syslogsink: new: the address has no host or no port")
	}
	address = net.JoinHostPort(host, port)
	s := &Sink{address: address, opts: o, tls: o.config(address), since: time.Now(), turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s, nil
}

// Deliver writes the records in their order. It returns nil once the receiver
// has confirmed that it read them (see the package), or with UnsafeWindow once
// they are written and at most so many are not confirmed. It returns an error
// that unwraps to ErrRecord, ErrTooLarge (nothing was written), ErrUnconfirmed,
// ErrClosed, context.Canceled or context.DeadlineExceeded, or another one for a
// connection that failed; then some records may have arrived, and all of them
// must come again.
//
// It connects at most once and takes at most Options.Timeout.
func (s *Sink) Deliver(ctx context.Context, records ...[]byte) error {
	frames := make([][]byte, len(records))
	for i, r := range records {
		f, err := s.opts.frame(r)
		if err != nil {
			return &recordError{i, err}
		}
		frames[i] = f
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.leave()
	if s.closed {
		return fmt.Errorf("syslogsink: deliver: %w", ErrClosed)
	}
	if len(frames) == 0 {
		return nil
	}
	if err := s.deliver(ctx, frames); err != nil {
		s.failed.Add(1)
		s.drop()
		return connError(ctx, "deliver", err)
	}
	return nil
}

// take waits for the turn.
func (s *Sink) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("syslogsink: deliver: %w", err)
	}
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("syslogsink: deliver: %w", ctx.Err())
	}
}

func (s *Sink) leave() { s.turn <- struct{}{} }

// deliver writes frames, after those that were held, and has them confirmed
// when they are more than the window.
func (s *Sink) deliver(ctx context.Context, frames [][]byte) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.session.write(ctx, frames); err != nil {
		return err
	}
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	if len(s.held)+len(frames) <= s.opts.UnsafeWindow && s.bytes+size <= maxHeld {
		s.held, s.bytes = append(s.held, frames...), s.bytes+size
		return nil
	}
	return s.confirm(ctx, len(frames))
}

// connect makes sure of a session in which all held frames were written.
func (s *Sink) connect(ctx context.Context) error {
	if s.session != nil && !s.session.over() {
		return nil
	}
	s.drop()
	session, err := dial(ctx, s.address, s.tls)
	if err != nil {
		return err
	}
	s.session = session
	s.sessions.Add(1)
	s.again.Add(uint64(len(s.held)))
	return session.write(ctx, s.held)
}

// confirm ends the session; fresh counts frames that are not held.
func (s *Sink) confirm(ctx context.Context, fresh int) error {
	if err := s.session.confirm(ctx, s.opts.UnsafeBareClose); err != nil {
		return err
	}
	s.records.Add(uint64(len(s.held) + fresh))
	s.held, s.bytes = nil, 0
	s.drop()
	return nil
}

// drop closes the session without a word.
func (s *Sink) drop() {
	if s.session != nil {
		_ = s.session.tcp.Close()
		<-s.session.done
		s.session = nil
	}
}

// Close has what is held confirmed, in a new session if it must, and ends the
// sink. It returns an error if the receiver did not confirm: then up to
// UnsafeWindow records may be lost. It takes at most Options.Timeout. A second
// Close does nothing.
func (s *Sink) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.leave()
	defer s.drop()
	s.closed = true
	if len(s.held) == 0 {
		return nil
	}
	err := s.connect(ctx)
	if err == nil {
		err = s.confirm(ctx, 0)
	}
	if err != nil && ctx.Err() == nil { // the old session may have been dead
		s.drop()
		if err = s.connect(ctx); err == nil {
			err = s.confirm(ctx, 0)
		}
	}
	if err != nil {
		return connError(ctx, "close", err)
	}
	return nil
}
