package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// hospital is one policy and its users, told to every engine in its own words:
// 10 roles, three deep, 50 permissions, each with purposes and, every third, a
// relationship that the caller must have with the patient.
type hospital struct {
	roles       []hospitalRole
	permissions []permission
	users       []hospitalUser
	questions   []hospitalQuestion
}

type hospitalRole struct {
	name     string
	inherits []string
}

type permission struct {
	id, role, resource, action string
	purposes                   []string
	relation                   string
	fields                     []string
}

type hospitalUser struct {
	name  string
	roles []string
}

type hospitalQuestion struct {
	user             int
	resource, action string
	purpose          string
	related          bool
	patient          string
}

const hospitalRelation = "care-team"

func hospitalPurposes() []string { return []string{"TREAT", "HPAYMT", "HOPERAT", "HRESCH"} }

func hospitalActions() []string { return []string{"create", "read", "update", "delete", "search"} }

// newHospital makes a hospital that is the same in every run. Half of the
// questions are allowed, as nearly as 2,000 can be.
func newHospital(users int) *hospital {
	r := rand.New(rand.NewPCG(7, uint64(users)))
	h := &hospital{}
	for i := range 10 {
		role := hospitalRole{name: fmt.Sprintf("role-%d", i)}
		if i > 0 {
			role.inherits = []string{fmt.Sprintf("role-%d", (i-1)/3)}
		}
		h.roles = append(h.roles, role)
	}
	for i := range 50 {
		p := permission{
			id: fmt.Sprintf("R-%d", i), role: fmt.Sprintf("role-%d", r.IntN(10)),
			resource: fmt.Sprintf("Type%d", i/5), action: hospitalActions()[i%5],
		}
		first := r.IntN(4)
		p.purposes = []string{hospitalPurposes()[first], hospitalPurposes()[(first+1)%4]}
		if i%3 == 0 {
			p.relation = hospitalRelation
		}
		for f := range 4 {
			p.fields = append(p.fields, fmt.Sprintf("%s.field%d", p.resource, f))
		}
		h.permissions = append(h.permissions, p)
	}
	for i := range users {
		u := hospitalUser{name: fmt.Sprintf("user-%06d", i), roles: []string{fmt.Sprintf("role-%d", r.IntN(10))}}
		if second := fmt.Sprintf("role-%d", r.IntN(10)); second != u.roles[0] {
			u.roles = append(u.roles, second)
		}
		h.users = append(h.users, u)
	}
	allowed := 0
	for len(h.questions) < 2000 {
		q := hospitalQuestion{
			user: r.IntN(users), resource: fmt.Sprintf("Type%d", r.IntN(10)), action: hospitalActions()[r.IntN(5)],
			purpose: hospitalPurposes()[r.IntN(4)], related: r.IntN(2) == 0, patient: fmt.Sprintf("patient-%d", r.IntN(1000)),
		}
		want := h.allows(q)
		if want && allowed >= 1000 || !want && len(h.questions)-allowed >= 1000 {
			continue
		}
		if want {
			allowed++
		}
		h.questions = append(h.questions, q)
	}
	return h
}

// allows answers in the plainest way.
func (h *hospital) allows(q hospitalQuestion) bool {
	held := map[string]bool{}
	var hold func(name string)
	hold = func(name string) {
		held[name] = true
		for _, role := range h.roles {
			if role.name == name {
				for _, parent := range role.inherits {
					hold(parent)
				}
			}
		}
	}
	for _, name := range h.users[q.user].roles {
		hold(name)
	}
	return slices.ContainsFunc(h.permissions, func(p permission) bool {
		return held[p.role] && p.resource == q.resource && p.action == q.action && slices.Contains(p.purposes, q.purpose) &&
			(p.relation == "" || q.related)
	})
}

// policyJSON tells the hospital in the language of package access.
func (h *hospital) policyJSON(tb testing.TB) []byte {
	type rule struct {
		ID           string   `json:"id"`
		Resource     string   `json:"resource"`
		Actions      []string `json:"actions"`
		Purposes     []string `json:"purposes"`
		Fields       []string `json:"fields"`
		Because      string   `json:"because"`
		Relationship []string `json:"relationship,omitempty"`
	}
	type role struct {
		Inherits []string `json:"inherits,omitempty"`
		Allow    []rule   `json:"allow,omitempty"`
	}
	resources, roles := map[string][]string{}, map[string]*role{}
	for _, r := range h.roles {
		roles[r.name] = &role{Inherits: r.inherits}
	}
	for _, p := range h.permissions {
		if !slices.Contains(resources[p.resource], p.action) {
			resources[p.resource] = append(resources[p.resource], p.action)
		}
		one := rule{ID: p.id, Resource: p.resource, Actions: []string{p.action}, Purposes: p.purposes, Fields: p.fields, Because: "its work"}
		if p.relation != "" {
			one.Relationship = []string{p.relation}
		}
		roles[p.role].Allow = append(roles[p.role].Allow, one)
	}
	b, err := json.Marshal(map[string]any{"version": 1, "resources": resources, "roles": roles})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
