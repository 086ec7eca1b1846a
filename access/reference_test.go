package access_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// randomRule is a rule as the reference evaluator sees it.
type randomRule struct {
	role, resource, action, purpose string
	deny                            bool
}

// On random policies Decide says what a reference evaluator says that looks
// at rules one by one, and the order of rules does not matter.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestDecideLaws(t *testing.T) {
	w := rand.New(rand.NewPCG(3, 4))
	roles := []string{"r0", "r1", "r2", "r3", "r4"}
	pick := func(list ...string) string { return list[w.IntN(len(list))] }
	seen := map[string]int{}
	for range cases(150, 20_000) {
		parents := map[string][]string{}
		for i, r := range roles {
			for j := range i {
				if w.IntN(3) == 0 {
					parents[r] = append(parents[r], roles[j])
				}
			}
		}
		var rules []randomRule
		for range w.IntN(12) {
			rules = append(rules, randomRule{
				pick(roles...), pick("P", "Q"), pick("read", "write"), pick("TREAT", "HOPERAT"), w.IntN(4) == 0,
			})
		}
		held := map[string][]string{"u": {pick(roles...), pick(roles...)}}
		g := guard(t, randomPolicy(roles, parents, rules, false), access.Assignments(held))
		reversed := guard(t, randomPolicy(roles, parents, rules, true), access.Assignments(held))
		for _, resource := range []string{"P", "Q"} {
			for _, action := range []string{"read", "write"} {
				for _, purpose := range []string{"TREAT", "HOPERAT", "HMARKT"} {
					req := access.Request{Resource: resource, Action: action, Purpose: safeguard.Purpose(purpose)}
					d := g.Decide(as("u"), req)
					want := referenceDecide(parents, rules, held["u"], resource, action, purpose)
					require.Equal(t, want, d.Code)
					seen[want]++
					other := reversed.Decide(as("u"), req)
					require.Equal(t, d.Code, other.Code)
					require.Equal(t, d.Rules, other.Rules)
				}
			}
		}
	}
	for _, code := range []string{access.CodeAllowed, access.CodeDenyRule, access.CodeNoRule, access.CodePurpose} {
		require.Greater(t, seen[code], 50, code)
	}
}

func referenceDecide(parents map[string][]string, rules []randomRule, held []string, resource, action, purpose string) string {
	holds := map[string]bool{}
	var take func(string)
	take = func(r string) {
		holds[r] = true
		for _, p := range parents[r] {
			take(p)
		}
	}
	for _, r := range held {
		take(r)
	}
	code := access.CodeNoRule
	for _, r := range rules {
		if !holds[r.role] || r.resource != resource || r.action != action {
			continue
		}
		switch {
		case r.deny && r.purpose == purpose:
			return access.CodeDenyRule
		case r.deny:
		case r.purpose == purpose:
			code = access.CodeAllowed
		case code == access.CodeNoRule:
			code = access.CodePurpose
		}
	}
	return code
}

func randomPolicy(roles []string, parents map[string][]string, rules []randomRule, reverse bool) string {
	var parts []string
	for _, role := range roles {
		lists := map[bool][]string{true: {}, false: {}}
		for i, r := range rules {
			if r.role != role {
				continue
			}
			fields := `"fields":[],`
			if r.deny {
				fields = ""
			}
			lists[r.deny] = append(lists[r.deny], fmt.Sprintf(
				`{"id":"R%d","resource":%q,"actions":[%q],"purposes":[%q],%s"because":"b"}`, i, r.resource, r.action, r.purpose, fields))
		}
		inherits := append([]string{}, parents[role]...)
		if reverse {
			slices.Reverse(lists[true])
			slices.Reverse(lists[false])
			slices.Reverse(inherits)
		}
		parts = append(parts, fmt.Sprintf(`%q:{"inherits":%s,"allow":[%s],"deny":[%s]}`,
			role, quoted(inherits), strings.Join(lists[false], ","), strings.Join(lists[true], ",")))
	}
	if reverse {
		slices.Reverse(parts)
	}
	return `{"version":1,"resources":{"P":["read","write"],"Q":["write","read"]},"roles":{` + strings.Join(parts, ",") + `}}`
}
