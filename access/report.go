package access

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Report says which policy is in force, how often it allowed and denied by
// code since the Guard was made, and which routes are unprojected or public.
// It implements safeguard.Reporter and never fails.
//
// While a route only observes, a statement of its own says so, and each names
// these routes as unenforced.
func (g *Guard) Report(context.Context) ([]safeguard.Observation, error) {
	all := []safeguard.Observation{g.reportPolicy(), g.reportRoutes()}
	if observed := g.reportObserved(); len(observed.Unenforced) > 0 {
		all = append(all, observed)
		all[0].Unenforced, all[1].Unenforced = observed.Unenforced, observed.Unenforced
	}
	return all, nil
}

func (g *Guard) reportPolicy() safeguard.Observation {
	counters := map[string]uint64{}
	for c := range codes {
		if n := g.counters[c].Load(); n > 0 {
			counters[c.String()] = n
		}
	}
	p := g.current().policy
	return safeguard.Observation{
		Component: component,
		Controls: []safeguard.Control{
			safeguard.AccessControl, safeguard.AccessAuthorization, safeguard.AccessEstablishmentAndModification,
			safeguard.MinimumNecessaryUses,
		},
		Statement: "Requests are decided by the policy with this hash, and denied unless a rule of it allows them.",
		Settings: map[string]string{
			"policy": p.hash, "roles": strings.Join(p.Roles(), " "), "rules": strconv.Itoa(len(p.rules)),
		},
		Counters: counters,
		Since:    g.since,
	}
}

// component is who reports.
const component = "github.com/safeguard-sdk/safeguard/access"

func (g *Guard) reportRoutes() safeguard.Observation {
	o := safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AccessControl, safeguard.MinimumNecessary, safeguard.EntireMedicalRecord},
		Statement: "Answers are projected on every route but those listed here, each with its justification.",
		Settings:  map[string]string{},
		Counters:  map[string]uint64{"routes": 0, "routes.unprojected": 0, "routes.public": 0, "routes.unchecked-query": 0},
		Since:     g.since,
	}
	if g.options.UnsafeWithoutEntry {
		o.Settings["UnsafeWithoutEntry"] = "true"
	}
	for _, r := range g.Routes() {
		o.Counters["routes"]++
		if r.Unprojected != "" {
			o.Counters["routes.unprojected"]++
			o.Settings["unprojected "+r.Pattern] = r.Unprojected
		}
		if r.UncheckedQuery != "" {
			o.Counters["routes.unchecked-query"]++
			o.Settings["unchecked query "+r.Pattern] = r.UncheckedQuery
		}
		if len(r.Query) > 0 {
			o.Settings["query "+r.Pattern] = strings.Join(r.Query, "; ")
		}
		if r.Public != "" {
			o.Counters["routes.public"]++
			o.Settings["public "+r.Pattern] = r.Public
		}
	}
	return o
}

// reportObserved says which routes are not enforced now, and what their policy
// would have done.
func (g *Guard) reportObserved() safeguard.Observation {
	o := safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AccessControl, safeguard.AccessAuthorization, safeguard.MinimumNecessary},
		Statement: "NOT ENFORCED: on the routes listed here the policy is observed, and what it would deny is served.",
		Settings:  map[string]string{},
		Counters:  map[string]uint64{"would-redact": g.enforcement.wouldRedact.Load()},
		Since:     g.since,
	}
	for _, r := range g.Routes() {
		if r.Observe.running() {
			until := r.Observe.Until.UTC().Format(time.RFC3339)
			o.Settings["observe "+r.Pattern] = "until " + until + ": " + r.Observe.Because
			o.Unenforced = append(o.Unenforced, r.Pattern+" until "+until)
		}
	}
	var all uint64
	for c := range codes {
		if n := g.enforcement.wouldDeny[c].Load(); n > 0 {
			o.Counters["would-deny "+c.String()] = n
			all += n
		}
	}
	o.Counters["would-deny"] = all
	return o
}
