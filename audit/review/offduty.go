package review

import (
	"context"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// DailyOptions are the settings of rules that flag an account once a day. The
// zero value, or nil, is UTC and 20,000 accounts.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
type DailyOptions struct {
	// Zone is where days begin.
	Zone *time.Location
	// MaxActors bounds the memory; the account idle longest is forgotten.
	MaxActors int
}

func (o *DailyOptions) daily(name string) (daily, error) {
	if o == nil {
		return newDaily(nil, 0), nil
	}
	if o.MaxActors < 0 || o.MaxActors > 1<<24 {
		return daily{}, fmt.Errorf("%w: %s: MaxActors", ErrOptions, name)
	}
	return newDaily(o.Zone, o.MaxActors), nil
}

// An AfterHours is the rule "after-hours": a person off duty touches a record,
// and no relationship explains it. A service has no hours.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
type AfterHours struct {
	daily
	shifts Shifts
}

// NewAfterHours returns an AfterHours. It returns [ErrOptions] without shifts.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
func NewAfterHours(shifts Shifts, opts *DailyOptions) (*AfterHours, error) {
	d, err := opts.daily("after-hours")
	if err != nil || shifts == nil {
		return nil, fmt.Errorf("%w: after-hours: wants shifts, and MaxActors not negative", ErrOptions)
	}
	return &AfterHours{d, shifts}, nil
}

// Name implements [Rule].
func (*AfterHours) Name() string { return "after-hours" }

// Observe implements [Rule].
func (r *AfterHours) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	if !f.IsAccess || f.Actor.Kind != "person" || len(f.Patients) == 0 {
		return
	}
	on, err := r.shifts.OnShift(ctx, f.Actor.Tenant, f.Actor.ID, f.Time)
	if on && err == nil {
		return
	}
	unexplained := f.Unexplained(ctx)
	if len(unexplained) == 0 {
		return
	}
	if day, ok := r.first(f.Actor, f.Time); ok {
		a := alertOf(f, reason("off-duty", err), day)
		a.Patients = unexplained[:min(len(unexplained), maxAlertPatients)]
		raise(a)
	}
}

// reason says so when the answer is not known.
func reason(known string, err error) string {
	if err != nil {
		return "unknown"
	}
	return known
}

// A ClosedAccount is the rule "closed-account": anything at all, allowed or
// denied, that an account does after it should have been closed, or for which a
// service acts then. In 2011 and 2012 a former employee's account of an
// affiliated office was used daily for a year; the settlement of 2017 was
// $5.5 million, for access rights not ended and records not reviewed.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05, DE.CM-03.
type ClosedAccount struct {
	daily
	workforce Workforce
}

// NewClosedAccount returns a ClosedAccount. It returns [ErrOptions] without a
// workforce.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05, DE.CM-03.
func NewClosedAccount(workforce Workforce, opts *DailyOptions) (*ClosedAccount, error) {
	d, err := opts.daily("closed-account")
	if err != nil || workforce == nil {
		return nil, fmt.Errorf("%w: closed-account: wants a workforce, and MaxActors not negative", ErrOptions)
	}
	return &ClosedAccount{d, workforce}, nil
}

// Name implements [Rule].
func (*ClosedAccount) Name() string { return "closed-account" }

// Observe implements [Rule].
func (r *ClosedAccount) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	if f.Actor.Kind != "person" && f.Actor.Kind != "service" {
		return
	}
	if f.Type == audit.TypeSessionEnded || f.Type == audit.TypeSessionTimedOut {
		return // the end of an account ends its sessions
	}
	r.ask(ctx, f, f.Actor, raise)
	if f.OnBehalfOf != "" {
		r.ask(ctx, f, Actor{f.Actor.Tenant, "person", f.OnBehalfOf}, raise)
	}
}

func (r *ClosedAccount) ask(ctx context.Context, f *Fact, who Actor, raise func(Alert)) {
	active, err := r.workforce.Active(ctx, who.Tenant, who.ID, f.Time)
	if active && err == nil {
		return
	}
	if day, ok := r.first(who, f.Time); ok {
		raise(alertOf(f, reason("closed", err), who.ID+"\x00"+day))
	}
}

// A Flagged is the rule "flagged": an access that the program marked, for
// instance as one to a record with the same surname, and that no relationship
// explains. One alert is raised for an account and patient in a day.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
type Flagged struct {
	daily
	codes map[string]bool
}

// NewFlagged returns a Flagged for the given codes of audit.Access.Flags, or for
// "vip", "same-surname", "same-household", "coworker" and "self" if there are
// none. It returns [ErrOptions] for what is no code.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func NewFlagged(opts *DailyOptions, codes ...string) (*Flagged, error) {
	d, err := opts.daily("flagged")
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		codes = []string{"vip", "same-surname", "same-household", "coworker", "self"}
	}
	r := &Flagged{d, map[string]bool{}}
	for _, c := range codes {
		if !code(c) {
			return nil, fmt.Errorf("%w: flagged: a code is of a-z, 0-9 and '-'", ErrOptions)
		}
		r.codes[c] = true
	}
	return r, nil
}

// Name implements [Rule].
func (*Flagged) Name() string { return "flagged" }

// Observe implements [Rule].
func (r *Flagged) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	for _, flag := range f.Access.Flags {
		if r.codes[flag] {
			r.flag(ctx, f, flag, raise)
			return
		}
	}
}

func (r *Flagged) flag(ctx context.Context, f *Fact, flag string, raise func(Alert)) {
	for _, p := range f.Unexplained(ctx) {
		key := f.Actor
		key.ID += "\x00" + p
		if day, ok := r.first(key, f.Time); ok {
			a := alertOf(f, flag, p+"\x00"+day)
			a.Patients = []string{p}
			raise(a)
		}
	}
}
