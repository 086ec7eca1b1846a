package session

import "context"

// A Store keeps the state of sessions. It has four verbs and a list; none of
// the verbs is an upsert, which is why a slow request cannot bring back what
// has ended. Package sessiontest holds the rules below against any
// implementation.
//
//   - Every method is atomic and safe for concurrent use, and returns when
//     its context is done. An error means that nothing is known.
//   - Time is the store's own, from one clock for all who share it. A limit
//     is reached when elapsed time >= limit, by the monotonic or by the wall
//     clock, whichever says so first; Active never moves Started.
//   - A session that ended, for whatever reason, stays on record with its
//     first reason until its absolute limit has passed. Afterwards it may be
//     forgotten, and is unknown.
//   - Digests are compared in constant time. A wrong Digest changes nothing
//     and is answered like an unknown ID.
//   - Error texts hold no Digest and no name of a user.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Store interface {
	// Create adds a session that starts now and returns it with the fields
	// that the store sets. It returns ErrConflict, and changes nothing, if the
	// ID is on record, live or ended.
	Create(ctx context.Context, r Record) (Record, error)

	// CheckTouch says how a session stands and, if it is live and p.Activity
	// is Active, records now as its last activity, in one step. The last
	// activity may stay as it is while less than Limits.Touch has passed since.
	// It never revives or creates anything.
	CheckTouch(ctx context.Context, p Probe) (Verdict, error)

	// CompareAndSet replaces the digest of a live session whose Version is
	// c.Version and adds one to the Version. It returns ErrConflict if the
	// version differs, ErrEnded if the session is over and ErrUnknown if it is
	// not on record; it then changes nothing. It is no activity.
	CompareAndSet(ctx context.Context, c Change) error

	// End ends the live sessions that s selects, for the given reason, and
	// returns their IDs; those that are over already keep their reason and are
	// not returned. By ID it returns ErrUnknown for one that is not on record.
	// For a user it covers every session whose Create returned before End was
	// called, also where an index lags behind. When End returns nil, no later
	// CheckTouch finds any of them live.
	End(ctx context.Context, s Selector, why Reason) ([]ID, error)

	// List returns the live sessions of a user, in no particular order, an
	// empty list if there is none.
	List(ctx context.Context, tenant, user string) ([]Record, error)
}

// Immediate is a power that a [Store] may have: one whose Immediate returns
// true never waits for anything but a short lock, so that the [Manager] does
// not need to bound its calls in time.
//
// Controls: none, it only saves the cost of a timer.
type Immediate interface {
	Immediate() bool
}

// A Record is a session as a [Store] keeps it. The Manager sets ID, SignIn,
// Limits and Digest; the store sets Started, Active and Version.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Record struct {
	Info
	Digest  Digest
	Version uint64
}

// A Probe asks how a session stands.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Probe struct {
	ID ID
	// Digest must be that of the session on record.
	Digest Digest
	// Activity is Active to count as activity. The zero value does not.
	Activity Activity
	// Recheck asks about a session whose token was checked earlier in the same
	// request: the store ignores Digest, and Activity too.
	Recheck bool
}

// A Verdict is the answer to a [Probe]. The zero value is a denial: the
// session is not known.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Verdict struct {
	// Known is true if ID is on record and Digest, unless ignored, is right.
	Known bool
	// Reason is why a known session is over; zero means that it is live.
	Reason Reason
	// First is true in the first answer that finds this session over, and in
	// no later one. A store may lose it, never give it twice.
	First bool
	// Record is the session, if Known.
	Record Record
}

// A Change is what [Store.CompareAndSet] does to one session.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
type Change struct {
	ID      ID
	Version uint64
	Digest  Digest
}

// A Selector names the sessions to end: one by its ID, or all of a user if ID
// is empty. A Selector that names neither selects nothing and is an error.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Selector struct {
	ID     ID
	Tenant string
	User   string
}

// Activity says whether a check counts as activity of the user.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
type Activity uint8

// Passive checks leave the idle limit running: polling, background refresh,
// prefetch. Active ones reset it. The zero value is Passive.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
const (
	Passive Activity = iota
	Active
)
