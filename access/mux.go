package access

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// ErrRoutes is what a failed [Guard.VerifyRoutes] returns an error of.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrRoutes = errors.New("access: routes: not fit to serve")

// A Mux is a http.ServeMux in which every route has a [Rule]. It stands
// inside audit.Handler and whatever identifies the caller (session.Handler,
// or a sign-in that calls safeguard.WithPrincipal), and directly around the
// handlers.
//
// A request is denied, and no handler runs, unless [Guard.VerifyRoutes] has
// passed since the last route was added, a route matches, the caller is
// identified and the decision allows. What was decided is noted in the audit
// Entry before the handler runs, and asked again before the answer leaves.
//
// The handler of a PHI route answers with [WriteJSON] or [Error], or with
// w.WriteHeader alone where there is nothing to say (204, 304). Whatever else
// it does with its ResponseWriter that would send something of its own (Write,
// ReadFrom, Hijack, trailers) is refused, and the answer becomes a bare 500; so
// does that of a handler which answers nothing. Its headers are dropped but for those of its Rule. What it writes
// is kept until it returns, so a handler that fails half-way has sent nothing.
// One that has much to say answers with [NewStream].
//
// A rule with an [Observe] takes most of this away for a while. [Guard.Cut] ends
// requests that are under way. A Throttle of the Guard is
// charged when an answer leaves.
//
// A request that may change something (any method but GET, HEAD and OPTIONS)
// is recorded durably before its handler runs, for a change cannot be held
// back with its answer. Another method than those of a route is no route: 404,
// not 405.
//
// Handle and HandleFunc never panic; mistakes are reported by VerifyRoutes.
// Add routes before serving: they may not be added while requests are served.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
type Mux struct {
	guard *Guard

	mu       sync.RWMutex
	mux      *http.ServeMux
	routes   []*route
	problems []error
	verified bool

	challenge string
}

// route is the handler of one pattern.
type route struct {
	guard   *Guard
	mux     *Mux
	pattern string
	rule    Rule
	headers []string // canonical
	next    http.Handler
}

// A Route is one route of a Mux, for documents.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
type Route struct {
	Pattern  string
	Resource string
	Action   string
	Purposes []safeguard.Purpose // those that it serves
	Headers  []string            // those that the handler may set
	Query    []string            // what its parameters look at, a line each; none is permitted otherwise
	// UncheckedQuery is the justification, if parameters are not checked.
	UncheckedQuery string
	Unprojected    string  // the justification, if it is
	Public         string  // the justification, if it is
	Observe        Observe // zero if it is enforced in any case

	query *Query
}

// Mux returns a new Mux without routes.
func (g *Guard) Mux() *Mux { return &Mux{guard: g, mux: http.NewServeMux(), challenge: "Bearer"} }

// Challenge sets the WWW-Authenticate header of answers to nobody, which RFC
// 9110, section 11.6.1, asks of every 401. The default is "Bearer". A text that
// cannot be a header is reported by VerifyRoutes. Call it before serving.
func (m *Mux) Challenge(challenge string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.verified = false
	visible := func(c rune) bool { return c >= ' ' && c <= '~' }
	scheme, _, _ := strings.Cut(challenge, " ")
	if !isToken(scheme) || strings.TrimFunc(challenge, visible) != "" {
		m.problems = append(m.problems, errors.New("the challenge is none of RFC 9110"))
		return
	}
	m.challenge = challenge
}

// Handle adds a route. The pattern is one of http.ServeMux.
// The rule's Query and Observe are copied.
func (m *Mux) Handle(pattern string, rule Rule, h http.Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.verified = false
	if h == nil {
		m.problems = append(m.problems, fmt.Errorf("%s: no handler", quote(pattern)))
		return
	}
	rt := &route{guard: m.guard, mux: m, pattern: pattern, rule: rule, next: h}
	rt.rule.Headers, rt.rule.Query = slices.Clone(rule.Headers), rule.Query.clone()
	if rule.Observe != nil {
		observe := *rule.Observe
		rt.rule.Observe = &observe
	}
	for _, name := range rule.Headers {
		rt.headers = append(rt.headers, http.CanonicalHeaderKey(name))
	}
	if err := register(m.mux, pattern, rt); err != nil {
		m.problems = append(m.problems, err)
		return
	}
	m.routes = append(m.routes, rt)
}

// HandleFunc adds a route.
func (m *Mux) HandleFunc(pattern string, rule Rule, h func(http.ResponseWriter, *http.Request)) {
	if h == nil {
		m.Handle(pattern, rule, nil)
		return
	}
	m.Handle(pattern, rule, http.HandlerFunc(h))
}

// register turns the panic of http.ServeMux about a pattern that is invalid
// or conflicts with another into an error.
func register(mux *http.ServeMux, pattern string, h http.Handler) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%s: not a valid pattern, or one that conflicts with another", quote(pattern))
		}
	}()
	mux.Handle(pattern, h)
	return nil
}

// VerifyRoutes checks every route of m: that it has a rule, that the policy
// declares what the rule names, that a search says what its parameters look at
// and the policy mentions that, that patterns are valid and do not conflict.
// Call it at start and do not serve if it fails: until it has passed, m denies
// every request. The error unwraps to [ErrRoutes] and lists all that is wrong.
//
// It cannot see routes that the program serves past m.
func (g *Guard) VerifyRoutes(m *Mux) error {
	if m == nil || m.guard != g {
		return fmt.Errorf("%w: not a Mux of this Guard", ErrRoutes)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	g.routesMu.Lock()
	defer g.routesMu.Unlock()
	problems := slices.Clone(m.problems)
	for _, rt := range m.routes {
		if err := rt.rule.check(g.current().policy); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", quote(rt.pattern), err))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %w", ErrRoutes, errors.Join(problems...))
	}
	if len(m.routes) == 0 {
		return fmt.Errorf("%w: no route", ErrRoutes)
	}
	m.verified = true
	var routes []Route
	for _, rt := range m.routes {
		routes = append(routes, rt.described())
	}
	g.routes[m] = routes
	return nil
}

// described returns what documents say of a route.
func (rt *route) described() Route {
	r := Route{
		Pattern: rt.pattern, Resource: rt.rule.Resource, Action: rt.rule.Action, Purposes: rt.rule.Purpose.allowed, Headers: rt.headers,
		Query: rt.rule.Query.described(), UncheckedQuery: rt.rule.UncheckedQuery, Unprojected: rt.rule.Unprojected, Public: rt.rule.Public,
		query: rt.rule.Query,
	}
	if rt.rule.Observe != nil {
		r.Observe = *rt.rule.Observe
	}
	return r
}

// Routes returns the routes of every Mux that VerifyRoutes has passed, sorted
// by pattern: what the service serves, and which of it unprojected or public.
func (g *Guard) Routes() []Route {
	g.routesMu.Lock()
	defer g.routesMu.Unlock()
	var all []Route
	for _, routes := range g.routes {
		for _, r := range routes {
			r.Headers, r.Purposes, r.Query, r.query = slices.Clone(r.Headers), slices.Clone(r.Purposes), slices.Clone(r.Query), nil
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Route) int {
		if a.Pattern < b.Pattern {
			return -1
		}
		return 1
	})
	return all
}

// ServeHTTP serves a request by the route that matches, or denies it.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	if e == nil && !m.guard.options.UnsafeWithoutEntry {
		m.guard.refuse(w, nil, http.StatusInternalServerError, codeNoEntry)
		return
	}
	m.mu.RLock()
	verified := m.verified
	m.mu.RUnlock()
	if !verified {
		m.guard.refuse(w, e, http.StatusInternalServerError, codeUnverified)
		return
	}
	// Redirects of http.ServeMux, its 404 and its 405 are no routes.
	if h, _ := m.mux.Handler(r); !isRoute(h) {
		m.guard.refuse(w, e, http.StatusNotFound, codeNoRoute)
		return
	}
	m.mux.ServeHTTP(w, r)
}

func isRoute(h http.Handler) bool {
	_, ok := h.(*route)
	return ok
}

// refuse answers with a problem, and says so in the Entry and the counters.
func (g *Guard) refuse(w http.ResponseWriter, e *audit.Entry, status int, c code) {
	g.counters[c].Add(1)
	e.Deny(c.String())
	respondProblem(w, status, c.String())
}
