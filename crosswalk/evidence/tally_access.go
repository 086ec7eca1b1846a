package evidence

import (
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

func (t *tally) access(index uint64, at time.Time, a *access, within bool) {
	who := t.seen(at, a)
	if !within {
		return
	}
	o := t.request(a)
	if who != nil {
		who.last, who.first = later(who.last, at), earlier(who.first, at)
	}
	if who != nil && o.principal == nil {
		o.principal = who
		who.count++
		if len(who.methods) < maxCodes {
			who.methods[cut(a.Principal.Method)]++
		}
	}
	if len(a.refused()) > 0 {
		t.refuse(o)
	}
	t.decide(at, a)
	for _, column := range a.Opened {
		if s := t.columns.get(cut(column), newSpan); s != nil {
			s.add(1, at)
		}
	}
	t.events(index, at, a)
}

// seen returns who acted, nil for nobody.
func (t *tally) seen(at time.Time, a *access) *principalCount {
	if a.Principal == nil || !at.Before(t.until) {
		return nil
	}
	c := t.principals.get(a.Principal.key(), func() *principalCount { return &principalCount{ever: at, methods: map[string]uint64{}} })
	if c == nil {
		return nil
	}
	c.ever = earlier(c.ever, at)
	c.own = c.own || a.Purpose == safeguard.PatientRequest
	c.worked = c.worked || (a.Purpose != "" && a.Purpose != safeguard.PatientRequest)
	return c
}

// request returns the request that a record is a part of.
func (t *tally) request(a *access) *open {
	if o, ok := t.open.rows[a.Entry]; ok {
		return o
	}
	r := t.routes.get(route{cut(a.Method), cut(a.Route)}, func() *routeCount {
		return &routeCount{outcomes: map[string]uint64{}}
	})
	if r != nil {
		r.requests++
	}
	o := t.open.get(a.Entry, func() *open { return &open{route: r} })
	if o == nil {
		return &open{route: r}
	}
	return o
}

func (t *tally) refuse(o *open) {
	if o.refused {
		return
	}
	o.refused = true
	if o.route != nil {
		o.route.refusals++
	}
	if o.principal != nil {
		o.principal.refusals++
	}
}

// decide counts the decision and the refusals of a record.
func (t *tally) decide(at time.Time, a *access) {
	policy := ""
	if d := a.Decision; d != nil {
		policy = cut(d.Policy)
		if d.Allowed && len(a.Denied) == 0 {
			t.count(code{policy, "allowed", cut(d.Code)}, at)
		}
	}
	for _, c := range a.refused() {
		t.count(code{policy, "refused", cut(c)}, at)
		if a.Principal == nil {
			if s := t.nobody.get(cut(c), newSpan); s != nil {
				s.add(1, at)
			}
		}
	}
}

func (t *tally) count(c code, at time.Time) {
	if s := t.codes.get(c, newSpan); s != nil {
		s.add(1, at)
	}
}

// events draws samples of what is shown one by one.
func (t *tally) events(index uint64, at time.Time, a *access) {
	who, name, session := principal{}, "nobody identified", ""
	if a.Principal != nil {
		who, name, session = a.Principal.key(), cut(a.Principal.ID), cut(a.Principal.Session)
	}
	for _, c := range a.Denied {
		// Only the first refusal of a session names its user; later ones are
		// of nobody and say nothing new.
		if a.Principal != nil && (c == "session.idle" || c == "session.absolute") {
			t.expirations.add(index, who, number(index), stamp(at), name, session, cut(a.Route), c)
		}
	}
	switch a.Purpose {
	case safeguard.BreakGlass, safeguard.EmergencyTreatment, safeguard.EmergencyRoomTreatment:
		effect, codes := "allowed", strings.Join(a.refused(), " ")
		if codes != "" {
			effect = "refused"
		} else if a.Decision == nil {
			effect = "not decided in this record"
		} else {
			codes = a.Decision.Code
		}
		t.emergency.add(index, who, number(index), stamp(at), name, string(a.Purpose), cut(a.Route), effect, cut(codes))
	}
}

func (a *actor) key() principal { return principal{cut(a.Tenant), cut(a.ID), cut(a.Kind)} }
