package access

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// somebody is a SubjectSource of one.
type somebody struct{ subject *Subject }

func (s somebody) Subject(context.Context, safeguard.Principal) (*Subject, error) {
	return s.subject, nil
}

func (s somebody) Roles(context.Context, safeguard.Principal) ([]string, error) {
	return s.subject.Roles, nil
}

func (s somebody) Relations(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
	return []string{"care-team"}, nil
}

// What is kept about those who do not come back keeps no policy that was
// replaced in memory, nor what was remembered of it.
//
// Controls: none, it is about memory.
func TestOldPoliciesAreForgotten(t *testing.T) {
	const text = `{"version":1,"resources":{"Patient":["read"]},"roles":{"nurse":{"allow":[{"id":"N","resource":"Patient","actions":["read"],
		"purposes":["TREAT"],"fields":["Patient.name"],"relationship":["care-team"],"because":"b"}]}}}`
	parse := func() *Policy {
		p, err := ParsePolicy([]byte(text))
		require.NoError(t, err)
		return p
	}
	who := somebody{&Subject{Active: true, Roles: []string{"nurse"}}}
	cache, err := CacheRelationships(who, nil)
	require.NoError(t, err)
	g, err := New(parse(), &Options{Roles: who, Relationships: cache})
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "nina", Kind: safeguard.Person})
	d := g.Decide(ctx, Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: safeguard.NewPatient("1")})
	require.True(t, d.Allowed)
	d = Decision{}
	old, policy := weak.Make(g.current()), weak.Make(g.current().policy)
	require.NoError(t, g.swap(parse()))
	runtime.GC()
	require.Nil(t, old.Value())
	require.Nil(t, policy.Value())
	runtime.KeepAlive(who.subject)
	runtime.KeepAlive(cache)
	require.False(t, d.Allowed)
}
