package access_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// directory is a SubjectSource of a fixed workforce.
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

// hospital is a Guard over a policy of many rules that uses every kind of
// gate, with a large workforce.
type hospital struct {
	guard    *access.Guard
	people   directory
	callers  []context.Context
	requests []access.Request
}

// hospitalResources is how many types of resource the requests are about.
const hospitalResources = 10

// hospitalPolicy returns a policy with the given number of rules, 50 roles, and
// relationship, labels and training.
func hospitalPolicy(rules int) string {
	holders := max(5, min(50, rules/hospitalResources))
	resources := rules / holders
	var b strings.Builder
	b.WriteString(`{"version":1,"labels":["PSY","HIV"],"training":{"required":["hipaa"],"max_age_days":3650,"because":"b"},"resources":{`)
	for i := range resources {
		fmt.Fprintf(&b, `%s"T%d":["read","search"]`, comma(i), i)
	}
	b.WriteString(`},"roles":{`)
	for role := range 50 {
		fmt.Fprintf(&b, `%s"r%d":{`, comma(role), role)
		if role >= 5 {
			fmt.Fprintf(&b, `"inherits":["r%d"],`, role%5)
		}
		b.WriteString(`"allow":[`)
		for i := range resources {
			if role < holders {
				fmt.Fprintf(&b, `%s{"id":"A-%d-%d","resource":"T%d","actions":["read","search"],"purposes":["TREAT","HOPERAT"],
				"fields":["T%d.name","T%d.f%d"],"relationship":["care-team"],"labels":{"max":"R","sensitivity":["PSY"]},"because":"b"}`,
					comma(i), role, i, i, i, i, role%10)
			}
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`}}`)
	return b.String()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// newHospital returns a hospital with the given numbers of users and rules.
func newHospital(t testing.TB, users, rules int) *hospital {
	t.Helper()
	policy, err := access.ParsePolicy([]byte(hospitalPolicy(rules)))
	require.NoError(t, err)
	w := rand.New(rand.NewPCG(7, 7))
	people := directory{}
	trained := map[string]time.Time{"hipaa": time.Now().Add(-time.Hour)}
	h := &hospital{people: people}
	for i := range users {
		id := fmt.Sprintf("user-%06d", i)
		// 100 combinations of roles, as in an organisation.
		combination := w.IntN(100)
		people[id] = &access.Subject{
			Active: true, Trained: trained,
			Roles: []string{fmt.Sprintf("r%d", combination%50), fmt.Sprintf("r%d", (combination*7+combination/50)%50)},
		}
	}
	cache, err := access.CacheRelationships(relationFunc(func(safeguard.Patient) ([]string, error) { return []string{"care-team"}, nil }),
		&access.CacheOptions{TTL: time.Hour})
	require.NoError(t, err)
	h.guard, err = access.New(policy, &access.Options{Roles: people, Relationships: cache})
	require.NoError(t, err)
	for range 1024 {
		ctx := as(fmt.Sprintf("user-%06d", w.IntN(users)))
		h.callers = append(h.callers, ctx)
		h.requests = append(h.requests, access.Request{
			Resource: fmt.Sprintf("T%d", w.IntN(hospitalResources)), Action: "read", Purpose: safeguard.Treatment,
			Patient: safeguard.NewPatient(fmt.Sprintf("MRN-%d", w.IntN(1000))), Labels: access.Labels{Confidentiality: "R", Sensitivity: []string{"PSY"}},
		})
	}
	return h
}

// decide takes the i-th decision.
func (h *hospital) decide(i int) access.Decision {
	return h.guard.Decide(h.callers[i%len(h.callers)], h.requests[i%len(h.requests)])
}
