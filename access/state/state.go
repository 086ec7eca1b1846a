package state

import (
	"context"
	"errors"
	"time"
)

// Bounds of a fact, in bytes.
//
// Controls: none, sizes.
const (
	MaxKind    = 64
	MaxSubject = 600
	MaxBody    = 16 << 10
)

// MaxAppend is the largest number of facts in one Append.
//
// Controls: none, sizes.
const MaxAppend = 1000

var (
	// ErrMoved reports that facts were added since those that the caller
	// decided by. Read them and decide again.
	//
	// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
	ErrMoved = errors.New("state: the facts have moved on")
	// ErrFact reports a fact beyond the bounds, without a kind, or with a
	// sequence or a time of its own.
	//
	// Controls: none, it reports a mistake of the program.
	ErrFact = errors.New("state: not a fact")
)

// A Fact is something that happened to an account, never changed and never
// removed. It must not hold PHI.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Fact struct {
	// Seq is the number of the fact: 1, 2, 3 without a gap. The State gives it.
	Seq uint64
	// At is when it was added, by the State's own clock, never earlier than
	// the fact before. The State gives it.
	At time.Time
	// Kind says what happened, for instance "account.terminated".
	Kind string
	// Subject is the key of the account, empty for a fact about none.
	Subject string
	// Body is one JSON document.
	Body []byte
}

// A Replica is a process that decides by the facts.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Replica struct {
	ID string
	// Acknowledged is the last fact that the replica acts by.
	Acknowledged uint64
	// Until is the end of its lease by the State's clock. A replica denies
	// everything once its lease is over.
	Until time.Time
}

// State keeps facts and leases. Every method is safe for concurrent use and
// returns soon after ctx is done.
//
//   - Append adds facts, all or none, if the number of the last fact is still
//     after; otherwise it returns ErrMoved and adds nothing. When it returns
//     without an error they are durable and every later Since in any process
//     returns them. After another error it is unknown whether they were added.
//   - Since returns at most limit facts with Seq > after, in order, without a
//     gap. An empty result means that there was none when it was called.
//   - Wait returns nil when there is, or may be, a fact with Seq > after. It may
//     return early without one; it must not return late by more than a second.
//   - Renew says that a replica acts by the facts up to acknowledged and
//     extends its lease to lease from now, by the State's clock. A lease never
//     gets shorter and acknowledged never smaller. It makes the replica known.
//   - Replicas returns the replicas whose lease is not over, and the State's
//     time. A replica of which Renew returned before Replicas was called is in it.
//   - Leave ends the lease of a replica that decides no more.
//
// What [Check] and [CheckReplica] refuse is refused with their errors. Package
// access/statetest tests these rules.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type State interface {
	Append(ctx context.Context, after uint64, facts ...Fact) (last uint64, err error)
	Since(ctx context.Context, after uint64, limit int) ([]Fact, error)
	Wait(ctx context.Context, after uint64) error
	Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error
	Replicas(ctx context.Context) (replicas []Replica, now time.Time, err error)
	Leave(ctx context.Context, replica string) error
}
