package workforce

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access"
)

// over makes a Guard over r, by the policy with some of its text replaced.
func over(t testing.TB, r *Registry, replace ...string) *access.Guard {
	t.Helper()
	g, err := access.New(reworded(t, replace...), &access.Options{Roles: r, Emergencies: r})
	require.NoError(t, err)
	return g
}

func reworded(t testing.TB, replace ...string) *access.Policy {
	t.Helper()
	p, err := access.ParsePolicy([]byte(strings.NewReplacer(replace...).Replace(policyJSON)))
	require.NoError(t, err)
	return p
}

// Roles are granted and glass is broken by the policy that the Guard decides by,
// from the moment of a reload on.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestReloadReachesGrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := ruled(t)
		o.Policy = nil
		r := newRegistry(t, memory(), o)
		g := over(t, r)
		start(t, r)
		synctest.Wait()
		hire(t, r, "ada", "boss", "owner", "bo", "eve")
		grantRole(t, r, "ada", "clinician")
		waiting := ask(t, r, "bo", "biller")

		// The biller is a clerk now, and a grant ends after ten minutes.
		change, err := g.Reload(reworded(t, `"biller"`, `"clerk"`, `"minutes":30`, `"minutes":10`))
		require.NoError(t, err)
		require.True(t, change.Applied)
		_, err = r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: "bo", Role: "biller", Act: by(person("boss"))})
		refused(t, err, "the policy has no such role")
		refused(t, r.Approve(t.Context(), "mercy", "bo", waiting, by(person("owner"))), "the policy has no such role")
		grantRole(t, r, "eve", "clerk")
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		require.Equal(t, 10*time.Minute, time.Until(e.Until))
	})
}

// Without a policy that is known to be the one in force nothing is granted:
// before there is a Guard, and while two decide by different ones. What
// Options.Policy says goes before all of them.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestNothingIsGrantedByAnUnknownPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), nil)
		hire(t, r, "ada", "boss")
		request := func() error {
			_, err := r.Request(context.Background(), GrantRequest{Tenant: "mercy", Account: "ada", Role: "clinician", Act: by(person("boss"))})
			return err
		}
		refused(t, request(), "no policy is set")
		first := over(t, r)
		require.NoError(t, request())
		require.NoError(t, r.Attach(first), "again is no error")
		second := over(t, r)
		require.NoError(t, request(), "the same policy twice")
		clerks := []string{`"biller"`, `"clerk"`}
		_, err := second.Reload(reworded(t, clerks...))
		require.NoError(t, err)
		refused(t, request(), "different policies")
		_, err = first.Reload(reworded(t, clerks...))
		require.NoError(t, err)
		require.NoError(t, request())

		none := newRegistry(t, memory(), &Options{Policy: func() *access.Policy { return nil }})
		over(t, none)
		_, err = none.policy()
		refused(t, err, "no policy is set")
	})
}
