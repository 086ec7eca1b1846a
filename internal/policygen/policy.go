package policygen

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

func roles() []string { return []string{"r0", "r1", "r2", "r3", "r4"} }

func resources() []string { return []string{"P", "Q"} }

func actions() []string { return []string{"read", "write"} }

func purposes() []string { return []string{"TREAT", "HOPERAT", "PATRQT", "BTG"} }

func relations() []string { return []string{"care-team", "self"} }

// Levels are the confidentialities, lowest first.
//
// Controls: none, it is for tests.
func Levels() []string { return []string{"U", "L", "M", "N", "R", "V"} }

// Codes are the sensitivity codes.
//
// Controls: none, it is for tests.
func Codes() []string { return []string{"PSY", "HIV"} }

// Conditions are the names of conditions that rules ask for.
//
// Controls: none, it is for tests.
func Conditions() []string { return []string{"on-shift", "on-site"} }

func paths() []string { return []string{"a", "a.b", "a.c", "d", "d.e.f"} }

func consents() []string { return []string{"C-1", "C-2", "C-3"} }

func duties() []string { return []string{"notify", "review"} }

// World draws policies and requests.
//
// Controls: none, it is for tests.
type World struct{ *rand.Rand }

// New returns a World.
//
// Controls: none, it is for tests.
func New(seed uint64) World { return World{rand.New(rand.NewPCG(seed, 0x5afe))} }

// A Policy is a policy as a tree, of which JSON makes a document.
//
// Controls: none, it is for tests.
type Policy struct {
	Tenant      bool
	Labels      []string
	Consents    []Consent
	Training    bool
	Separations []Separation
	Emergency   *Emergency
	Roles       []Role
}

// A Consent is a consent requirement.
//
// Controls: none, it is for tests.
type Consent struct {
	ID               string
	Labels, Purposes []string // nil for any
}

// A Separation is a separation of duties.
//
// Controls: none, it is for tests.
type Separation struct {
	ID, Kind string
	Roles    []string
	Max      int
}

// An Emergency says who may break the glass.
//
// Controls: none, it is for tests.
type Emergency struct {
	Roles    []string
	Override bool
}

// A Role has rules and inherits roles.
//
// Controls: none, it is for tests.
type Role struct {
	Name     string
	Inherits []string
	Rules    []Rule
}

// A Rule is an allow or a deny rule.
//
// Controls: none, it is for tests.
type Rule struct {
	ID           string
	Deny         bool
	Resource     string
	Actions      []string
	Purposes     []string // nil for any, of a deny rule
	Fields       []string // nil for the whole, of a deny rule
	Exempt       string
	Relationship []string
	Max          string // "" for none
	Sensitivity  []string
	Conditions   []string
	Emergency    bool
	Obligations  []string
}

// some returns from least to all of list, in its order.
func (w World) some(least int, list []string) []string {
	var out []string
	for {
		for _, s := range list {
			if w.IntN(2) == 0 {
				out = append(out, s)
			}
		}
		if len(out) >= least {
			return out
		}
		out = nil
	}
}

func (w World) one(list []string) string { return list[w.IntN(len(list))] }

// chance is true once in n times.
func (w World) chance(n int) bool { return w.IntN(n) == 0 }

// Policy draws a policy that is valid.
func (w World) Policy() Policy {
	p := Policy{Tenant: w.chance(4), Training: w.chance(3), Labels: w.some(0, Codes())}
	if w.chance(2) {
		p.Emergency = &Emergency{Roles: w.some(1, roles()), Override: w.chance(2)}
	}
	for i, id := range consents() {
		if w.IntN(4) >= i+1 {
			continue
		}
		c := Consent{ID: id}
		if len(p.Labels) > 0 && w.chance(2) {
			c.Labels = w.some(1, p.Labels)
		}
		if w.chance(2) {
			c.Purposes = w.some(1, purposes())
		}
		p.Consents = append(p.Consents, c)
	}
	for i, name := range roles() {
		role := Role{Name: name}
		for _, parent := range roles()[:i] {
			if w.chance(3) {
				role.Inherits = append(role.Inherits, parent)
			}
		}
		for n := range 1 + w.IntN(6) {
			role.Rules = append(role.Rules, w.Rule(p, fmt.Sprintf("%s-%d", name, n)))
		}
		p.Roles = append(p.Roles, role)
	}
	for i := range max(0, w.IntN(5)-2) {
		s := Separation{ID: fmt.Sprintf("S-%d", i), Kind: w.one([]string{"static", "dynamic"}), Roles: w.some(2, roles())}
		s.Max = 1 + w.IntN(len(s.Roles)-1)
		if s.Kind == "dynamic" || p.fits(s) {
			p.Separations = append(p.Separations, s)
		}
	}
	return p
}

// fits reports whether no role breaks s by what it inherits.
func (p Policy) fits(s Separation) bool {
	closure := map[string][]string{}
	for _, role := range p.Roles {
		all := []string{role.Name}
		for _, parent := range role.Inherits {
			all = append(all, closure[parent]...)
		}
		slices.Sort(all)
		all = slices.Compact(all)
		closure[role.Name] = all
		n := 0
		for _, name := range s.Roles {
			if slices.Contains(all, name) {
				n++
			}
		}
		if n > s.Max {
			return false
		}
	}
	return true
}

// Rule draws a rule for a role of p.
func (w World) Rule(p Policy, id string) Rule {
	if w.chance(8) {
		return w.DenyRule(id)
	}
	r := Rule{ID: id, Resource: w.one(resources()), Actions: w.some(1, actions()), Purposes: w.some(1, purposes()[:3])}
	if p.Emergency != nil && w.chance(3) {
		r.Purposes, r.Emergency = []string{"BTG"}, true
	}
	switch {
	case w.chance(5):
		r.Fields = []string{"all"}
		r.Exempt = w.one([]string{"", "164.502(b)(2)(iii)", "164.502(b)(2)(v)"})
	default:
		r.Fields = []string{}
		for _, path := range w.some(0, paths()) {
			r.Fields = append(r.Fields, r.Resource+"."+path)
		}
	}
	if w.chance(3) {
		r.Relationship = w.some(1, relations())
	}
	if w.chance(2) {
		r.Max = w.one(Levels())
		if len(p.Labels) > 0 {
			r.Sensitivity = w.some(0, p.Labels)
		}
	}
	if w.chance(4) {
		r.Conditions = w.some(1, Conditions())
	}
	if w.chance(4) {
		r.Obligations = w.some(1, duties())
	}
	return r
}

// DenyRule draws a deny rule.
func (w World) DenyRule(id string) Rule {
	r := Rule{ID: id, Deny: true, Resource: w.one(resources()), Actions: w.some(1, actions())}
	if w.chance(2) {
		r.Purposes = w.some(1, purposes())
	}
	if !w.chance(4) {
		for _, path := range w.some(1, paths()) {
			r.Fields = append(r.Fields, r.Resource+"."+path)
		}
	}
	return r
}
