package access

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// drawnRule is a random rule; drawnPolicy a random policy over few names.
type drawnRule struct {
	deny                                     bool
	role, action, purpose                    string
	fields, relations, conditions, sensitive []string
	max, obligation                          string
}

type drawnPolicy struct {
	parents [3]bool // whether each role inherits the one before
	rules   []drawnRule
}

type drawer struct {
	*rand.Rand
	paths []string
}

func (w drawer) pick(list ...string) string { return list[w.IntN(len(list))] }

func (w drawer) some(p int, list ...string) []string {
	var out []string
	for _, s := range list {
		if w.IntN(p) == 0 {
			out = append(out, s)
		}
	}
	return out
}

func (w drawer) rule() drawnRule {
	r := drawnRule{
		deny: w.IntN(4) == 0, role: w.pick("r0", "r1", "r2"), action: w.pick("read", "read", "write"),
		purpose: w.pick("TREAT", "HOPERAT"), fields: w.some(3, w.paths...),
	}
	if !r.deny {
		r.relations, r.conditions, r.sensitive = w.some(4, "self", "team"), w.some(4, "shift"), w.some(4, "PSY", "HIV")
		r.max, r.obligation = w.pick("", "", "", "N", "R", "M"), w.pick("", "", "", "log")
	}
	return r
}

func (w drawer) policy() drawnPolicy {
	p := drawnPolicy{parents: [3]bool{false, w.IntN(2) == 0, w.IntN(2) == 0}}
	for range 1 + w.IntN(5) {
		p.rules = append(p.rules, w.rule())
	}
	return p
}

// changed returns a policy that says the same or nearly so.
func (w drawer) changed(p drawnPolicy) drawnPolicy {
	p.rules = slices.Clone(p.rules)
	for range w.IntN(3) {
		i := w.IntN(len(p.rules))
		switch w.IntN(6) {
		case 0:
			p.rules = append(p.rules, p.rules[i]) // twice is once
		case 1:
			w.Shuffle(len(p.rules), func(a, b int) { p.rules[a], p.rules[b] = p.rules[b], p.rules[a] })
		case 2:
			p.rules[i] = w.rule()
		case 3:
			p.rules = append(p.rules, w.rule())
		case 4: // one rule of two fields is two rules
			one, other := p.rules[i], p.rules[i]
			if n := len(one.fields); n > 1 {
				one.fields, other.fields = one.fields[:n/2], one.fields[n/2:]
				p.rules[i] = one
				p.rules = append(p.rules, other)
			}
		default: // a stricter rule beside a weaker one says nothing new
			strict := p.rules[i]
			if !strict.deny {
				strict.conditions = []string{"shift"}
				p.rules = append(p.rules, strict)
			}
		}
	}
	return p
}

func (p drawnPolicy) parse(t *testing.T, prefix string) *Policy {
	t.Helper()
	type object map[string]any
	roles := object{}
	for i, inherits := range p.parents {
		role := object{"inherits": []string{}}
		if inherits {
			role["inherits"] = []string{fmt.Sprint("r", i-1)}
		}
		lists := map[bool][]object{}
		for n, r := range p.rules {
			if r.role != fmt.Sprint("r", i) {
				continue
			}
			o := object{"id": fmt.Sprint(prefix, n), "resource": "P", "actions": []string{r.action}, "purposes": []string{r.purpose}, "because": "a reason"}
			if len(r.fields) > 0 || !r.deny {
				o["fields"] = append([]string{}, r.fields...)
			}
			set := func(key string, list []string) {
				if len(list) > 0 {
					o[key] = list
				}
			}
			set("relationship", r.relations)
			set("conditions", r.conditions)
			labels := object{}
			if len(r.sensitive) > 0 {
				labels["sensitivity"] = r.sensitive
			}
			if r.max != "" {
				labels["max"] = r.max
			}
			if len(labels) > 0 {
				o["labels"] = labels
			}
			if r.obligation != "" {
				o["obligations"] = []string{r.obligation}
			}
			lists[r.deny] = append(lists[r.deny], o)
		}
		for deny, list := range lists {
			role[map[bool]string{false: "allow", true: "deny"}[deny]] = list
		}
		roles[fmt.Sprint("r", i)] = role
	}
	src, err := json.Marshal(object{"version": 1, "resources": object{"P": []string{"read", "write"}}, "labels": []string{"PSY", "HIV"}, "roles": roles})
	require.NoError(t, err)
	policy, err := ParsePolicy(src)
	require.NoError(t, err, string(src))
	return policy
}

const drawnDocument = `{"a":{"x":1,"y":2,"z":3,"text":"t"},"b":{"x":{"q":1},"z":2},"c":1,"z":5,"text":{"status":"s","div":"d"}}`

// decisions returns everything that a policy decides, for every set of roles
// and every situation.
func decisions(t *testing.T, p *Policy) []string {
	t.Helper()
	s, err := p.suppose()
	require.NoError(t, err)
	subset := func(n int, list ...string) (out []string) {
		for i, name := range list {
			if n>>i&1 != 0 {
				out = append(out, name)
			}
		}
		return out
	}
	var all []string
	for i := range 2 * 2 * 7 * 4 * 12 * 2 {
		n := i
		next := func(of int) int { r := n % of; n /= of; return r }
		c := &Case{
			Resource: "P", Action: []string{"read", "write"}[next(2)], Purpose: []safeguard.Purpose{"TREAT", "HOPERAT"}[next(2)],
			Roles: subset(1+next(7), "r0", "r1", "r2"), Relationships: subset(next(4), "self", "team"),
			Labels:     Labels{Sensitivity: subset(next(4), "PSY", "HIV"), Confidentiality: []string{"M", "N", "R"}[next(3)]},
			Conditions: subset(next(2), "shift"),
		}
		d := s.decide(c)
		seen := []byte("-")
		if d.Allowed {
			seen, err = d.Project(nil, []byte(drawnDocument))
			require.NoError(t, err)
		}
		all = append(all, fmt.Sprint(d.Allowed, string(seen), d.Obligations))
	}
	return all
}

// On random policies Diff is empty if and only if every decision is the same,
// for every set of roles, relationships, labels and conditions; it says
// "widened" whenever somebody with one role sees more.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestDiffLaws(t *testing.T) {
	n := 12
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		n = 5_000
	}
	same, differ := 0, 0
	for i := range n {
		// With paths that repeat others, only that nothing is missed holds.
		exact := i%4 != 0
		w := drawer{rand.New(rand.NewPCG(11, uint64(i))), []string{"P.a", "P.a.x", "P.b", "P.b.x", "P.c"}}
		if !exact {
			w.paths = []string{"P.a", "P.a.x", "P.a.text", "P.text", "P.text.div"}
		}
		one := w.policy()
		other := w.changed(one)
		a, b := one.parse(t, "A"), other.parse(t, "B")
		before, after := decisions(t, a), decisions(t, b)
		d := Diff(a, b)
		if !slices.Equal(before, after) {
			differ++
			require.False(t, d.Empty(), "case %d: a difference is missed\n%s\n%s", i, a.src, b.src)
			continue
		}
		if exact {
			require.True(t, d.Empty(), "case %d: %+v\n%s\n%s", i, d, a.src, b.src)
			same++
		}
		require.True(t, Diff(a, a).Empty())
	}
	require.Greater(t, same, n/5)
	require.Greater(t, differ, n/10)
	if n > 12 {
		fmt.Printf("soak: policy differences %d, alike %d\n", n, same)
	}
}

// The matrix says of every role alone what Decide says where nothing is
// supposed, and that access is conditional where Decide allows it in some
// situation only.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestMatrixLaws(t *testing.T) {
	seen := map[Effect]int{}
	for i := range 60 {
		w := drawer{rand.New(rand.NewPCG(12, uint64(i))), []string{"P.a", "P.a.x", "P.b", "P.b.x", "P.c", "P.text"}}
		p := w.policy().parse(t, "R")
		s, err := p.suppose()
		require.NoError(t, err)
		for c := range p.Matrix(&MatrixOptions{Purposes: []safeguard.Purpose{"TREAT", "HOPERAT", "HMARKT"}}).Cells() {
			supposed := Case{Roles: []string{c.Role}, Resource: c.Resource, Action: c.Action, Purpose: c.Purpose}
			bare := s.decide(&supposed)
			supposed.Relationships, supposed.Conditions = []string{"self", "team"}, []string{"shift"}
			supposed.Labels.Confidentiality = "U"
			best := s.decide(&supposed)
			where := fmt.Sprintf("case %d %+v\n%s", i, c, p.src)
			require.Equal(t, c.Effect == EffectAllow, bare.Allowed, where)
			require.Equal(t, c.Effect != EffectDeny, best.Allowed, where)
			if bare.Allowed {
				require.Equal(t, bare.Fields, c.Fields, where)
			}
			if best.Allowed {
				require.Equal(t, best.Fields, c.AtMost, where)
				require.Equal(t, best.Rules, c.Rules, where)
			} else {
				require.Equal(t, best.Code, c.Code, where)
			}
			seen[c.Effect]++
		}
	}
	for _, e := range []Effect{EffectDeny, EffectConditional, EffectAllow} {
		require.Greater(t, seen[e], 40, e.String())
	}
}

// Who says of a field what the projection shows.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestWhoLaws(t *testing.T) {
	found := 0
	for i := range 60 {
		w := drawer{rand.New(rand.NewPCG(13, uint64(i))), []string{"P.a", "P.a.x", "P.b", "P.b.x", "P.c"}}
		p := w.policy().parse(t, "R")
		s, err := p.suppose()
		require.NoError(t, err)
		reached := map[string]bool{}
		for _, r := range p.Who("P.b.x") {
			reached[r.Role+r.Action+string(r.Purpose)] = true
		}
		for c := range p.Matrix(nil).Cells() {
			d := s.decide(&Case{
				Roles: []string{c.Role}, Resource: "P", Action: c.Action, Purpose: c.Purpose, Labels: Labels{Confidentiality: "U"},
				Relationships: []string{"self", "team"}, Conditions: []string{"shift"},
			})
			sees := false
			if d.Allowed {
				out, err := d.Project(nil, []byte(drawnDocument))
				require.NoError(t, err)
				sees = strings.Contains(string(out), `"q"`)
			}
			require.Equal(t, sees, reached[c.Role+c.Action+string(c.Purpose)], "case %d %+v\n%s", i, c, p.src)
			if sees {
				found++
			}
		}
	}
	require.Greater(t, found, 20)
}
