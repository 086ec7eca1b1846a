package bench

import (
	"context"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// directory knows the hospital's users.
type directory map[string]*access.Subject

func (d directory) Subject(_ context.Context, p safeguard.Principal) (*access.Subject, error) {
	return d[p.ID], nil
}

func (d directory) Roles(_ context.Context, p safeguard.Principal) ([]string, error) {
	if s := d[p.ID]; s != nil {
		return s.Roles, nil
	}
	return nil, nil
}

// careTeams knows which patients are in somebody's care.
type careTeams map[safeguard.Patient]bool

func (c careTeams) Relations(_ context.Context, _ safeguard.Principal, patient safeguard.Patient) ([]string, error) {
	if c[patient] {
		return []string{hospitalRelation}, nil
	}
	return nil, nil
}

// accessEngine answers with package access: purpose, cached relationship,
// labels, mask of fields and reasons in every decision.
func accessEngine(tb testing.TB, h *hospital) func(i int) (bool, error) {
	policy, err := access.ParsePolicy(h.policyJSON(tb))
	if err != nil {
		tb.Fatal(err)
	}
	users, teams := directory{}, careTeams{}
	for _, u := range h.users {
		users[u.name] = &access.Subject{Active: true, Roles: u.roles}
	}
	contexts, requests := make([]context.Context, len(h.questions)), make([]access.Request, len(h.questions))
	for i, q := range h.questions {
		contexts[i] = safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: h.users[q.user].name, Kind: safeguard.Person})
		patient := safeguard.NewPatient("unrelated-" + q.patient)
		if q.related {
			patient = safeguard.NewPatient(q.patient)
			teams[patient] = true
		}
		requests[i] = access.Request{
			Resource: q.resource, Action: q.action, Purpose: safeguard.Purpose(q.purpose), Patient: patient,
			Labels: access.Labels{Confidentiality: "N"},
		}
	}
	cache, err := access.CacheRelationships(teams, nil)
	if err != nil {
		tb.Fatal(err)
	}
	guard, err := access.New(policy, &access.Options{Roles: users, Relationships: cache})
	if err != nil {
		tb.Fatal(err)
	}
	return func(i int) (bool, error) {
		d := guard.Decide(contexts[i], requests[i])
		return d.Allowed && len(d.Rules) > 0 && len(d.Fields) > 0, nil
	}
}

// Every engine answers every question as the plainest reading does.
//
// Controls: none, it makes the comparison fair.
func TestAccessEnginesAgree(t *testing.T) {
	h := newHospital(1000)
	plain, indexed := cedarEngines(t, h)
	for name, engine := range map[string]func(int) (bool, error){
		"access": accessEngine(t, h), "casbin": casbinEngine(t, h), "cedar": plain, "cedar indexed": indexed, "opa": opaEngine(t, h),
	} {
		for i, q := range h.questions {
			got, err := engine(i)
			if err != nil {
				t.Fatalf("%s: question %d: %v", name, i, err)
			}
			if got != h.allows(q) {
				t.Fatalf("%s: question %d: %v", name, i, got)
			}
		}
	}
}

// A decision beside casbin, cedar-go and OPA on the same policy, with 100,000
// users.
func BenchmarkAccessPeers(b *testing.B) {
	h := newHospital(100_000)
	plain, indexed := cedarEngines(b, h)
	engines := map[string]func() error{}
	for name, engine := range map[string]func(int) (bool, error){
		"casbin": casbinEngine(b, h), "cedar": plain, "cedar-indexed": indexed, "opa": opaEngine(b, h),
	} {
		engines[name] = inTurn(h, engine)
	}
	compare(b, inTurn(h, accessEngine(b, h)), engines)
}

func inTurn(h *hospital, engine func(int) (bool, error)) func() error {
	i := 0
	return func() error {
		i = (i + 1) % len(h.questions)
		_, err := engine(i)
		return err
	}
}
