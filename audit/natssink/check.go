package natssink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Finding is a setting of the stream that weakens what it holds.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Finding struct {
	// Setting is the name of the setting in JetStream, for instance
	// "deny_delete".
	Setting string
	// Text says in one sentence what can happen.
	Text string
}

// Check reads the stream's settings now and lists what is weak in them, in a
// fixed order; none is an empty list. It returns an error that unwraps to
// ErrStream for a stream that New would refuse, and to ErrDisconnected, at
// once, while there is no connection. What a server does on its own,
// such as when it syncs, cannot be read.
func (s *Sink) Check(ctx context.Context) ([]Finding, error) {
	if !s.nc.IsConnected() {
		return nil, fmt.Errorf("natssink: check: %w", ErrDisconnected)
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	stream, err := s.js.Stream(ctx, s.stream)
	if err != nil {
		return nil, plainError("check", err)
	}
	c := stream.CachedInfo().Config
	if err := s.fit(c); err != nil {
		return nil, err
	}
	return findings(c), nil
}

// fit reports whether records may go to the stream at all.
func (s *Sink) fit(c jetstream.StreamConfig) error {
	switch {
	case c.Storage != jetstream.FileStorage && !s.opts.UnsafeMemoryStorage:
		return fmt.Errorf("%w: it is kept in memory", ErrStream)
	case c.NoAck:
		return fmt.Errorf("%w: it does not acknowledge", ErrStream)
	case c.PersistMode == jetstream.AsyncPersistMode:
		return fmt.Errorf("%w: it acknowledges before it writes", ErrStream)
	case c.Sealed || c.Mirror != nil:
		return fmt.Errorf("%w: it takes no messages", ErrStream)
	case !slices.ContainsFunc(c.Subjects, func(p string) bool { return covers(p, s.subject) }):
		return fmt.Errorf("%w: it does not take the subject", ErrStream)
	}
	return nil
}

// minDuplicates is how long a stream should remember what it has.
const minDuplicates = 2 * time.Minute

func findings(c jetstream.StreamConfig) []Finding {
	var out []Finding
	add := func(weak bool, setting, text string) {
		if weak {
			out = append(out, Finding{setting, text})
		}
	}
	limited := c.MaxBytes > 0 || c.MaxMsgs > 0 || c.MaxMsgsPerSubject > 0
	add(c.Storage != jetstream.FileStorage, "storage", "a restart of the server loses every record")
	add(!c.DenyDelete, "deny_delete", "single records can be deleted")
	add(!c.DenyPurge, "deny_purge", "the stream can be emptied")
	add(c.AllowRollup, "allow_rollup_hdrs", "one message can replace all others")
	add(c.Retention != jetstream.LimitsPolicy, "retention", "records go when consumers have taken them")
	add(c.MaxAge > 0, "max_age", "records go when they are old")
	add(limited && c.Discard == jetstream.DiscardOld, "discard", "old records go when the stream is full")
	add(c.MaxBytes > 0, "max_bytes", "servers such as 2.9.10 let old records go at this bound, whatever discard says")
	add(c.AllowMsgTTL, "allow_msg_ttl", "a message can set its own end")
	add(c.Duplicates < minDuplicates, "duplicate_window", "the server forgets within two minutes what it has, so consumers see records twice")
	add(c.Replicas < 3, "num_replicas", "one server holds the only copy")
	return out
}

// A Stream says what EnsureStream makes.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Stream struct {
	// Name and Subjects are required.
	Name     string
	Subjects []string
	// Replicas is 1 if zero; 3 is what a cluster should have.
	Replicas int
	// Duplicates is how long the server remembers what it has; 10 minutes if
	// zero. It costs the server memory for each record within it.
	Duplicates time.Duration
	// MaxRecords bounds the stream; 0 for no bound. A full stream refuses new
	// records, which then wait in the ledger, and keeps the old ones. There is
	// no bound in bytes, because servers such as 2.9.10 count them one way when
	// they take a message and another when they look for what to let go.
	MaxRecords int64
}

// EnsureStream makes a stream for records, for the operator who sets up a
// server: kept in files, nothing in it can be deleted or purged, full means
// full. These two denials cannot be taken back. A stream that exists with the
// same settings is left as it is; with others it is an error that unwraps to
// jetstream.ErrStreamNameAlreadyInUse.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func EnsureStream(ctx context.Context, js jetstream.JetStream, s Stream) error {
	if s.Replicas == 0 {
		s.Replicas = 1
	}
	if s.Duplicates == 0 {
		s.Duplicates = 10 * time.Minute
	}
	if s.MaxRecords == 0 {
		s.MaxRecords = -1
	}
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: s.Name, Subjects: s.Subjects, Replicas: s.Replicas, Duplicates: s.Duplicates, MaxMsgs: s.MaxRecords,
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		DenyDelete: true, DenyPurge: true, Description: "records of an audit trail",
	})
	if err != nil {
		return fmt.Errorf("natssink: ensure stream: %w", err)
	}
	return nil
}
