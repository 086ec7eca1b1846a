// Package syslogsink delivers the records of an audit trail to a syslog server
// over TLS: RFC 5424 messages in RFC 5425 frames, as IHE ATNA (ITI-20) asks of
// the transport.
//
// Use it, below audit/relay, for a SIEM or an audit repository that takes
// syslog. Where the receiver can take HTTP or NATS, prefer audit/httpsink or
// audit/natssink: syslog has no acknowledgement. The message is the record
// itself, JSON in UTF-8; a receiver of DICOM audit messages will not understand
// it.
//
// What delivered means here: every [Sink.Deliver] writes its records, ends the
// TLS session with close_notify and waits until the receiver has done the same,
// as RFC 5425, section 4.4, demands of it. The receiver has then read every
// byte; on Linux the sink also asks the kernel whether all of it was
// acknowledged, which unmasks a receiver that closed at the same moment. What
// can still be lost is what the receiver has read and not stored when it dies.
// Without the answer the delivery is an error, and the same records come again;
// whoever reads them counts a record once by its source and id, which stand in
// the structured data.
//
// A session for each delivery costs three round trips; UnsafeWindow keeps
// sessions open and holds the last records back for another delivery. A record
// is never cut: one that is larger than MaxMessage is refused. Many receivers
// cut silently at 8 KiB by default; raise their limit.
//
// What it does not do: no UDP, no queue, no retry, no ITI-20 message format.
//
// The package imports the standard library and package audit only.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
package syslogsink
