package access

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// An Effect says what a role may do, as far as role and purpose tell.
//
// Controls: none, a number in a report.
type Effect uint8

// The effects. EffectConditional is access that every rule makes depend on
// something besides: a relationship, labels that must be taken in, a
// condition, an emergency, a consent.
//
// Controls: none, numbers in a report.
const (
	EffectDeny Effect = iota
	EffectConditional
	EffectAllow
)

// String returns "deny", "conditional" or "allow".
func (e Effect) String() string {
	switch e {
	case EffectConditional:
		return "conditional"
	case EffectAllow:
		return "allow"
	}
	return "deny"
}

// A Matrix says for every role, resource, action and purpose what the policy
// decides. It is exhaustive: a policy has no rule beyond it. A principal with
// several roles may do what any of them may, less what any of them is denied.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Matrix struct {
	policy   *Policy
	roles    []int // sorted by name
	cells    []*cell
	purposes []safeguard.Purpose
	entries  []uint32 // outcome of each cell, purpose and role, in this order
	outcomes []outcome
}

// outcome is what the same rules say.
type outcome struct {
	effect Effect
	code   code
	rules  []string
	fields []string // in every situation that allows
	most   []string // in the best one
}

// A MatrixCell is one answer of a [Matrix].
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type MatrixCell struct {
	Role, Resource, Action string
	Purpose                safeguard.Purpose
	Effect                 Effect
	// Code is one of the Code constants; CodeAllowed for conditional access.
	Code string
	// Mask names what is seen: cells with the same number show the same
	// fields under the same rules. It is 0 for denials.
	Mask int
	// Rules are the ids of the rules that apply, sorted.
	Rules []string
	// Fields are those that are seen without any condition, and AtMost those
	// that are seen if every condition holds. They must not be changed.
	Fields, AtMost []string
}

// MatrixOptions narrow a Matrix. The zero value leaves nothing out.
//
// Controls: none, a choice of rows.
type MatrixOptions struct {
	// Roles and Resources are those to show; empty for all. What the policy
	// does not have is left out.
	Roles, Resources []string
	// Purposes are those to show; empty for those that a rule names.
	Purposes []safeguard.Purpose
}

// Matrix computes the matrix of the policy. Nil options are all of it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func (p *Policy) Matrix(opts *MatrixOptions) *Matrix {
	if opts == nil {
		opts = &MatrixOptions{}
	}
	m := &Matrix{policy: p, purposes: opts.Purposes}
	for _, name := range p.Roles() {
		if len(opts.Roles) == 0 || slices.Contains(opts.Roles, name) {
			m.roles = append(m.roles, p.roles[name])
		}
	}
	for _, at := range p.cellsInOrder() {
		if len(opts.Resources) == 0 || slices.Contains(opts.Resources, at.resource.name) {
			m.cells = append(m.cells, at)
		}
	}
	if len(m.purposes) == 0 {
		m.purposes = p.namedPurposes()
	}
	m.fill()
	return m
}

// namedPurposes returns the purposes that an allow rule names.
func (p *Policy) namedPurposes() []safeguard.Purpose {
	set := uint32(0)
	for _, r := range p.rules {
		if !r.deny {
			set |= r.purposes
		}
	}
	var list []safeguard.Purpose
	for _, purpose := range purposes() {
		if purposeBit(purpose)&set != 0 {
			list = append(list, purpose)
		}
	}
	return list
}

// fill computes every entry. Roles of one class share their outcome, and so do
// purposes for which the same rules apply.
func (m *Matrix) fill() {
	f := filler{Matrix: m, number: make(map[*rule]int, len(m.policy.rules)), of: make([]uint32, len(m.policy.named)), denied: map[code]uint32{}}
	for i, r := range m.policy.rules {
		f.number[r] = i
	}
	m.entries = make([]uint32, 0, len(m.cells)*len(m.purposes)*len(m.roles))
	for _, at := range m.cells {
		f.known = map[string]uint32{}
		allowing := m.policy.holdersOf(at)
		for _, p := range m.purposes {
			f.purpose(at, purposeBit(p), &allowing)
			for _, role := range m.roles {
				m.entries = append(m.entries, f.of[role])
			}
		}
	}
}

// holdersOf returns the roles that have any allow rule of a cell.
func (p *Policy) holdersOf(at *cell) roleSet {
	var set roleSet
	for _, r := range at.rules {
		if !r.deny {
			set.join(&r.holders)
		}
	}
	return set
}

// filler fills in a Matrix.
type filler struct {
	*Matrix
	number map[*rule]int
	key    []byte
	of     []uint32          // the outcome of each role, now
	known  map[string]uint32 // outcomes of the cell, by rules
	denied map[code]uint32   // outcomes without rules
}

// purpose finds the outcome of every role for one cell and purpose.
func (f *filler) purpose(at *cell, bit uint32, allowing *roleSet) {
	for _, c := range f.policy.classes(at, bit) {
		if !slices.ContainsFunc(c.rules, func(r *rule) bool { return !r.deny || r.whole }) {
			other, none := c.roles.split(allowing)
			f.give(other, f.denial(codePurpose))
			f.give(none, f.denial(codeNoRule))
			continue
		}
		f.key = ruleKey(f.key[:0], c.rules, f.number)
		id, known := f.known[string(f.key)]
		if !known {
			id = uint32(len(f.outcomes))
			f.outcomes = append(f.outcomes, f.policy.outcome(at, c.rules))
			f.known[string(f.key)] = id
		}
		f.give(c.roles, id)
	}
}

func (f *filler) give(roles roleSet, id uint32) { roles.each(func(i int) { f.of[i] = id }) }

// denial returns the outcome of no rule.
func (f *filler) denial(c code) uint32 {
	id, known := f.denied[c]
	if !known {
		id = uint32(len(f.outcomes))
		f.outcomes = append(f.outcomes, outcome{code: c})
		f.denied[c] = id
	}
	return id
}

// outcome computes what some rules of a cell say together.
func (p *Policy) outcome(at *cell, rules []*rule) outcome {
	var always, allow, narrow, deny []*rule
	for _, r := range rules {
		switch {
		case r.deny && r.whole:
			deny = append(deny, r)
		case r.deny:
			narrow = append(narrow, r)
		default:
			allow = append(allow, r)
			if p.unconditional(r) {
				always = append(always, r)
			}
		}
	}
	if len(deny) > 0 {
		return outcome{code: codeDenyRule, rules: ruleIDs(deny)}
	}
	o := outcome{effect: EffectConditional, rules: ruleIDs(append(slices.Clone(allow), narrow...))}
	o.most = p.names(p.mask(at.resource, allow, narrow))
	switch {
	case len(always) == len(allow):
		o.effect, o.fields = EffectAllow, o.most
	case len(always) > 0:
		o.effect, o.fields = EffectAllow, p.names(p.mask(at.resource, always, narrow))
	}
	return o
}

// unconditional reports whether a rule holds for every patient, for data
// without labels.
func (p *Policy) unconditional(r *rule) bool {
	return r.relations == 0 && r.conditions == 0 && !r.emergency && r.ceiling.level >= levelN &&
		!slices.ContainsFunc(p.consents, func(c *consent) bool { return c.labels == 0 && c.purposes&r.purposes != 0 })
}

// Len returns the number of cells.
func (m *Matrix) Len() int { return len(m.entries) }

// Cells returns every cell, by resource, action, purpose and role.
func (m *Matrix) Cells() iter.Seq[MatrixCell] {
	return func(yield func(MatrixCell) bool) {
		for i := range m.entries {
			if !yield(m.cell(i)) {
				return
			}
		}
	}
}

func (m *Matrix) cell(i int) MatrixCell {
	id, role := m.entries[i], m.policy.named[m.roles[i%len(m.roles)]]
	i /= len(m.roles)
	at, o := m.cells[i/len(m.purposes)], &m.outcomes[id]
	c := MatrixCell{
		Role: role.name, Resource: at.resource.name, Action: at.action, Purpose: m.purposes[i%len(m.purposes)],
		Effect: o.effect, Code: o.code.String(), Rules: o.rules, Fields: o.fields, AtMost: o.most,
	}
	if o.effect != EffectDeny {
		c.Mask = int(id) + 1
	}
	return c
}

// Resources returns the names of the resources, sorted.
func (p *Policy) Resources() []string { return slices.Sorted(maps.Keys(p.resources)) }

// A Reach is one way to a field.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Reach struct {
	Role, Action string
	Purpose      safeguard.Purpose
	// Conditional says that something besides role and purpose must be true.
	Conditional bool
	// Rules are the ids of the rules that give it, sorted.
	Rules []string
}

// Who returns every role, action and purpose by which anything of a field
// ("Patient.identifier") may be seen, or changed, by action, purpose and role.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func (p *Policy) Who(field string) []Reach {
	resource, _, _ := strings.Cut(field, ".")
	m := p.Matrix(&MatrixOptions{Resources: []string{resource}})
	if p.resources[resource] == nil {
		return nil
	}
	shown := map[int]*way{} // by mask
	var list []Reach
	for c := range m.Cells() {
		if c.Mask == 0 {
			continue
		}
		if shown[c.Mask] == nil {
			shown[c.Mask] = p.way(c, field)
		}
		if w := shown[c.Mask]; len(w.rules) > 0 {
			list = append(list, Reach{Role: c.Role, Action: c.Action, Purpose: c.Purpose, Conditional: !w.always, Rules: w.rules})
		}
	}
	return list
}

// way is how a cell shows a field.
type way struct {
	always bool
	rules  []string // those that give it, none if it is not shown
}

func (p *Policy) way(c MatrixCell, field string) *way {
	w, res := &way{}, p.resources[c.Resource]
	var narrow []*rule
	for _, id := range c.Rules {
		if r := p.byID[id]; r.deny {
			narrow = append(narrow, r)
		}
	}
	for _, id := range c.Rules {
		r := p.byID[id]
		if !r.deny && p.mask(res, []*rule{r}, narrow).reveals(field) {
			w.rules = append(w.rules, id)
			w.always = w.always || p.unconditional(r)
		}
	}
	return w
}
