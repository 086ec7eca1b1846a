package smart_test

import (
	"encoding/json"
	"testing"

	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/stretchr/testify/require"
)

// A configuration is published whole or not at all, and never offers plain
// code challenges.
//
// Controls: HIPAA 164.312(d), 164.312(a)(1); NIST CSF 2.0 PR.AA-03.
func TestConfiguration(t *testing.T) {
	good := func() smart.Configuration {
		return smart.Configuration{
			Issuer: "https://ehr.example", JWKSURI: "https://ehr.example/jwks", AuthorizationEndpoint: "https://ehr.example/authorize",
			TokenEndpoint: "https://ehr.example/token", GrantTypes: []string{"authorization_code"}, Scopes: []string{"openid", "patient/*.rs"},
			Capabilities: []string{"launch-ehr", "sso-openid-connect", "permission-v1", "permission-v2"},
		}
	}
	document, err := good().Document()
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(document, &members))
	require.Equal(t, []any{"S256"}, members["code_challenge_methods_supported"])
	require.Equal(t, "https://ehr.example/token", members["token_endpoint"])
	require.NotContains(t, members, "revocation_endpoint")

	backend := smart.Configuration{TokenEndpoint: "https://ehr.example/token", GrantTypes: []string{"client_credentials"}, Capabilities: []string{"client-confidential-asymmetric"}}
	_, err = backend.Document()
	require.NoError(t, err)

	for field, spoil := range map[string]func(*smart.Configuration){
		"issuer":                 func(c *smart.Configuration) { c.Issuer = "" },
		"jwks_uri":               func(c *smart.Configuration) { c.JWKSURI = "http://ehr.example/jwks" },
		"authorization_endpoint": func(c *smart.Configuration) { c.AuthorizationEndpoint = "" },
		"token_endpoint":         func(c *smart.Configuration) { c.TokenEndpoint = "/token" },
		"introspection_endpoint": func(c *smart.Configuration) { c.IntrospectionEndpoint = "ftp://x" },
		"revocation_endpoint":    func(c *smart.Configuration) { c.RevocationEndpoint = "https://u:p@x" },
		"grant_types_supported":  func(c *smart.Configuration) { c.GrantTypes = []string{"client_credentials"} },
		"capabilities":           func(c *smart.Configuration) { *c = backend; c.Capabilities = nil },
		"scopes_supported":       func(c *smart.Configuration) { c.Scopes = []string{"patient/*.sr"} },
	} {
		c := good()
		spoil(&c)
		_, err := c.Document()
		require.ErrorIs(t, err, smart.ErrConfiguration)
		require.ErrorContains(t, err, ": "+field)
	}
}
