package bench

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
)

// cedarSlice is the set of policies about one action on one type: the index
// that cedar-go leaves to its users.
type cedarSlice []struct {
	id     cedar.PolicyID
	policy *cedar.Policy
}

func (s cedarSlice) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, p := range s {
			if !yield(p.id, p.policy) {
				return
			}
		}
	}
}

// cedarEngines returns cedar-go as it ships, and with an index by action and
// type.
func cedarEngines(tb testing.TB, h *hospital) (plain, indexed func(i int) (bool, error)) {
	set := cedar.NewPolicySet()
	index := map[[2]string]cedarSlice{}
	for _, p := range h.permissions {
		var purposes []string
		for _, purpose := range p.purposes {
			purposes = append(purposes, fmt.Sprintf("context.purpose == %q", purpose))
		}
		condition := "(" + strings.Join(purposes, " || ") + ")"
		if p.relation != "" {
			condition += fmt.Sprintf(" && context.relations.contains(%q)", p.relation)
		}
		text := fmt.Sprintf("permit (principal in Role::%q, action == Action::%q, resource is %s) when { %s };", p.role, p.action, p.resource, condition)
		policy := new(cedar.Policy)
		if err := policy.UnmarshalCedar([]byte(text)); err != nil {
			tb.Fatal(err)
		}
		set.Add(cedar.PolicyID(p.id), policy)
		key := [2]string{p.resource, p.action}
		index[key] = append(index[key], cedarSlice{{cedar.PolicyID(p.id), policy}}...)
	}
	entities := cedar.EntityMap{}
	add := func(kind, name string, roles []string) {
		var parents []cedar.EntityUID
		for _, role := range roles {
			parents = append(parents, cedar.NewEntityUID("Role", cedar.String(role)))
		}
		uid := cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(name))
		entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(parents...)}
	}
	for _, r := range h.roles {
		add("Role", r.name, r.inherits)
	}
	for _, u := range h.users {
		add("User", u.name, u.roles)
	}
	related, unrelated := cedar.NewSet(cedar.String(hospitalRelation)), cedar.NewSet()
	ask := func(i int, policies func(q *hospitalQuestion) cedar.PolicyIterator) (bool, error) {
		q := &h.questions[i]
		relations := unrelated
		if q.related {
			relations = related
		}
		decision, diagnostic := cedar.Authorize(policies(q), entities, cedar.Request{
			Principal: cedar.NewEntityUID("User", cedar.String(h.users[q.user].name)),
			Action:    cedar.NewEntityUID("Action", cedar.String(q.action)),
			Resource:  cedar.NewEntityUID(cedar.EntityType(q.resource), cedar.String(q.patient)),
			Context:   cedar.NewRecord(cedar.RecordMap{"purpose": cedar.String(q.purpose), "relations": relations}),
		})
		if len(diagnostic.Errors) > 0 {
			return false, errors.New("cedar: a policy failed")
		}
		return decision == cedar.Allow, nil
	}
	plain = func(i int) (bool, error) {
		return ask(i, func(*hospitalQuestion) cedar.PolicyIterator { return set })
	}
	indexed = func(i int) (bool, error) {
		return ask(i, func(q *hospitalQuestion) cedar.PolicyIterator { return index[[2]string{q.resource, q.action}] })
	}
	return plain, indexed
}
