package policygen

import "slices"

// A Request is what is asked, by whom, and all that the sources would say
// about it.
//
// Controls: none, it is for tests.
type Request struct {
	Roles           []string // that are granted
	Active          []string // that are active, nil for all
	Suspended       bool
	Untrained       bool
	Resource        string
	Action          string
	Purpose         string
	Patient         bool // the request is about one
	Tenant          string
	CallerTenant    string
	Confidentiality string
	Sensitivity     []string
	Relations       []string
	Conditions      []string // that hold
	Consents        []string // that were given
	Emergency       bool     // a grant is open
	Scoped          bool     // the caller has a scope
	OutOfScope      bool     // which does not cover the request
	Exhausted       bool     // the throttle is at its end
	Fails           []string // the sources that fail
}

// sources are what can fail.
func sources() []string {
	return []string{"subjects", "relations", "emergencies", "consents", "conditions"}
}

// Request draws a request.
func (w World) Request() Request {
	r := Request{
		Roles: w.few(roles()), Suspended: w.chance(30), Untrained: w.chance(20),
		Resource: w.one(resources()), Action: w.one(actions()), Purpose: w.one(purposes()[:3+w.IntN(2)]), Patient: !w.chance(6),
		Relations: w.few(relations()), Conditions: w.some(0, Conditions()), Consents: w.some(0, consents()),
		Emergency: w.chance(2), Exhausted: w.chance(20),
	}
	if len(r.Roles) == 0 && !w.chance(8) {
		r.Roles = w.some(1, roles())
	}
	if w.chance(40) {
		r.Roles = append(r.Roles, "unknown")
	}
	if w.chance(40) {
		r.Resource = "Undeclared"
	}
	if w.chance(8) {
		r.Active = append([]string{}, w.few(r.Roles)...)
		if w.chance(3) {
			r.Active = append(r.Active, w.one(roles()))
		}
	}
	if w.chance(4) {
		r.Scoped = true
		r.OutOfScope = w.chance(4)
	}
	if w.chance(3) {
		r.Confidentiality = w.one(append(Levels(), "X"))
		r.Sensitivity = w.some(0, append(Codes(), "ETH")[:2+w.IntN(2)])
	}
	if !w.chance(6) {
		r.Tenant, r.CallerTenant = "north", "north"
		if w.chance(8) {
			r.Tenant = "south"
		}
	}
	if w.chance(10) {
		r.Fails = []string{w.one(sources())}
	}
	return r
}

// few returns none to three of list.
func (w World) few(list []string) []string {
	var out []string
	for range min(len(list), w.IntN(4)) {
		if s := w.one(list); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Failing reports whether a source fails.
func (r Request) Failing(source string) bool { return slices.Contains(r.Fails, source) }
