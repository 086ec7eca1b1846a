package audit

import "context"

// A Log is where records become durable. Package audit/ledger has the embedded
// one.
//
// Append stores the records in order, one right behind the other, and returns
// nil only once all of them would survive a power cut. Any error means that
// none may be counted on: the caller refuses the output that they account for.
// Append must be safe for concurrent use, must not keep or change the slices
// after it has returned, and must return soon after ctx is done.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Log interface {
	Append(ctx context.Context, records ...[]byte) error
}
