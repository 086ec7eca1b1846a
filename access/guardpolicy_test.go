package access_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A Guard says by which policy it decides, before and after a reload.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestGuardPolicy(t *testing.T) {
	first, second := parsed(t, glassPolicy), parsed(t, `{"version":1,"resources":{"Patient":["read"]},"roles":{"staff":{}}}`)
	g, err := access.New(first, &access.Options{Roles: access.Assignments{}, Emergencies: noEmergency{}})
	require.NoError(t, err)
	require.Same(t, first, g.Policy())
	_, err = g.Reload(second)
	require.NoError(t, err)
	require.Same(t, second, g.Policy())
	_, err = g.Reload(nil)
	require.ErrorIs(t, err, access.ErrReload)
	require.Same(t, second, g.Policy())
}
