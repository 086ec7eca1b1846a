package access

import (
	"math/bits"
	"sync/atomic"
)

// engine is a policy with a memory of what its rules said. The memory is
// bounded, holds nothing of who asked, and is read without a lock: what was
// forgotten is computed again.
type engine struct {
	policy *Policy
	slots  [verdictSlots]atomic.Pointer[verdict]
}

// A verdict may be in any of verdictWays slots.
const (
	verdictSlots = 1 << 14
	verdictWays  = 4
)

// current returns the engine that decides now.
func (g *Guard) current() *engine { return g.engine.Load() }

// question is all that a verdict depends on, besides the policy.
type question struct {
	active     roleSet // roles whose rules allow
	inactive   roleSet // granted roles whose rules only deny
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

// hash mixes a question to find its slot. Equality decides, so it need not
// resist anybody.
func (q *question) hash() uint64 {
	h := mix(uint64(q.cell)<<32|uint64(q.purpose), uint64(q.level)<<32|uint64(q.facts))
	h = mix(h^q.active[0], q.active[1]^0x9e3779b97f4a7c15)
	h = mix(h^q.active[2], q.active[3]^0xbf58476d1ce4e5b9)
	h = mix(h^q.relations, q.codes^0x94d049bb133111eb)
	h = mix(h^q.consented, q.conditions^0xd6e8feb86659fd93)
	if q.inactive != (roleSet{}) {
		h = mix(h^q.inactive[0], q.inactive[1]^0xa0761d6478bd642f)
		h = mix(h^q.inactive[2], q.inactive[3]^0xe7037ed1a0b428db)
	}
	return h
}

func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x2d358dccaa6c78a5, b^0x8bb84b93962eacc9)
	return high ^ low
}

// verdict returns what the rules at a cell say.
func (e *engine) verdict(q *question, at *cell) *verdict {
	h := q.hash()
	free := (h + h>>32%verdictWays) % verdictSlots // one to forget, if there is none
	for way := range verdictWays {
		slot := (h + uint64(way)) % verdictSlots
		v := e.slots[slot].Load()
		switch {
		case v == nil:
			free = slot
		case v.question == *q:
			return v
		}
	}
	v := e.policy.judge(*q, at)
	e.slots[free].Store(v)
	return v
}
