package access_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// attached is a source that keeps the Guards that ask it.
type attached struct {
	access.Assignments
	guards []*access.Guard
	err    error
}

func (a *attached) Attach(g *access.Guard) error {
	a.guards = append(a.guards, g)
	return a.err
}

// A source that ends access knows every Guard without being told, and can cut
// with it; a source that refuses is no Guard.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewAttachesTheGuard(t *testing.T) {
	policy, err := access.ParsePolicy([]byte(glassPolicy))
	require.NoError(t, err)
	source := &attached{Assignments: access.Assignments{"ada": {"staff"}}}
	options := &access.Options{Roles: source, Emergencies: noEmergency{}}
	g, err := access.New(policy, options)
	require.NoError(t, err)
	require.Equal(t, []*access.Guard{g}, source.guards)
	ctx, release := g.Track(safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "ada", Kind: safeguard.Person}))
	defer release()
	require.NoError(t, source.guards[0].Cut(t.Context(), "", "ada"))
	require.ErrorIs(t, context.Cause(ctx), access.ErrTerminated)

	source.err = errors.New("no more")
	g, err = access.New(policy, options)
	require.ErrorIs(t, err, source.err)
	require.Nil(t, g)
}

const glassPolicy = `{"version":1,"resources":{"Patient":["read"]},
 "emergency":{"roles":["clinician"],"reasons":["life-threat"],"minutes":30,"review_hours":72,"max_unreviewed":3,"step_up_minutes":5,"because":"emergency access"},
 "roles":{"staff":{},
  "clinician":{"inherits":["staff"],"allow":[{"id":"R-1","resource":"Patient","actions":["read"],"purposes":["BTG"],"emergency":true,"fields":["Patient.name"],"because":"emergency"}]},
  "surgeon":{"inherits":["clinician"]}}}`

type noEmergency struct{}

func (noEmergency) Emergency(context.Context, safeguard.Principal, safeguard.Patient) (access.Emergency, error) {
	return access.Emergency{}, nil
}

// Whoever inherits from an emergency role may break the glass; whoever it
// inherits from may not.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestMayBreakGlass(t *testing.T) {
	policy, err := access.ParsePolicy([]byte(glassPolicy))
	require.NoError(t, err)
	for _, c := range []struct {
		roles []string
		may   bool
	}{
		{nil, false}, {[]string{"staff"}, false}, {[]string{"clinician"}, true}, {[]string{"surgeon"}, true},
		{[]string{"staff", "surgeon"}, true}, {[]string{"nobody"}, false}, {[]string{""}, false},
	} {
		require.Equal(t, c.may, policy.MayBreakGlass(c.roles...), c.roles)
	}
	require.False(t, (&access.Policy{}).MayBreakGlass("clinician"))
}
