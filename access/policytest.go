package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A Failure is a test in a policy that came out otherwise than it says.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Failure struct {
	// Test is the name of the test.
	Test string
	// Line and Column say where it stands, counted in bytes from 1.
	Line, Column int
	// Want and Got say what was expected and what came.
	Want, Got string
}

// String returns "line:column: test: want …, got …".
func (f Failure) String() string {
	return fmt.Sprintf("%d:%d: test %q: want %s, got %s", f.Line, f.Column, f.Test, f.Want, f.Got)
}

// Test runs the tests that stand in the policy, with the code that decides
// requests, and returns what came out otherwise, in the order of the policy;
// nil if all are as expected, and for a policy without tests: see
// [Policy.Coverage].
//
// In "sees" is a field of which something would be seen if the data has it, in
// "not_sees" one of which nothing would, whatever the data. One test may fail
// in several ways.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func (p *Policy) Test() []Failure {
	if len(p.tests) == 0 {
		return nil
	}
	s, err := p.suppose()
	if err != nil {
		return []Failure{{Test: "all", Line: 1, Column: 1, Want: "a policy", Got: "none"}}
	}
	var failures []Failure
	for _, t := range p.tests {
		fail := func(at int, want, got string) {
			line, column := p.place(at)
			failures = append(failures, Failure{Test: t.name, Line: line, Column: column, Want: want, Got: got})
		}
		t.compare(s.decide(t.supposes()), fail)
	}
	return failures
}

// Tests returns how many tests stand in the policy.
func (p *Policy) Tests() int { return len(p.tests) }

// place returns the line and the column of a position in the document.
func (p *Policy) place(at int) (line, column int) {
	before := string(p.src[:min(at, len(p.src))])
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

func (t *policyTest) supposes() *Case {
	return &Case{
		Roles: t.as, Resource: t.resource, Action: t.action, Purpose: t.purpose, Relationships: t.relationship, Labels: t.labels,
		Conditions: t.conditions, Consented: t.consented, Emergency: t.emergency, Untrained: t.untrained,
	}
}

// compare calls fail with everything that is otherwise.
func (t *policyTest) compare(d Decision, fail func(at int, want, got string)) {
	if d.Allowed != t.allow {
		want := map[bool]string{true: "allow", false: "deny"}[t.allow]
		if t.code != "" && !t.allow {
			want += " with " + t.code
		}
		fail(t.at, want, d.Explain())
		return
	}
	if t.code != "" && d.Code != t.code {
		fail(t.at, "the code "+t.code, d.Explain())
	}
	if t.rules != nil && !slices.Equal(t.rules, d.Rules) {
		fail(t.at, "rules "+listed(t.rules), listed(d.Rules))
	}
	for _, f := range t.sees {
		if !d.verdict.mask.reveals(f.name) {
			fail(f.at, f.name+" is seen", "nothing of it: "+listed(d.Fields))
		}
	}
	for _, f := range t.notSees {
		if d.verdict.mask.reveals(f.name) {
			fail(f.at, f.name+" is not seen", "it is, or a part: "+listed(d.Fields)+" by "+listed(d.Rules))
		}
	}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// reveals reports whether a mask may show anything of a path.
func (n *node) reveals(path string) bool {
	if n == nil {
		return false
	}
	open := n.allow
	parent, keys, _ := strings.Cut(path, ".")
	for i, key := range strings.Split(keys, ".") {
		if n != nil {
			n = n.children[key]
		}
		switch {
		case n != nil && n.deny:
			return false
		case n != nil && n.allow:
			open = true
		case byNameOnly(key, parent, i == 0):
			open = false
		}
		parent = key
	}
	return open || n != nil && n.inside
}

// byNameOnly reports whether a place is shown by name only: one of those that repeat
// other data, but for a text within a field and the display of a coding, which
// may be plain words.
func byNameOnly(key, parent string, top bool) bool {
	switch key {
	case "text":
		return top
	case "display":
		return parent != "coding" && parent != "valueCoding"
	}
	return repeats(key, !top)
}

// Coverage says how much of what a policy allows its tests have tried.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Coverage struct {
	// Tried of Allowed cells (role, resource, action, purpose) are in a
	// test that expects access.
	Tried, Allowed int
	// Untried are allow rules that decided in no test, sorted.
	Untried []string
}

// Coverage runs the tests that stand in the policy and says how much they
// cover. A cell of an inherited role counts for each role that has it, since
// each may be granted alone.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func (p *Policy) Coverage() Coverage {
	type tried struct {
		role, resource, action string
		purpose                safeguard.Purpose
	}
	var c Coverage
	s, err := p.suppose()
	if err != nil {
		return c
	}
	seen, ruled := map[tried]bool{}, map[string]bool{}
	for _, t := range p.tests {
		d := s.decide(t.supposes())
		if !d.Allowed {
			continue
		}
		for _, id := range d.Rules {
			ruled[id] = true
		}
		for _, role := range t.as {
			seen[tried{role, t.resource, t.action, t.purpose}] = true
		}
	}
	for cell := range p.Matrix(nil).Cells() {
		if cell.Effect == EffectDeny {
			continue
		}
		c.Allowed++
		if seen[tried{cell.Role, cell.Resource, cell.Action, cell.Purpose}] {
			c.Tried++
		}
	}
	for _, r := range p.rules {
		if !r.deny && !ruled[r.id] {
			c.Untried = append(c.Untried, r.id)
		}
	}
	slices.Sort(c.Untried)
	return c
}
