package workforce

import (
	"time"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/audit"
)

// Bounds and defaults of a lease.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
const (
	DefaultLease = 10 * time.Second
	MinLease     = 100 * time.Millisecond
	MaxLease     = 10 * time.Minute
)

// Bounds and defaults of Options.Sessions.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
const (
	DefaultSessions = 12 * time.Hour // the default of package session
	MaxSessions     = 30 * 24 * time.Hour
)

// Options are the settings of a Registry. Nil Options are the defaults.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Name says in reports which replica this is, at most 64 bytes. It need
	// not be unique. The default is "replica".
	Name string
	// Lease is how long this process goes on deciding without hearing from
	// the State, and therefore how long a termination elsewhere waits for it
	// when it is silent. The default is DefaultLease.
	Lease time.Duration
	// Revokers end the sessions of an account.
	Revokers []Revoker
	// Sessions is the longest that a session lives. When a process has read the
	// facts, it calls the Revokers for every account that was terminated,
	// suspended or distrusted within that time: whoever did it may have crashed
	// before the sessions were ended. Somebody who was let in again meanwhile
	// has to sign in once more. The default is DefaultSessions.
	Sessions time.Duration
	// UnsafeWithoutCutter lets Run begin without a Guard or other Cutter. What is
	// in flight of a terminated account goes on to its end then, and is
	// acknowledged all the same. It is for a process that lets nothing out.
	UnsafeWithoutCutter bool
	// Noter makes changes audit records; a *audit.Recorder is one. A change
	// that widens access is recorded before it is made, and not made
	// otherwise. One that narrows is made first. The type of a record is
	// "io.github.safeguard-sdk.access.", the kind of the fact, for instance
	// "account.terminated", and ".v1"; "change.withdrawn" says of a change that
	// was recorded that it was not made. The default is no records.
	Noter audit.Noter
	// Policy returns the policy in force, by which roles are granted and glass
	// is broken. The default is that of the Guard over the Registry, also after
	// a Reload; it is none while several Guards have different ones. Set it in a
	// process without a Guard, and there to what the others decide by. Without a
	// policy nothing is granted and no glass is broken.
	Policy func() *access.Policy
	// Grants are the rules of grants.
	Grants GrantRules
	// Emergency are the rules of broken glass.
	Emergency EmergencyRules
}

// fault says what is wrong with o, "" if nothing is.
func (o *Options) fault(s state.State) string {
	switch {
	case s == nil:
		return "the State is nil"
	case !text(o.Name, 64):
		return "Name is no text of at most 64 bytes"
	case o.Lease < MinLease || o.Lease > MaxLease:
		return "Lease is out of bounds"
	case o.Sessions < 0 || o.Sessions > MaxSessions:
		return "Sessions is out of bounds"
	}
	for _, r := range o.Revokers {
		if r == nil {
			return "a Revoker is nil"
		}
	}
	return o.holdingFault()
}
