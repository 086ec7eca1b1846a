package oidc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/oidc"
	"github.com/safeguard-sdk/safeguard/access/smart"
)

// A route that no token can reach is found at the start, unless scopes do not
// count or Actions says what its action needs.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestVerifyRoutes(t *testing.T) {
	known := []access.Route{{Pattern: "GET /{id}", Action: "read"}, {Pattern: "POST /search", Action: "search"}, {Pattern: "GET /ready", Public: "says nothing"}}
	own := append(known, access.Route{Pattern: "POST /glass", Action: "break"})
	with := func(change func(*oidc.Options)) *oidc.Verifier {
		return newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { change(o) })
	}
	plain := with(func(*oidc.Options) {})
	require.NoError(t, plain.VerifyRoutes(known))
	require.NoError(t, plain.VerifyRoutes(nil))
	err := plain.VerifyRoutes(own)
	require.ErrorIs(t, err, oidc.ErrOptions)
	require.ErrorContains(t, err, `route "POST /glass": no scope covers the action "break"`)

	require.NoError(t, with(func(o *oidc.Options) { o.UnsafeIgnoreScope = true }).VerifyRoutes(own))
	require.NoError(t, with(func(o *oidc.Options) { o.Actions = map[string]smart.Permissions{"break": smart.Update} }).VerifyRoutes(own))
	require.ErrorIs(t, with(func(o *oidc.Options) { o.Actions = map[string]smart.Permissions{"break": 0} }).VerifyRoutes(own), oidc.ErrOptions)
	require.ErrorIs(t, with(func(o *oidc.Options) { o.Actions = map[string]smart.Permissions{"read": 0} }).VerifyRoutes(known), oidc.ErrOptions)
	require.False(t, (*smart.Options)(nil).Covers("break"))
	require.True(t, (*smart.Options)(nil).Covers("patch"))
}
