package workforce

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// A role that inherits from an emergency role breaks the glass as well, and the
// Guard lets it in: the two never differ.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestWhoInheritsBreaksTheGlass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := emergencyRoom(t, memory(), ruled(t))
		guard, err := access.New(policy(t), &access.Options{Roles: r, Emergencies: r})
		require.NoError(t, err)
		grantRole(t, r, "bo", "surgeon")
		_, err = r.BreakGlass(t.Context(), fresh("bo"), patient1, unconscious)
		require.NoError(t, err)
		d := guard.Decide(safeguard.WithPrincipal(t.Context(), person("bo")), access.Request{
			Resource: "Patient", Action: "read", Patient: patient1, Purpose: safeguard.BreakGlass,
		})
		require.True(t, d.Allowed, d.Code)
	})
}

const trainedPolicy = `{"version":1,"resources":{"Patient":["read"]},
 "training":{"required":["hipaa"],"max_age_days":3,"grace_days":0,"because":"workforce training"},
 "roles":{"nurse":{"allow":[{"id":"R-1","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.name"],"because":"treats"}]}}}`

// read is what a Guard says to ada who wants to read a chart.
func read(t *testing.T, g *access.Guard) string {
	t.Helper()
	return g.Decide(safeguard.WithPrincipal(t.Context(), person("ada")), access.Request{
		Resource: "Patient", Action: "read", Patient: patient1, Purpose: safeguard.Treatment,
	}).Code
}

// Training that was noted in one process lets in at once in that one, and soon
// in every other; it ends by itself, and an older certificate does not bring it
// back.
//
// Controls: HIPAA 164.308(a)(5)(i), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AT-01, PR.AA-05.
func TestTrainingIsAGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy, err := access.ParsePolicy([]byte(trainedPolicy))
		require.NoError(t, err)
		s, options := memory(), &Options{Lease: MaxLease, Policy: func() *access.Policy { return policy }}
		r, other := live(t, s, options), live(t, s, options)
		var guards [2]*access.Guard
		for i, r := range []*Registry{r, other} {
			guards[i], err = access.New(policy, &access.Options{Roles: r})
			require.NoError(t, err)
		}
		hire(t, r, "ada", "boss", "owner", "admin")
		grantRole(t, r, "ada", "nurse")
		for _, g := range guards {
			synctest.Wait()
			require.Equal(t, access.CodeTraining, read(t, g))
		}
		done := time.Now()
		note := func(course string, at time.Time) {
			require.NoError(t, r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Course: course, Completed: at}, why))
		}
		note("fire-safety", done)
		require.Equal(t, access.CodeTraining, read(t, guards[0]), "another course")
		note("hipaa", done)
		require.Equal(t, access.CodeAllowed, read(t, guards[0]))
		synctest.Wait()
		require.Equal(t, access.CodeAllowed, read(t, guards[1]))
		time.Sleep(days(3) - time.Hour)
		require.Equal(t, access.CodeAllowed, read(t, guards[1]))
		time.Sleep(days(1) + time.Hour)
		note("hipaa", done)
		for _, g := range guards {
			require.Equal(t, access.CodeTraining, read(t, g))
		}
		refused(t, r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Course: "hipaa", Completed: time.Now().Add(time.Hour)}, why), "not completed")
		require.Equal(t, access.CodeTraining, read(t, guards[0]))
	})
}

// A grant that was revoked counts no more in the process that did it, nor in
// one that hears of it; in one that cannot hear it counts for the rest of its
// lease and no longer.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRevokedGrantEndsWithTheLease(t *testing.T) {
	for offset := time.Duration(0); offset < DefaultLease; offset += 1700 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			s, options := memory(), ruled(t)
			options.Lease = DefaultLease
			near, far := &line{State: s.State}, &line{State: s.State}
			r, hears, cutOff := live(t, s, options), live(t, near, options), live(t, far, options)
			hire(t, r, "ada", "boss", "owner", "admin")
			id := grantRole(t, r, "ada", "clinician")
			time.Sleep(offset)
			far.cutOff(true)
			began := time.Now()
			require.NoError(t, r.Revoke(t.Context(), "mercy", "ada", id, by(person("boss"))))
			require.Empty(t, roles(t, r, person("ada")))
			synctest.Wait()
			require.Empty(t, roles(t, hears, person("ada")), "at once")
			for {
				held, err := cutOff.Roles(t.Context(), person("ada"))
				if err != nil || len(held) == 0 {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			require.LessOrEqual(t, time.Since(began), DefaultLease)
		})
	}
}

// BenchmarkDecide decides over a Registry of 100,000 accounts, beside one over
// Assignments in the same run.
//
// Controls: none, it measures.
func BenchmarkDecide(b *testing.B) {
	r := newRegistry(b, crowd(b, 100_000), ruled(b))
	start(b, r)
	require.NoError(b, r.Ready(b.Context()))
	hire(b, r, "boss", "owner")
	const who = "user-77777"
	grantRole(b, r, who, "clinician")
	for name, c := range map[string]struct {
		roles access.RoleSource
		p     safeguard.Principal
	}{
		"registry":    {r, person(who)},
		"assignments": {access.Assignments{who: {"clinician"}}, safeguard.Principal{ID: who, Kind: safeguard.Person}},
	} {
		g, err := access.New(policy(b), &access.Options{Roles: c.roles, Emergencies: r})
		require.NoError(b, err)
		ctx := safeguard.WithPrincipal(b.Context(), c.p)
		q := access.Request{Resource: "Patient", Action: "read", Patient: patient1, Purpose: safeguard.Treatment}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := g.Decide(ctx, q); !d.Allowed {
					b.Fatal(d.Code)
				}
			}
		})
	}
}
