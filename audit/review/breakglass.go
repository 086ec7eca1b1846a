package review

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// A BreakGlass is the rule "break-glass": an emergency override that nobody
// reviewed in time. What counts as a review is an
// [audit.TypeBreakGlassReviewed] record of another person whose CausationID is
// the id of the invocation, or whose Subject is its subject or its request. An
// access that was an override without an invocation on record waits for a
// review too, by its request.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(a)(2)(ii), 164.312(b); NIST CSF 2.0 PR.PS-04.
type BreakGlass struct {
	within  time.Duration
	pending []override
}

// An override waits for its review. It is one of maxOverrides.
type override struct {
	Index   uint64    `json:"index"`
	Event   string    `json:"event"`
	Subject string    `json:"subject,omitempty"`
	At      time.Time `json:"at"`
	Actor   Actor     `json:"actor"`
	Person  string    `json:"person,omitempty"`
	Invoked bool      `json:"invoked"`
}

// maxOverrides bounds those that wait; beyond it the oldest is flagged at once.
const maxOverrides = 4096

// NewBreakGlass returns a BreakGlass; within 0 means 24 hours. It returns
// [ErrOptions] if within is negative.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(a)(2)(ii); NIST CSF 2.0 DE.AE-03.
func NewBreakGlass(within time.Duration) (*BreakGlass, error) {
	if within < 0 {
		return nil, fmt.Errorf("%w: break-glass: negative", ErrOptions)
	}
	if within == 0 {
		within = 24 * time.Hour
	}
	return &BreakGlass{within: within}, nil
}

// Name implements [Rule].
func (*BreakGlass) Name() string { return "break-glass" }

// Observe implements [Rule].
func (r *BreakGlass) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	switch {
	case f.Type == audit.TypeBreakGlassReviewed:
		r.reviewed(f)
	case f.Type == audit.TypeBreakGlassInvoked:
		r.wait(override{f.Index, f.ID, f.Subject, f.Time, f.Actor, f.OnBehalfOf, true}, raise)
	case f.IsAccess && f.Access.BreakGlass && !r.waits(f.Actor, f.Entry):
		r.wait(override{f.Index, f.ID, f.Entry, f.Time, f.Actor, f.OnBehalfOf, false}, raise)
	default:
		return
	}
}

// waits reports whether an override of this request, or an invocation of the
// account, waits already.
func (r *BreakGlass) waits(who Actor, entry string) bool {
	for i := range r.pending {
		o := &r.pending[i]
		if o.Actor == who && (o.Invoked || o.Subject == entry) {
			return true
		}
	}
	return false
}

func (r *BreakGlass) wait(o override, raise func(Alert)) {
	if len(r.pending) == maxOverrides {
		raise(r.alert(r.pending[0], "too-many-waiting"))
		r.pending = append(r.pending[:0], r.pending[1:]...)
	}
	r.pending = append(r.pending, o)
}

// reviewed takes off what another person reviewed.
func (r *BreakGlass) reviewed(f *Fact) {
	keep := r.pending[:0]
	for _, o := range r.pending {
		same := f.CausationID == o.Event && o.Event != "" || f.Subject == o.Subject && o.Subject != ""
		other := f.Actor.Kind == "person" && f.Actor.ID != o.Actor.ID && f.Actor.ID != o.Person
		if !same || !other || f.Actor.Tenant != o.Actor.Tenant {
			keep = append(keep, o)
		}
	}
	r.pending = keep
}

// Tick implements [Timed].
func (r *BreakGlass) Tick(_ context.Context, now time.Time, raise func(Alert)) {
	keep := r.pending[:0]
	for _, o := range r.pending {
		// A time far ahead is that of a clock that was wrong: nobody waits for it.
		if now.Sub(o.At) > r.within || o.At.Sub(now) > r.within {
			raise(r.alert(o, "not-reviewed"))
			continue
		}
		keep = append(keep, o)
	}
	r.pending = keep
}

func (r *BreakGlass) alert(o override, reason string) Alert {
	return Alert{Reason: reason, Index: o.Index, Event: o.Event, At: o.At, Actor: o.Actor, OnBehalfOf: o.Person, Key: o.Event}
}

// Save implements [Stateful].
func (r *BreakGlass) Save() ([]byte, error) {
	return json.Marshal(append([]override{}, r.pending...))
}

// Restore implements [Stateful].
func (r *BreakGlass) Restore(state []byte) error {
	var list []override
	if err := strict(state, &list); err != nil {
		return err
	}
	if len(list) > maxOverrides {
		return fmt.Errorf("%w: too many overrides", ErrState)
	}
	for _, o := range list {
		if o.Event == "" || o.At.IsZero() {
			return fmt.Errorf("%w: an override that cannot be", ErrState)
		}
	}
	r.pending = list
	return nil
}
