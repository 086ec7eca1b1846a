package bench

import (
	"testing"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
)

// casbinModel asks for the role last, which casbin answers fastest.
const casbinModel = `
[request_definition]
r = sub, obj, act, pur, rel
[policy_definition]
p = sub, obj, act, pur, rel
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && r.act == p.act && r.pur == p.pur && (p.rel == "" || p.rel == r.rel) && g(r.sub, p.sub)
`

func casbinEngine(tb testing.TB, h *hospital) func(i int) (bool, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		tb.Fatal(err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		tb.Fatal(err)
	}
	var rules, groups [][]string
	for _, p := range h.permissions {
		for _, purpose := range p.purposes {
			rules = append(rules, []string{p.role, p.resource, p.action, purpose, p.relation})
		}
	}
	for _, r := range h.roles {
		for _, parent := range r.inherits {
			groups = append(groups, []string{r.name, parent})
		}
	}
	for _, u := range h.users {
		for _, role := range u.roles {
			groups = append(groups, []string{u.name, role})
		}
	}
	if _, err := e.AddPolicies(rules); err != nil {
		tb.Fatal(err)
	}
	if _, err := e.AddGroupingPolicies(groups); err != nil {
		tb.Fatal(err)
	}
	return func(i int) (bool, error) {
		q := &h.questions[i]
		relation := "none"
		if q.related {
			relation = hospitalRelation
		}
		return e.Enforce(h.users[q.user].name, q.resource, q.action, q.purpose, relation)
	}
}
