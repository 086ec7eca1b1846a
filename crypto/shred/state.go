package shred

import (
	"slices"
)

// A state is what the entries of a register add up to.
type state struct {
	number uint64
	head   string // hash of the last entry
	orders map[string]*order
	// holds are the open cases of a subject.
	holds map[subject]map[string]bool
	// doomed are the orders of subjects that are approved and not cancelled,
	// ended those of tenants.
	doomed map[subject]string
	ended  map[string]string
	// certified are the ids of orders with a certificate, in the order of issue.
	certified []string
}

type subject struct{ tenant, name string }

// An order is a request with what came of it.
type order struct {
	requestEntry
	approval    *approvalEntry
	intent      *intentEntry
	export      *Export
	names       []uint64 // numbers of the entries that list names
	count       int64    // of those names
	certificate *Certificate
	cancelled   bool
}

// begun reports whether it is too late for a hold and to cancel: keys may be
// gone, or, of other kinds, the approval decided.
func (o *order) begun() bool {
	if o.Kind == DestroyPatient || o.Kind == DestroyTenant {
		return o.intent != nil || len(o.names) > 0 || o.certificate != nil
	}
	return o.approval != nil
}

func (o *order) subject() subject { return subject{o.Tenant, o.Subject} }

func newState() *state {
	return &state{
		orders: make(map[string]*order),
		holds:  make(map[subject]map[string]bool),
		doomed: make(map[subject]string),
		ended:  make(map[string]string),
	}
}

// apply adds the entry that b encodes. Only an entry that the rules allow at
// this place is accepted.
func (s *state) apply(b []byte) error {
	e, err := parseEntry(b)
	if err != nil {
		return err
	}
	if e.Number != s.number+1 || e.Prev != s.head {
		return badRegister("entries are not a chain")
	}
	if !s.accept(e) {
		return badRegister("entry is out of place")
	}
	s.number, s.head = e.Number, hashOf(b)
	return nil
}

func (s *state) accept(e *entry) bool {
	switch {
	case e.Request != nil:
		return s.request(e.Request)
	case e.Approval != nil:
		return s.approve(e.Approval)
	case e.Hold != nil:
		return s.hold(e.Hold)
	case e.Intent != nil:
		return s.intend(e.Intent)
	case e.Cancel != nil:
		return s.cancel(e.Cancel)
	case e.Export != nil:
		return s.underway(e.Export.ID, func(o *order) { o.export = &e.Export.Export })
	case e.Names != nil:
		return s.underway(e.Names.ID, func(o *order) {
			o.names = append(o.names, e.Number)
			o.count += int64(len(e.Names.Names))
		})
	}
	return s.certify(e.Certificate)
}

func (s *state) request(r *requestEntry) bool {
	if s.orders[r.ID] != nil {
		return false
	}
	s.orders[r.ID] = &order{requestEntry: *r}
	return true
}

func (s *state) approve(a *approvalEntry) bool {
	o := s.orders[a.ID]
	if o == nil || o.approval != nil || o.cancelled || !a.By.valid(o.Tenant) || a.By.same(&o.By) || a.By.At.After(o.Expires) {
		return false
	}
	if s.refuse(o) != nil {
		return false
	}
	o.approval = a
	switch o.Kind {
	case DestroyPatient:
		s.doomed[o.subject()] = o.ID
	case DestroyTenant:
		s.ended[o.Tenant] = o.ID
	}
	return true
}

// refuse returns why o cannot be approved as things are, nil if it can.
func (s *state) refuse(o *order) error {
	at := o.subject()
	if s.held(o) {
		return ErrHeld
	}
	switch o.Kind {
	case DestroyPatient:
		if s.doomed[at] != "" || s.ended[o.Tenant] != "" {
			return ErrUnderway
		}
	case DestroyTenant:
		if s.ended[o.Tenant] != "" {
			return ErrUnderway
		}
	case ReleaseHold:
		if !s.holds[at][o.Case] {
			return ErrNotHeld
		}
	}
	return nil
}

func (s *state) heldTenant(tenant string) bool {
	for at, cases := range s.holds {
		if at.tenant == tenant && len(cases) > 0 {
			return true
		}
	}
	return false
}

func (s *state) hold(h *holdEntry) bool {
	at := subject{h.Tenant, h.Subject}
	if s.begun(at) {
		return false
	}
	if s.holds[at] == nil {
		s.holds[at] = make(map[string]bool)
	}
	s.holds[at][h.Case] = true
	return true
}

// begun reports whether the destruction of a subject's keys has begun.
func (s *state) begun(at subject) bool {
	for _, id := range []string{s.doomed[at], s.ended[at.tenant]} {
		if o := s.orders[id]; o != nil && o.begun() {
			return true
		}
	}
	return false
}

// held reports whether a hold stands against an order.
func (s *state) held(o *order) bool {
	switch o.Kind {
	case DestroyPatient:
		return len(s.holds[o.subject()]) > 0
	case DestroyTenant:
		return s.heldTenant(o.Tenant)
	}
	return false
}

func (s *state) intend(i *intentEntry) bool {
	o := s.orders[i.ID]
	if o == nil || s.held(o) {
		return false
	}
	return s.underway(i.ID, func(o *order) { o.intent = i })
}

func (s *state) cancel(c *cancelEntry) bool {
	o := s.orders[c.ID]
	if o == nil || o.begun() || o.cancelled || !c.By.valid(o.Tenant) {
		return false
	}
	o.cancelled = true
	if s.doomed[o.subject()] == o.ID {
		delete(s.doomed, o.subject())
	}
	if s.ended[o.Tenant] == o.ID {
		delete(s.ended, o.Tenant)
	}
	return true
}

// underway lets f note progress of an order that is approved and not finished.
func (s *state) underway(id string, f func(*order)) bool {
	o := s.orders[id]
	if o == nil || o.approval == nil || o.certificate != nil || o.cancelled {
		return false
	}
	f(o)
	return true
}

func (s *state) certify(c *certificateEntry) bool {
	return s.underway(c.ID, func(o *order) {
		o.certificate = &c.Certificate
		s.certified = append(s.certified, c.ID)
		if o.Kind != ReleaseHold {
			return
		}
		cases := s.holds[o.subject()]
		delete(cases, o.Case)
		if len(cases) == 0 {
			delete(s.holds, o.subject())
		}
	})
}

// pending returns the orders that are approved and not finished.
func (s *state) pending() []string {
	var ids []string
	for id, o := range s.orders {
		if o.approval != nil && o.certificate == nil && !o.cancelled {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
