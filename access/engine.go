package access

import (
	"math/bits"
	"sync"
)

// engine is a policy with a memory of what its rules said. The memory is
// bounded, holds nothing of who asked, and is read without a lock: what was
// forgotten is computed again.
type engine struct {
	policy   *Policy
	mark     *mark
	verdicts memory[verdict]
	effects  memory[effect]
	holdings memory[holding]
	// Many have the same standing, and share it: it is at hand more often.
	standings memory[standing]
	outline   func() *outline // of policy, made when it is first asked for
}

// A mark stands for a policy or an engine in what may outlive it by long: the
// standing of somebody who does not come back must not keep all of it in memory.
type mark struct{ _ byte }

// Bounds of what an engine remembers.
const (
	maxVerdicts  = 1 << 15
	maxEffects   = 1 << 12
	maxHoldings  = 1 << 13
	maxStandings = 1 << 13
)

func newEngine(p *Policy) *engine {
	e := &engine{policy: p, mark: new(mark), outline: sync.OnceValue(func() *outline { return outlined(p) })}
	e.verdicts.init(maxVerdicts)
	e.effects.init(maxEffects)
	e.holdings.init(maxHoldings)
	e.standings.init(maxStandings)
	return e
}

// current returns the engine that decides now.
func (g *Guard) current() *engine { return g.engine.Load() }

// question is all that a verdict depends on, besides the policy.
type question struct {
	*holding
	sum        uint64 // of holding, so that it need not be looked at
	relations  uint64
	codes      uint64 // sensitivity of the data
	consented  uint64
	conditions uint64 // those that hold
	cell       uint32
	purpose    uint32
	level      uint32 // confidentiality of the data
	facts      facts
}

// facts are what a question has found out, and what it has asked for.
type facts uint32

const (
	otherTenant facts = 1 << iota
	scoped            // the caller has a Scope, which covers the request
	glassBroken       // an emergency grant is open
	askedRelations
	askedEmergency
	askedConsents
	askedConditions
)

const askedAll = askedRelations | askedEmergency | askedConsents | askedConditions

func (f facts) has(g facts) bool { return f&g != 0 }

// holding are the roles that a caller has. There may be several of the same.
type holding struct {
	active   roleSet // roles whose rules allow
	inactive roleSet // granted roles whose rules only deny
}

func (h *holding) sum() uint64 { return mix(h.active.hash(), h.inactive.hash()) }

// same reports whether two questions are the same, whoever keeps their roles.
func (q question) same(other question) bool {
	roles, others := *q.holding, *other.holding
	q.holding, other.holding = nil, nil
	return roles == others && q == other
}

// hash mixes a question to find its slot. Equality decides, so it need not
// resist anybody.
func (q *question) hash() uint64 {
	h := mix(uint64(q.cell)<<32|uint64(q.purpose), uint64(q.level)<<32|uint64(q.facts))
	h = mix(h^q.relations, q.codes^0x94d049bb133111eb)
	if q.consented|q.conditions != 0 {
		h = mix(h^q.consented, q.conditions^0xd6e8feb86659fd93)
	}
	return h ^ q.sum
}

func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x2d358dccaa6c78a5, b^0x8bb84b93962eacc9)
	return high ^ low
}

// verdict returns what the rules at a cell say.
func (e *engine) verdict(q *question, at *cell) *verdict {
	h := q.hash()
	row := e.verdicts.row(h)
	for i := range row {
		if v := row[i].Load(); v != nil && v.question == *q {
			return v
		}
	}
	v := e.policy.judge(*q, at, &e.effects)
	e.verdicts.keep(h, v)
	return v
}

// answered returns what the rules say once q has found out what v asked for.
// Most often that is what it was the last time.
func (e *engine) answered(v *verdict, q *question, at *cell) *verdict {
	if last := v.next.Load(); last != nil && last.question == *q {
		return last
	}
	next := e.verdict(q, at)
	v.next.Store(next)
	return next
}

// holding returns h, or the same that is known already, and its sum.
func (e *engine) holding(h *holding) (*holding, uint64) {
	sum := h.sum()
	return intern(&e.holdings, sum, h), sum
}
