// Package natssink delivers the records of an audit trail to a stream of NATS
// JetStream, as CloudEvents in structured mode.
//
// Use it, below audit/relay, where other services read the audit trail from a
// broker. Each record is one message: its body is the record as it stands, its
// content type application/cloudevents+json, and its Nats-Msg-Id a hash of the
// record's source and id, so that the server drops what comes twice within the
// stream's duplicate window. Beyond that window a consumer must drop it, by
// source and id; [Key] is the same hash.
//
// Its promise: [Sink.Deliver] returns nil only after the server acknowledged
// every record for the stream that was named. By default JetStream
// acknowledges before it syncs to disk (sync_interval, two minutes), so a power
// cut at the server can lose records that it acknowledged: set sync_interval:
// always, or keep three replicas on machines that do not fail together. Nothing
// here can see that setting. That is why this is a sink and not a commit point:
// the ledger stays the record.
//
// [New] never creates a stream. It refuses one in memory, one that does not
// acknowledge, and a connection without TLS, and [Sink.Check] lists what is
// weak, such as a stream whose messages can be deleted or fall out by age.
// [EnsureStream] is for the operator who wants one made properly.
//
// Order: records stand in the stream in their order, but after a failure in the
// middle of a delivery those that come again may stand behind later ones; the
// attribute sequence tells.
//
// It is a module of its own, so that nats.go is in the graph of its users only.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
package natssink
