package natssink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Sink publishes records to one subject of one stream. It implements
// audit.Sink and safeguard.Reporter. It is safe for concurrent use, but only
// the records of one Deliver are in order. The zero value is not usable: see
// [New].
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
type Sink struct {
	nc              *nats.Conn
	js              jetstream.JetStream
	stream, subject string
	opts            Options
	since           time.Time

	records, duplicates, failed atomic.Uint64
}

// New returns a Sink that publishes to subject, which the stream must take. The
// connection stays the caller's; it must be connected now. New returns an error
// that unwraps to ErrInsecure for a connection without TLS, to ErrStream for a
// stream that is not fit, and to jetstream.ErrStreamNotFound for none.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func New(ctx context.Context, nc *nats.Conn, stream, subject string, opts *Options) (*Sink, error) {
	o, err := opts.complete()
	if err != nil {
		return nil, err
	}
	switch {
	case nc == nil:
		return nil, errors.New("natssink: new: no connection")
	case !literal(subject):
		return nil, errors.New("natssink: new: the subject is not one to publish to")
	case !nc.IsConnected():
		return nil, ErrDisconnected
	case !secure(nc) && !o.InsecurePlaintext:
		return nil, ErrInsecure
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncTimeout(o.Timeout), jetstream.WithPublishAsyncMaxPending(2*o.Window))
	if err != nil {
		return nil, plainError("new", err)
	}
	s := &Sink{nc: nc, js: js, stream: stream, subject: subject, opts: o, since: time.Now()}
	if _, err := s.Check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Deliver publishes the records in their order and returns nil once the server
// has acknowledged each for the stream. It returns an error that unwraps to
// ErrRecord or ErrTooLarge (nothing was published if the record is no event),
// ErrDisconnected, context.Canceled or context.DeadlineExceeded, or another one
// for a server that did not acknowledge; then some records may have arrived,
// and all of them must come again.
//
// It takes at most Options.Timeout, and returns at once while there is no
// connection.
func (s *Sink) Deliver(ctx context.Context, records ...[]byte) error {
	keys := make([]string, len(records))
	for i, r := range records {
		key, err := Key(r)
		if err != nil {
			return &recordError{i, err}
		}
		keys[i] = key
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	for from := 0; from < len(records); from += s.opts.Window {
		to := min(from+s.opts.Window, len(records))
		if err := s.window(ctx, from, records[from:to], keys[from:to]); err != nil {
			s.failed.Add(1)
			return err
		}
	}
	return nil
}

// window publishes some records and waits for all of them; first is the number
// of the first in the call.
func (s *Sink) window(ctx context.Context, first int, records [][]byte, keys []string) error {
	if err := ctx.Err(); err != nil {
		return plainError("deliver", err)
	}
	if !s.nc.IsConnected() {
		return fmt.Errorf("natssink: deliver: %w", ErrDisconnected)
	}
	before := s.nc.Stats().Reconnects
	acks := make([]jetstream.PubAckFuture, 0, len(records))
	for i, r := range records {
		ack, err := s.js.PublishMsgAsync(s.message(r, keys[i]), jetstream.WithRetryAttempts(0), jetstream.WithExpectStream(s.stream))
		if err != nil {
			return publishError(first+i, err)
		}
		acks = append(acks, ack)
	}
	// An acknowledgement that a lost connection took along never comes.
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	lost := func() bool { return !s.nc.IsConnected() || s.nc.Stats().Reconnects != before }
	for i, ack := range acks {
		if err := s.wait(ctx, first+i, ack, look.C, lost); err != nil {
			return err
		}
	}
	s.records.Add(uint64(len(records)))
	return nil
}

// message makes the message of a record, with a body of its own.
func (s *Sink) message(record []byte, key string) *nats.Msg {
	return &nats.Msg{Subject: s.subject, Data: bytes.Clone(record), Header: nats.Header{
		// As the NATS binding's own SDK spells it; NATS compares the case.
		"content-type":        {"application/cloudevents+json"},
		jetstream.MsgIDHeader: {key},
	}}
}

// wait waits for the acknowledgement of one record, as long as the connection
// on which it was published lasts.
func (s *Sink) wait(ctx context.Context, index int, ack jetstream.PubAckFuture, look <-chan time.Time, lost func() bool) error {
	for {
		select {
		case a := <-ack.Ok():
			return s.acknowledged(a)
		case err := <-ack.Err():
			return publishError(index, err)
		case <-look:
			if lost() {
				return fmt.Errorf("natssink: deliver: %w", ErrDisconnected)
			}
		case <-ctx.Done():
			return plainError("deliver", ctx.Err())
		}
	}
}

// acknowledged judges what the server answered.
func (s *Sink) acknowledged(a *jetstream.PubAck) error {
	if a.Stream != s.stream {
		return fmt.Errorf("natssink: deliver: %w: another one answered", ErrStream)
	}
	if a.Duplicate {
		s.duplicates.Add(1)
	}
	return nil
}
