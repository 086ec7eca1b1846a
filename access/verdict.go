package access

import "slices"

// maxVerdicts bounds the table of verdicts. When it is full, verdicts are
// computed anew each time.
const maxVerdicts = 1 << 14

// question is all that a verdict depends on, besides the policy.
type question struct {
	cell      int
	purpose   uint32
	roles     roleSet
	relations uint64
}

// verdict is what the rules say to a question. It is immutable.
type verdict struct {
	code   code
	rules  []string // of the rules that decided, sorted
	fields []string // sorted
	mask   *node    // nil unless allowed
	shown  struct{ rules, fields []string }
}

// verdict returns what the rules at a cell say.
func (g *Guard) verdict(q question, r *resource, at *cell) *verdict {
	g.mu.RLock()
	v := g.verdicts[q]
	g.mu.RUnlock()
	if v != nil {
		return v
	}
	v = g.policy.judge(q, r, at)
	// Callers see copies, so that one who sorts them harms no record.
	v.shown.rules, v.shown.fields = slices.Clone(v.rules), slices.Clone(v.fields)
	g.mu.Lock()
	defer g.mu.Unlock()
	if known := g.verdicts[q]; known != nil {
		return known
	}
	if len(g.verdicts) < maxVerdicts {
		g.verdicts[q] = v
	}
	return v
}

// judge looks at every rule: an allow rule must not hide a deny rule behind
// it.
func (p *Policy) judge(q question, res *resource, at *cell) *verdict {
	var allow, narrow, deny []*rule
	otherPurpose, nearer := false, false
	for _, r := range at.rules {
		switch {
		case !r.holders.meets(&q.roles):
		case r.purposes&q.purpose == 0:
			otherPurpose = otherPurpose || !r.deny
		case r.deny && r.whole:
			deny = append(deny, r)
		case r.deny:
			narrow = append(narrow, r)
		case r.relations != 0 && r.relations&q.relations == 0:
			nearer = true
		default:
			allow = append(allow, r)
		}
	}
	switch {
	case len(deny) > 0:
		return &verdict{code: codeDenyRule, rules: ruleIDs(deny)}
	case len(allow) > 0:
		mask := p.mask(res, allow, narrow)
		return &verdict{rules: ruleIDs(append(allow, narrow...)), fields: p.names(mask), mask: mask}
	case nearer:
		return &verdict{code: codeRelationship}
	case otherPurpose:
		return &verdict{code: codePurpose}
	}
	return &verdict{code: codeNoRule}
}

func ruleIDs(rules []*rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.id
	}
	slices.Sort(ids)
	return ids
}
