package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A Difference is what differs between two policies in what they decide. The
// order of what is written, ids of rules, reasons, descriptions and categories
// make none. It holds no PHI.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Difference struct {
	// Old and New are the hashes of the policies.
	Old, New string
	// Cells are the differences in what a role may do, sorted by role,
	// resource, action and purpose.
	Cells []CellChange
	// Settings are the differences in what holds for every rule: tenant,
	// training, consent, separation, emergency, roles that exist.
	Settings []SettingChange
}

// Empty reports whether the policies decide alike.
func (d Difference) Empty() bool { return len(d.Cells) == 0 && len(d.Settings) == 0 }

// Widened reports whether anything is allowed that was not, to anybody and in
// any situation. Where a change both widens and narrows, it has widened.
func (d Difference) Widened() bool {
	return slices.ContainsFunc(d.Cells, func(c CellChange) bool { return c.Widened }) ||
		slices.ContainsFunc(d.Settings, func(s SettingChange) bool { return s.Widened })
}

// A CellChange is a difference in what one role may do with one resource.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type CellChange struct {
	Role, Resource, Action string
	// Purposes are those for which it holds.
	Purposes []safeguard.Purpose
	// Widened and Narrowed say in which direction it goes; it can be both.
	Widened, Narrowed bool
	// Changes say what has changed, one sentence each.
	Changes []string
	// Gained and Lost are fields that are seen in some situation, and were
	// in none before, and the other way round.
	Gained, Lost []string
	// OldRules and NewRules are the ids of the rules that say so, sorted.
	OldRules, NewRules []string
}

// A SettingChange is a difference in what holds for every rule.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type SettingChange struct {
	// Where names the part of the policy: "training", "separation S-1".
	Where string
	// Change says what has changed.
	Change            string
	Widened, Narrowed bool
}

// Diff compares what two policies decide, for every role, resource, action and
// purpose of either. It finds every difference in effect, fields, obligations,
// exemptions and what they require, also one that shows only when a principal
// has several roles; codes of denials and ids of rules are none. It is the
// whole difference: if it is empty, the policies decide every request alike.
//
// The reverse has rare exceptions: a denial of a place that a FHIR document may
// or may not show by itself (a "text") counts as a difference even if no
// document is ever shown otherwise.
//
// A nil policy has no roles: the Difference to it is everything.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func Diff(older, newer *Policy) Difference {
	older, newer = orNothing(older), orNothing(newer)
	c := &comparison{words: newVocabulary(), meanings: map[string]int{}}
	c.old, c.new = c.side(older), c.side(newer)
	c.settings()
	for _, key := range c.keys() {
		c.cell(key)
	}
	slices.SortStableFunc(c.cells, func(a, b CellChange) int {
		return cmp.Or(strings.Compare(a.Role, b.Role), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Action, b.Action))
	})
	return Difference{Old: older.hash, New: newer.hash, Cells: c.cells, Settings: c.changes}
}

func orNothing(p *Policy) *Policy {
	if p == nil {
		return &Policy{}
	}
	return p
}

// comparison is one run of Diff.
type comparison struct {
	old, new side
	words    vocabulary
	names    []roleIn
	paths    map[string][]string // that either policy writes, by resource
	meanings map[string]int      // numbers of what rules say
	cells    []CellChange
	changes  []SettingChange
}

// side is one of the two policies.
type side struct {
	grants
	meaning map[*rule]int // rules that say the same have the same number
}

func (c *comparison) side(p *Policy) side {
	s := side{grants: grants{p, c.words.add(p)}, meaning: make(map[*rule]int, len(p.rules))}
	for _, r := range p.rules {
		paths := make([]string, 0, len(r.paths))
		for _, id := range r.paths {
			paths = append(paths, p.paths[id])
		}
		slices.Sort(paths)
		text := fmt.Sprint(r.deny, r.whole, s.words.requires(r), r.exempt, r.obligations, slices.Compact(paths))
		n, known := c.meanings[text]
		if !known {
			n = len(c.meanings)
			c.meanings[text] = n
		}
		s.meaning[r] = n
	}
	return s
}

// keys returns the cells of both policies, sorted.
func (c *comparison) keys() []cellKey {
	all := map[cellKey]bool{}
	for _, p := range []*Policy{c.old.policy, c.new.policy} {
		for _, at := range p.cellsInOrder() {
			all[at.key()] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), compareCells)
}

func compareCells(a, b cellKey) int {
	return cmp.Or(strings.Compare(a.resource, b.resource), strings.Compare(a.action, b.action))
}

// cell compares what the policies say about one action on one resource.
func (c *comparison) cell(key cellKey) {
	_, before := c.old.policy.cell(key.resource, key.action)
	_, after := c.new.policy.cell(key.resource, key.action)
	run := &cellRun{comparison: c, key: key, before: before, after: after, known: map[string]*CellChange{}, joined: map[string]int{}}
	for _, p := range purposes() {
		bit := purposeBit(p)
		if ruled(before, bit) || ruled(after, bit) {
			run.purpose(p, bit)
		}
	}
	c.cells = append(c.cells, run.found...)
}

// ruled reports whether a cell has rules for a purpose.
func ruled(at *cell, purpose uint32) bool {
	return at != nil && slices.ContainsFunc(at.rules, func(r *rule) bool { return r.purposes&purpose != 0 })
}
