package workforce

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// modelGrant is a grant in the simplest words.
type modelGrant struct {
	id, account, role, by string
	asked, until          time.Time
	approved, revoked     bool
}

func (g *modelGrant) gives() bool { return g.approved && !g.revoked && time.Now().Before(g.until) }

func (g *modelGrant) waits() bool {
	return !g.approved && !g.revoked && time.Now().Before(g.until) && time.Since(g.asked) < days(30)
}

// grantModel is the list of all grants.
type grantModel []*modelGrant

func (m grantModel) roles(account string) (out []string) {
	for _, g := range m {
		if g.account == account && g.gives() {
			out = append(out, g.role)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// clashes reports whether a role may not stand beside those of an account:
// biller with approver, or with chief, which inherits from it.
func (m grantModel) clashes(account, role string, except *modelGrant) bool {
	for _, g := range m {
		if g != except && g.account == account && (g.gives() || g.waits()) &&
			(role == "biller") != (g.role == "biller") && role != "clinician" && g.role != "clinician" {
			return true
		}
	}
	return false
}

// Whatever is requested, approved, revoked and waited for, in whatever order,
// the Registry gives the roles that the simplest model gives, and nobody has
// roles that the policy separates.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestGrantsAgreeWithAModel(t *testing.T) {
	runs, soak := 3, os.Getenv("SAFEGUARD_SOAK") == "1"
	if soak {
		runs = 500
	}
	steps := 0
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(11, uint64(seed)))
			p := policy(t)
			r := live(t, memory(), ruled(t))
			hire(t, r, "ada", "bo", "boss", "owner")
			var m grantModel
			for range 60 {
				steps++
				m = grantStep(t, random, r, m)
				for _, account := range []string{"ada", "bo", "boss"} {
					got := roles(t, r, person(account))
					require.Equal(t, m.roles(account), got)
					require.NoError(t, p.Separated(got))
				}
			}
		})
	}
	if soak {
		fmt.Printf("soak: grants against a model %d steps\n", steps)
	}
}

// grantStep does something to both, and compares what they say of it.
func grantStep(t *testing.T, random *rand.Rand, r *Registry, m grantModel) grantModel {
	who := func() string { return []string{"ada", "bo", "boss", "owner"}[random.IntN(4)] }
	switch random.IntN(6) {
	case 0, 1:
		g := &modelGrant{
			account: []string{"ada", "bo", "boss"}[random.IntN(3)], role: []string{"clinician", "biller", "approver", "chief"}[random.IntN(4)],
			by: who(), asked: time.Now(), until: time.Now().Add(days(1 + random.IntN(60))),
		}
		var err error
		g.id, err = r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: g.account, Role: g.role, Until: g.until, Act: by(person(g.by))})
		require.Equal(t, g.by != g.account && !m.clashes(g.account, g.role, nil), err == nil)
		if err == nil {
			m = append(m, g)
		}
	case 2, 3:
		if len(m) > 0 {
			g, judge := m[len(m)-1-random.IntN(min(len(m), 4))], who()
			err := r.Approve(t.Context(), "mercy", g.account, g.id, by(person(judge)))
			may := g.waits() && judge != g.account && judge != g.by && !m.clashes(g.account, g.role, g)
			require.Equal(t, may, err == nil, err)
			g.approved = g.approved || err == nil
		}
	case 4:
		if len(m) > 0 {
			g := m[random.IntN(len(m))]
			require.NoError(t, r.Revoke(t.Context(), "mercy", g.account, g.id, by(person(who()))))
			g.revoked = true
		}
	default:
		time.Sleep(time.Duration(random.Int64N(int64(days(10) >> (2 * random.IntN(5))))))
	}
	return m
}
