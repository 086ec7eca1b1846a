package access

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
)

// An outline tells what of a policy is the same in another one, from the text:
// whatever the language gets, a difference is not overlooked.
type outline struct {
	settings [sha256.Size]byte            // all but the roles
	roles    map[string][sha256.Size]byte // each with those that it inherits
}

// outlined returns the outline of a policy. Reasons and the order of keys are
// part of it or not as the text has them: what is told apart needlessly costs a
// client one more request.
func outlined(p *Policy) *outline {
	var text map[string]json.RawMessage
	var roles map[string]struct {
		Inherits    []string
		Allow, Deny []map[string]json.RawMessage
	}
	if json.Unmarshal(p.src, &text) != nil || json.Unmarshal(text["roles"], &roles) != nil {
		return nil
	}
	for _, about := range []string{"roles", "categories", "tests", "description"} {
		delete(text, about)
	}
	o := &outline{settings: digest(text), roles: map[string][sha256.Size]byte{}}
	own := map[string][sha256.Size]byte{}
	for name, role := range roles {
		own[name] = digest([]any{role.Allow, role.Deny, p.listed(role.Allow), p.listed(role.Deny)})
	}
	for name := range roles {
		held := map[string][]byte{}
		for open := []string{name}; len(open) > 0; {
			next := open[0]
			open = open[1:]
			if _, known := held[next]; !known {
				sum := own[next]
				held[next], open = sum[:], append(open, roles[next].Inherits...)
			}
		}
		o.roles[name] = digest(held)
	}
	return o
}

// listed returns what the categories mean that rules list.
func (p *Policy) listed(rules []map[string]json.RawMessage) map[string][]string {
	found := map[string][]string{}
	for _, r := range rules {
		var names []string // nil for "all"
		_ = json.Unmarshal(r["fields"], &names)
		for _, name := range names {
			if i := slices.IndexFunc(p.categories, func(c *category) bool { return c.name == name }); i >= 0 {
				found[name] = p.categories[i].paths
			}
		}
	}
	return found
}

// digest sums v up in a form that white space and the order of keys of a map do
// not change.
func digest(v any) (sum [sha256.Size]byte) {
	text, err := json.Marshal(v)
	if err == nil {
		sum = sha256.Sum256(text)
	}
	return sum
}

// covers reports whether both policies say the same of whoever has these roles.
func (o *outline) covers(other *outline, roles []string) bool {
	if o == nil || other == nil || o.settings != other.settings {
		return false
	}
	for _, name := range roles {
		sum, known := o.roles[name]
		if then, before := other.roles[name]; !known || !before || sum != then {
			return false
		}
	}
	return true
}

// carries reports whether now, a decision by another policy, comes to the same
// as d for every document: taken on the same, by roles of which both policies
// say the same. A long stream then survives the change of a policy for others.
func (d *Decision) carries(now *Decision) bool {
	if d.verdict == nil || now.verdict == nil || d.engine == now.engine || d.grant != now.grant {
		return false
	}
	if !slices.Equal(d.verdict.basis, now.verdict.basis) {
		return false
	}
	q := &d.verdict.question
	var roles []string
	held := q.active
	for i, word := range q.inactive {
		held[i] |= word
	}
	held.each(func(i int) { roles = append(roles, d.engine.policy.named[i].name) })
	return now.engine.outline().covers(d.engine.outline(), roles)
}
