// Package relay carries the records of an audit log to where else they are
// wanted: a collector, a database, a stream, a SIEM.
//
// Use it beside the log that is the commit point: the request waits for that
// log only. A [Relay] reads the log from a position that a [Cursor] keeps, hands
// batches to an audit.Sink, and moves the cursor on when the sink has them. A
// sink that is down costs no request, no record and no memory: nothing is held
// but the batch in hand, and the rest is read from the log again when the sink
// is back.
//
// Give every sink a relay of its own, so that one that is down does not hold up
// another. Use [OpenFileCursor] where there is a disk; a sink that can store the
// position together with the records is its own cursor (see [CursorSink]).
//
// The promise: every record, in the order of the log, at least once. After a
// crash the last batch may come a second time, so the other side must know a
// record by its CloudEvents source and id, as the contract of audit.Sink
// demands. What a sink refuses for good (see [Permanent]) stops the relay, which
// says so; nothing is skipped in silence. Only with Options.Quarantine does it
// go on, and only after the record is durable there.
//
// What it does not do: it proves nothing about the copy (verify the log, or
// compare with its checkpoint), it does not encrypt, and it does not decide who
// may read at the other side. A cursor that is lost means that everything is
// delivered again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
package relay
