// Package httpsink delivers the records of an audit trail to a collector over
// HTTPS, as CloudEvents.
//
// Use it, below audit/relay, for any receiver that speaks the HTTP protocol
// binding of CloudEvents 1.0.2: a collector, an event gateway, a function. By
// default several records go in one request (application/cloudevents-batch+json);
// Structured sends one record a request for receivers that know no batches.
// Use audit/natssink for NATS JetStream, audit/syslogsink for a syslog server,
// audit/pgsink for PostgreSQL.
//
// Its promise: [Sink.Deliver] returns nil only after the receiver answered
// every request with a 2xx status, which by contract between you and the
// receiver means that it has stored the records. HTTP itself does not say so:
// do not point it at a receiver that answers before it stores. Any other
// status, a redirect too, a timeout or a broken connection is an error, and
// the same records come again; the receiver counts a record once by its source
// and id.
//
// TLS is required, of version 1.2 or later, with the certificate checked.
// Redirects are not followed, so credentials and records go to one place only.
// A receiver that asks for time (429 or 503 with Retry-After) is left alone
// for so long. Nothing of a record or of an answer is in an error.
//
// What it does not do: it holds no queue (the ledger and the relay's cursor
// are the queue), it does not retry, and it does not hide tokens and staff ids
// from the receiver: who gets audit records of patients' charts may need a
// business associate contract (164.308(b)(1)).
//
// The package imports the standard library only.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
package httpsink
