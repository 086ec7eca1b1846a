package workforce

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// An AccountKind says whose account it is.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type AccountKind string

// The kinds of accounts: of a member of the workforce, of a program, and of
// one person for the emergency mode of the organisation.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
const (
	PersonAccount    AccountKind = "person"
	ServiceAccount   AccountKind = "service"
	EmergencyAccount AccountKind = "emergency"
)

// A Status says whether an account may be used.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Status string

// The statuses of an account. The zero Status is not active.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
const (
	Active     Status = "active"
	Suspended  Status = "suspended"
	Terminated Status = "terminated"
)

// record is an account as the facts have it. It is never changed once it is
// published.
type record struct {
	key        key
	kind       AccountKind
	privileged bool
	manager    string
	opened     stamp
	status     Status
	// changed is the fact that gave the account its status.
	changed stamp
	// banned says that this process has begun to terminate the account.
	banned bool
	// ended is the last fact that flights and sessions must not survive.
	ended struct {
		seq uint64
		at  time.Time
	}
	epoch   uint64
	since   time.Time
	trained map[string]time.Time
	holdings
}

// A stamp is when a fact was added, by whom and why.
type stamp struct {
	seq uint64
	at  time.Time
	act
}

// An account is a record and what a Guard is told of it.
type account struct {
	record
	told atomic.Pointer[told]
}

// told is a Subject and until when it holds; the zero time is for ever.
type told struct {
	subject *access.Subject
	until   time.Time
}

// subject returns what a Guard is told of the account now.
func (a *account) subject(now time.Time) *access.Subject {
	if t := a.told.Load(); t != nil && (t.until.IsZero() || now.Before(t.until)) {
		return t.subject
	}
	t := a.tell(now)
	a.told.Store(t)
	return t.subject
}

func (a *account) tell(now time.Time) *told {
	roles, until := a.roles(now)
	return &told{&access.Subject{Active: a.active(), Roles: roles, Trained: a.trained, Epoch: a.epoch}, until}
}

func (r *record) active() bool { return r.status == Active && !r.banned }

// inherit keeps the Subject of the record before if the new one says the same,
// so that what a Guard has worked out about it goes on to count.
func (a *account) inherit(old *account) {
	if old == nil {
		return
	}
	before := old.told.Load()
	if before == nil {
		return
	}
	after, was := a.tell(time.Now()), before.subject
	is := after.subject
	if is.Active == was.Active && is.Epoch == was.Epoch && slices.Equal(is.Roles, was.Roles) && maps.Equal(is.Trained, was.Trained) {
		after.subject = was
	}
	a.told.Store(after)
}

// is reports whether p may be whom the account is for.
func (r *record) is(p safeguard.Principal) bool {
	return (r.kind == ServiceAccount) == (p.Kind == safeguard.Service)
}

// opened is the body of account.opened.
type opened struct {
	Kind       AccountKind `json:"account"`
	Privileged bool        `json:"privileged,omitempty"`
	Manager    string      `json:"manager,omitempty"`
	act
}

// changed is the body of a fact that has nothing but who and why.
type changed struct{ act }

// trained is the body of account.trained.
type trained struct {
	Course    string    `json:"course"`
	Completed time.Time `json:"completed"`
	act
}

func (a *account) open(f state.Fact, b opened) error {
	if b.Kind != PersonAccount && b.Kind != ServiceAccount && b.Kind != EmergencyAccount {
		return fmt.Errorf("%w: the kind of account is unknown", ErrFacts)
	}
	a.kind, a.privileged, a.manager = b.Kind, b.Privileged, b.Manager
	a.opened = stamp{f.Seq, f.At, b.act}
	a.status, a.changed, a.epoch, a.since = Active, a.opened, 1, f.At
	return nil
}

func (a *account) suspend(f state.Fact, b changed) error {
	return a.turn(f, b, Suspended, Active)
}

func (a *account) resume(f state.Fact, b changed) error {
	return a.turn(f, b, Active, Suspended)
}

func (a *account) terminate(f state.Fact, b changed) error {
	return a.turn(f, b, Terminated, Active, Suspended)
}

func (a *account) reinstate(f state.Fact, b changed) error {
	a.banned = false
	return a.turn(f, b, Active, Terminated)
}

// turn gives the account another status, and a new epoch: what was given out
// before counts no more.
func (a *account) turn(f state.Fact, b changed, to Status, from ...Status) error {
	if !slices.Contains(from, a.status) {
		return fmt.Errorf("%w: an account cannot change like that", ErrFacts)
	}
	a.status, a.changed = to, stamp{f.Seq, f.At, b.act}
	return a.distrust(f, b)
}

func (a *account) distrust(f state.Fact, _ changed) error {
	a.epoch, a.since = a.epoch+1, f.At
	return nil
}

func (a *account) train(f state.Fact, b trained) error {
	if !text(b.Course, MaxName) {
		return fmt.Errorf("%w: the course has no name", ErrFacts)
	}
	next := maps.Clone(a.trained)
	if next == nil {
		next = map[string]time.Time{}
	}
	if b.Completed.After(next[b.Course]) {
		next[b.Course] = b.Completed
	}
	a.trained = next
	return nil
}

// ends reports whether flights and sessions must not survive a fact.
func ends(kind string) bool {
	return kind == kindTerminated || kind == kindSuspended || kind == kindDistrusted
}
