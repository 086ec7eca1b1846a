package bench

import (
	"context"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// regoPolicy looks permissions up by type and action, as its users are told to.
const regoPolicy = `package hospital

default allow := false

allow if {
	some p in data.permissions[input.resource][input.action]
	input.purpose in p.purposes
	related(p)
	some role in data.users[input.user]
	p.role in data.held[role]
}

related(p) if p.relation == ""

related(p) if p.relation in input.relations
`

func opaEngine(tb testing.TB, h *hospital) func(i int) (bool, error) {
	held, users, permissions := map[string]any{}, map[string]any{}, map[string]any{}
	parents := map[string][]string{}
	for _, r := range h.roles {
		parents[r.name] = r.inherits
	}
	for _, r := range h.roles {
		var all []any
		for list := []string{r.name}; len(list) > 0; list = list[1:] {
			all = append(all, list[0])
			list = append(list, parents[list[0]]...)
		}
		held[r.name] = all
	}
	for _, u := range h.users {
		users[u.name] = texts(u.roles)
	}
	for _, p := range h.permissions {
		byAction, _ := permissions[p.resource].(map[string]any)
		if byAction == nil {
			byAction = map[string]any{}
			permissions[p.resource] = byAction
		}
		list, _ := byAction[p.action].([]any)
		byAction[p.action] = append(list, map[string]any{"role": p.role, "relation": p.relation, "purposes": texts(p.purposes)})
	}
	ctx := context.Background()
	query, err := rego.New(
		rego.Query("data.hospital.allow"), rego.Module("hospital.rego", regoPolicy),
		rego.Store(inmem.NewFromObjectWithOpts(map[string]any{"held": held, "users": users, "permissions": permissions},
			inmem.OptReturnASTValuesOnRead(true))),
	).PrepareForEval(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return func(i int) (bool, error) {
		q := &h.questions[i]
		relations := []any{}
		if q.related {
			relations = append(relations, hospitalRelation)
		}
		results, err := query.Eval(ctx, rego.EvalInput(map[string]any{
			"user": h.users[q.user].name, "resource": q.resource, "action": q.action, "purpose": q.purpose, "relations": relations,
		}))
		return err == nil && results.Allowed(), err
	}
}

func texts(list []string) []any {
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = s
	}
	return all
}
