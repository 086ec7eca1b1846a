package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Options are the settings of a Guard. Roles is required; of the other fields
// the zero value is the safe choice.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Roles says who has which role. It is required.
	Roles RoleSource
	// Relationships says what a caller is to a patient. It is required if a
	// rule of the policy asks for a relationship.
	Relationships Relationships
	// Emergencies says who has broken the glass. It is required if the
	// policy has emergency rules.
	Emergencies EmergencySource
	// Consents says who has consented. It is required if the policy asks
	// for consent.
	Consents Consents
	// Conditions answers the conditions that rules ask for, by name. Each
	// that the policy names is required.
	Conditions map[string]Condition
	// Throttle bounds how many patients' data a principal takes out. The
	// default is no bound.
	Throttle Throttle
	// UnsafeWithoutEntry lets a Mux serve requests that no audit.Handler
	// has opened an Entry for. Nothing then records who saw what.
	UnsafeWithoutEntry bool
}

// ErrOptions reports that a Guard cannot be built from what it was given.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrOptions = errors.New("access: options: not usable")

// A Guard decides over one policy. It is safe for concurrent use; the zero
// value is not usable. Its only memory is a bounded table of decisions that
// do not depend on who asks, so a role that was taken away is gone at once.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Guard struct {
	engine     atomic.Pointer[engine]
	options    Options            // its Conditions are a copy
	subjects   SubjectSource      // Options.Roles, nil if it knows roles only
	cache      *RelationshipCache // Options.Relationships, nil if it is none
	cacheAhead time.Duration      // how much older it is
	since      time.Time
	clock      clock
	counters   [codes]atomic.Uint64
	controls   [codes][]safeguard.Control
	names      [codes]string

	projections sync.Pool // of *projection, empty

	enforcement enforcement // what the Muxes share

	routesMu sync.Mutex
	routes   map[*Mux][]Route
}

// New returns a Guard over policy. It returns an error if the policy or
// Options.Roles is missing, if the policy asks for something that the Options
// do not answer (relationships, training, emergencies, consent, a condition),
// if a hook is a nil pointer, if Options.Roles is [Assignments] with a role that the policy does not have,
// or if a test in the policy fails: what Reload refused must not come into
// force by a restart. The error unwraps to [ErrOptions] and says which of these
// it is; it names roles, conditions and tests, and no principal. An error of an
// [Attacher] is another one.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func New(policy *Policy, opts *Options) (*Guard, error) {
	if what := fault(policy, opts); what != "" {
		return nil, fmt.Errorf("%w: %s", ErrOptions, what)
	}
	if failures := policy.Test(); len(failures) > 0 {
		return nil, fmt.Errorf("%w: %d tests in the policy fail, first %s", ErrOptions, len(failures), failures[0])
	}
	g := newGuard(policy, opts)
	if err := g.attach(); err != nil {
		return nil, err
	}
	return g, nil
}

// newGuard returns a Guard that nobody has checked and no source knows.
func newGuard(policy *Policy, opts *Options) *Guard {
	g := &Guard{options: *opts, since: time.Now(), routes: map[*Mux][]Route{}}
	g.clock.start = g.since
	g.options.Conditions = maps.Clone(opts.Conditions)
	g.subjects, _ = opts.Roles.(SubjectSource)
	if g.cache, _ = opts.Relationships.(*RelationshipCache); g.cache != nil {
		g.cacheAhead = g.since.Sub(g.cache.since)
	}
	g.engine.Store(newEngine(policy))
	for c := range codes {
		g.controls[c], g.names[c] = c.controls(), c.String()
	}
	return g
}

// Policy returns the policy that is in force: that of New, or of the last
// [Guard.Reload] since. Ask each time rather than keep it.
func (g *Guard) Policy() *Policy { return g.current().policy }

// swap lets policy decide from now on. It refuses what New would refuse, and
// changes nothing then. A decision that was taken before keeps its policy.
func (g *Guard) swap(policy *Policy) error {
	if what := fault(policy, &g.options); what != "" {
		return fmt.Errorf("%w: %s", ErrOptions, what)
	}
	e := newEngine(policy)
	e.outline() // now, so that no request waits for it
	g.current().outline()
	g.engine.Store(e)
	return nil
}

// fault says why a Guard cannot be built, "" if it can.
func fault(policy *Policy, opts *Options) string {
	switch {
	case policy == nil || policy.hash == "":
		return "the policy is missing; ParsePolicy makes one"
	case opts == nil || opts.Roles == nil:
		return "Options.Roles is nil"
	}
	if hook := opts.hollow(); hook != "" {
		return "Options." + hook + " is a nil pointer"
	}
	switch {
	case len(policy.relations) > 0 && opts.Relationships == nil:
		return "the policy asks for relationships and Options.Relationships is nil"
	case policy.emergency != nil && opts.Emergencies == nil:
		return "the policy has emergency rules and Options.Emergencies is nil"
	case len(policy.consents) > 0 && opts.Consents == nil:
		return "the policy asks for consent and Options.Consents is nil"
	}
	for _, name := range slices.Sorted(maps.Keys(policy.conditions)) {
		if opts.Conditions[name] == nil {
			return "the policy asks for the condition " + quote(name) + ", which Options.Conditions does not have"
		}
	}
	if _, ok := opts.Roles.(SubjectSource); policy.training != nil && !ok {
		return "the policy asks for training and Options.Roles is no SubjectSource"
	}
	if a, ok := opts.Roles.(Assignments); ok {
		if role, unknown := policy.unknownRole(a); unknown {
			return "Assignments name the role " + quote(role) + ", which the policy does not have"
		}
	}
	return ""
}

// A Request asks whether the Principal of the context may do Action on
// Resource, for Purpose, about Patient. Patient is the zero Patient where the
// action is not about one, a search for instance; rules that ask for a
// relationship then do not hold.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Request struct {
	Resource string
	Action   string
	Patient  safeguard.Patient
	Purpose  safeguard.Purpose
	// Tenant is the organisation that the data belongs to. If it is given,
	// a Principal of another is denied.
	Tenant string
	// Labels are the security labels of the data, as far as they are known
	// before it is read. Those in a FHIR document count as well when it is
	// projected.
	Labels Labels
}
