package audit

import "context"

// A Log is where records become durable. Package audit/ledger has the embedded
// one.
//
// Append stores the records in order, one right behind the other, and returns
// nil only once all of them would survive a power cut. Any error means that
// none may be counted on: the caller refuses the output that they account for.
// Append must be safe for concurrent use, must not keep or change the slices
// after it has returned, and must return soon after ctx is done. It stamps its
// own copy of every record that [Stamp] can stamp.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Log interface {
	Append(ctx context.Context, records ...[]byte) error
}

// Capacity is an optional power of a [Log] that sets room aside for the
// records of identified callers. Low reports whether the room for records of
// nobody is used up: until it says no again, requests of nobody are only
// counted. It must return at once and be safe for concurrent use.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Capacity interface {
	Low() bool
}

// A Sink takes records to another place: a collector, a database, a broker. It
// gets them in their order and at least once.
//
// Deliver returns nil only once all the records are durable at the other side;
// after any error the caller delivers the same records again, and perhaps
// after a crash too, so the other side must count a record once that it gets
// twice: by the CloudEvents attributes source and id, which are unique
// together. Deliver must not keep or change the slices after it has returned,
// and must return soon after ctx is done. It need not be safe for concurrent
// use. audittest.RunSink checks an implementation.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Sink interface {
	Deliver(ctx context.Context, records ...[]byte) error
}
