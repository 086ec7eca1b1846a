package session

import (
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A SignIn says who authenticated, and how. It must name one person or one
// service, as safeguard.Principal demands; shared names such as "guest" are
// refused. It must not hold PHI.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-03.
type SignIn struct {
	// User is unique within the tenant and never reassigned.
	User string
	// Kind is safeguard.Person or safeguard.Service.
	Kind safeguard.Kind
	// Tenant is the organisation, empty in a service that has one.
	Tenant string
	// Method is how the user authenticated, for instance "password+totp".
	Method string
	// Until, if it is given, is when the session ends at the latest: the expiry
	// of the token that it is started for. It only shortens the session's Limits
	// and is not kept.
	Until time.Time
}

// Limits are the times after which a session ends.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
type Limits struct {
	// Idle is the longest time without activity.
	Idle time.Duration
	// Absolute is the longest time since the sign-in. Activity never moves it.
	Absolute time.Duration
	// Touch is how much time must have passed since the last activity on
	// record before a new one is recorded. A session ends at most that much
	// before Idle.
	Touch time.Duration
}

// until returns l for a session that must be over after rest.
func (l Limits) until(rest time.Duration) Limits {
	l.Absolute = min(l.Absolute, rest)
	l.Idle = min(l.Idle, l.Absolute)
	l.Touch = min(l.Touch, l.Idle/2)
	return l
}

// Info describes a session without its secret. Times are the store's.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Info struct {
	ID ID
	SignIn
	// Started is when the user signed in.
	Started time.Time
	// Active is the last activity on record.
	Active time.Time
	// Limits hold for this session.
	Limits Limits
}

// Expires returns when the session ends if nothing more happens: the earlier
// of the idle and the absolute limit.
func (i Info) Expires() time.Time {
	idle, absolute := i.Active.Add(i.Limits.Idle), i.Started.Add(i.Limits.Absolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// Principal returns who acts through the session, for
// safeguard.WithPrincipal.
func (i Info) Principal() safeguard.Principal {
	return safeguard.Principal{
		ID:      i.User,
		Kind:    i.Kind,
		Tenant:  i.Tenant,
		Method:  i.Method,
		At:      i.Started,
		Session: string(i.ID),
	}
}
