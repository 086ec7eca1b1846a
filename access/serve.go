package access

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A call is one request of a PHI route that may be served.
type call struct {
	flight       flight
	exit         exit
	writer       *writer // nil on a route that is not projected
	route        *route
	entry        *audit.Entry
	request      Request
	decision     Decision
	code         code                   // of the decision; not codeAllowed only where that is observed
	observed     bool                   // the route was not enforced when the request began
	refusedQuery string                 // the parameter, as the log may know it; "" if none was refused
	charged      int                    // patients; guarded by the flight
	raws         atomic.Pointer[Stream] // on a route that is not projected
}

// ServeHTTP decides, and runs the handler if the decision allows.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	e.SetRoute(rt.pattern)
	if rt.rule.Public != "" {
		e.AddGate(rt.guard.stillPublic(e))
		if rt.recorded(w, r, e) {
			rt.next.ServeHTTP(w, r)
		}
		return
	}
	p, ok := safeguard.PrincipalFrom(r.Context())
	if !ok {
		w.Header().Set("WWW-Authenticate", rt.mux.challenge)
		rt.guard.refuse(w, e, http.StatusUnauthorized, codeNoPrincipal)
		return
	}
	e.SetPrincipal(p)
	c := &call{route: rt, entry: e}
	c.exit = exit{under: w, call: c}
	// Before the decision: either that sees that the account is closed, or
	// the cut sees the flight.
	rt.guard.enforcement.flights.begin(&c.flight, r.Context(), p, w)
	defer c.flight.land()
	c.serve(r.WithContext(context.WithValue(c.flight.ctx, decisionKey{}, c)))
}

// serve decides about the request and serves it.
func (c *call) serve(r *http.Request) {
	rt := c.route
	c.observe()
	c.decide(r)
	if c.code != codeAllowed && observable(c.code) && c.observed && !rt.guard.ready(r.Context()) {
		c.decision, c.code = rt.guard.refusal(c.request, codeThrottle), codeThrottle
	}
	if c.code != codeAllowed && !c.observes(c.code) {
		rt.retryAfter(c.exit.under, c.flight.who, c.code)
		c.refuse(c.code)
		return
	}
	c.note()
	// The record of a change may take long to become durable: the decision is
	// taken again after it. AddGate makes the next commit ask too.
	if !rt.recorded(c.exit.under, r, c.entry) || !reads(r.Method) && !c.stands(r.Context()) {
		return
	}
	c.entry.AddGate(c.gate)
	if c.raw() {
		private(c.exit.Header())
		rt.next.ServeHTTP(&c.exit, r)
		if s := c.raws.Load(); s != nil {
			s.finish(false)
		}
	} else {
		c.writer = &writer{call: c, header: http.Header{}}
		rt.next.ServeHTTP(c.writer, r)
		c.writer.finish()
	}
	c.finish()
}

// raw reports whether the handler writes by itself.
func (c *call) raw() bool { return c.route.rule.Unprojected != "" || c.observed }

// decide notes and decides what the request asks for.
func (c *call) decide(r *http.Request) {
	rule, g := &c.route.rule, c.route.guard
	c.request = Request{Resource: rule.Resource, Action: rule.Action}
	purpose, err := rule.Purpose.Of(r)
	if err == nil {
		c.request.Purpose = purpose
	}
	c.entry.SetAction(rule.Resource, rule.Action, c.request.Purpose)
	if rule.Patient != nil {
		c.request.Patient = rule.Patient(r)
		c.entry.AddPatient(c.request.Patient)
	}
	if rule.Tenant != nil {
		c.request.Tenant = rule.Tenant(r)
	}
	if rule.Labels != nil {
		c.request.Labels = rule.Labels(r)
	}
	c.decision, c.code = g.decide(r.Context(), c.request)
	c.decision.masked = rule.Masked
	if c.code == codeAllowed {
		if missing := c.missing(r); missing != codeAllowed {
			c.decision, c.code = g.refusal(c.request, missing), missing
		}
	}
	c.entry.SetDecision(c.record())
}

// record returns what the audit log keeps of the decision.
func (c *call) record() audit.Decision {
	d := c.decision.Record()
	if c.refusedQuery != "" {
		d.Basis = append(d.Basis, basisQuery+c.refusedQuery)
	}
	return d
}

// missing says what the rule asks of a request and it does not have.
func (c *call) missing(r *http.Request) code {
	rule := &c.route.rule
	switch {
	case rule.Patient != nil && c.request.Patient.IsZero():
		return codeNoPatient
	case rule.Tenant != nil && c.request.Tenant == "":
		return codeTenant
	case !c.queries(r):
		return codeQuery
	}
	return codeAllowed
}

// note counts what is served, and says in the Entry what no projection sees.
func (c *call) note() {
	g := c.route.guard
	if c.code != codeAllowed {
		c.noteWouldDeny()
		return
	}
	g.counters[codeAllowed].Add(1)
	if c.route.rule.Unprojected != "" {
		c.entry.NoteFields(c.route.rule.Resource + ".* unprojected")
	}
}

// recorded makes the Entry durable before a request that may change something,
// and answers it if that fails: the change must not happen then.
func (rt *route) recorded(w http.ResponseWriter, r *http.Request, e *audit.Entry) bool {
	if reads(r.Method) {
		return true
	}
	if err := e.Commit(r.Context()); err != nil {
		rt.guard.counters[codeNoRecord].Add(1)
		respondProblem(w, http.StatusServiceUnavailable, codeNoRecord.String())
		return false
	}
	return true
}

// reads reports whether a method only reads, by RFC 9110, section 9.2.1.
func reads(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// stands asks the gate, and answers the request if it refuses.
func (c *call) stands(ctx context.Context) bool {
	err := c.gate(ctx)
	if fell, ok := errors.AsType[*gateError](err); ok {
		respondProblem(c.exit.under, fell.HTTPStatus(), fell.ProblemCode())
	}
	return err == nil
}

// refuse answers with a problem, and says so in the Entry and the counters.
// What was allowed before, and is refused now, has not left.
func (c *call) refuse(code code) {
	c.route.guard.refuse(c.exit.under, c.entry, statusOf(code), code)
}

// finish ends the request after its handler: what the handler wrote leaves
// before a cut would no longer find it, and what was cut ends as what it is.
func (c *call) finish() {
	if c.flight.hijacked() {
		return
	}
	c.flight.close()
	var err error
	if c.writer == nil {
		err = c.exit.last()
	}
	if err == nil {
		c.flight.complete()
	}
	cut, begun := c.flight.state()
	switch {
	case !cut:
		c.fallen(err)
	case !begun:
		c.takeBack()
		c.refuse(codeTerminated)
	case c.writer == nil || c.writer.stream != nil: // more was to come
		c.abort(codeTerminated)
	}
}

// fallen answers where the gate has refused and there is no Entry, whose commit
// would answer by itself.
func (c *call) fallen(err error) {
	_, begun := c.flight.state()
	if fell, ok := errors.AsType[*gateError](err); ok && c.entry == nil && !begun {
		c.takeBack()
		respondProblem(c.exit.under, fell.HTTPStatus(), fell.ProblemCode())
	}
}

// takeBack takes the handler's headers from an answer that is refused.
func (c *call) takeBack() {
	if c.writer == nil {
		clear(c.exit.Header())
	}
	for _, name := range c.route.headers {
		c.exit.Header().Del(name)
	}
}

// abort breaks an answer off of which a part has left. A code that denies is
// noted.
func (c *call) abort(code code) {
	if code != codeAllowed {
		c.route.guard.counters[code].Add(1)
		c.entry.Deny(code.String())
	}
	panic(http.ErrAbortHandler) // net/http's way to say so
}

// gate is what every commit asks: does the decision still stand. The throttle
// is left out: what the request itself was charged must not end it.
func (c *call) gate(ctx context.Context) error {
	if cut, _ := c.flight.state(); cut {
		c.entry.Deny(CodeTerminated)
		return &gateError{codeTerminated}
	}
	now, code := c.route.guard.decideFree(valuesOf{ctx, c.flight.ctx}, c.request)
	switch {
	case c.observed && c.observes(code):
		return nil
	case code != codeAllowed:
		return c.fall(code)
	case c.observed || !now.same(c.decision) && !c.decision.carries(&now):
		return c.fall(codeChanged)
	}
	return nil
}

// fall says in the Entry and the counters why a decision no longer stands.
func (c *call) fall(code code) error {
	c.route.guard.counters[codeChanged].Add(1)
	c.entry.Deny(code.String())
	return &gateError{code}
}

// valuesOf is a context that ends with one context and has the values of
// another: those of the request, which the one of a commit need not have.
type valuesOf struct {
	context.Context
	values context.Context
}

func (c valuesOf) Value(key any) any { return c.values.Value(key) }

// stillPublic holds a public route to its justification: once its handler has
// touched PHI, which nobody decided about, nothing leaves.
func (g *Guard) stillPublic(e *audit.Entry) audit.Gate {
	return func(context.Context) error {
		if !e.TouchesPHI() {
			return nil
		}
		g.counters[codeUndecided].Add(1)
		e.Deny(codeUndecided.String())
		return &gateError{codeUndecided}
	}
}

// gateError refuses the output of a decision that no longer stands.
type gateError struct{ code code }

func (e *gateError) Error() string { return "access: gate: " + e.code.String() }

// Unwrap returns ErrTerminated where that is why.
func (e *gateError) Unwrap() error {
	if e.code == codeTerminated {
		return ErrTerminated
	}
	return nil
}

// ProblemCode returns the code of the denial.
func (e *gateError) ProblemCode() string { return e.code.String() }

// HTTPStatus returns the status of the denial.
func (e *gateError) HTTPStatus() int { return statusOf(e.code) }
