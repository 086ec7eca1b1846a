package smart

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrConfiguration reports a Configuration that the guide does not allow.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
var ErrConfiguration = errors.New("smart: configuration: not usable")

// A Configuration is what a FHIR server says of its authorization at
// [fhir base]/.well-known/smart-configuration (STU 2.2, "Conformance"). It says
// what is so; it makes nothing so.
//
// Controls: HIPAA 164.312(d), 164.312(a)(1); NIST CSF 2.0 PR.AA-03.
type Configuration struct {
	// Issuer and JWKSURI are required for the capability
	// "sso-openid-connect".
	Issuer  string `json:"issuer,omitempty"`
	JWKSURI string `json:"jwks_uri,omitempty"`
	// AuthorizationEndpoint is required for the capabilities "launch-ehr"
	// and "launch-standalone".
	AuthorizationEndpoint string `json:"authorization_endpoint,omitempty"`
	// TokenEndpoint is required.
	TokenEndpoint string `json:"token_endpoint"`
	// GrantTypes are required: "authorization_code", "client_credentials".
	GrantTypes []string `json:"grant_types_supported"`
	// Scopes are examples of what may be asked for, each of which must parse.
	Scopes []string `json:"scopes_supported,omitempty"`
	// Capabilities are required, for instance "launch-ehr" and
	// "permission-v2".
	Capabilities []string `json:"capabilities"`
	// IntrospectionEndpoint and RevocationEndpoint are optional.
	IntrospectionEndpoint string `json:"introspection_endpoint,omitempty"`
	RevocationEndpoint    string `json:"revocation_endpoint,omitempty"`
}

// Document returns the JSON of c, to be served as application/json to anybody.
// Code challenges are by S256 and never plain. The error unwraps to
// [ErrConfiguration] and names the field that is missing, is no https URL or
// contradicts the capabilities.
func (c Configuration) Document() ([]byte, error) {
	if field := c.fault(); field != "" {
		return nil, fmt.Errorf("%w: %s", ErrConfiguration, field)
	}
	return json.Marshal(struct {
		Configuration
		Challenges []string `json:"code_challenge_methods_supported"`
	}{c, []string{"S256"}})
}

// fault names the first field that is wrong.
func (c Configuration) fault() string {
	can := func(capability string) bool { return slices.Contains(c.Capabilities, capability) }
	signOn, launch := can("sso-openid-connect"), can("launch-ehr") || can("launch-standalone")
	for _, f := range []struct {
		name, url string
		required  bool
	}{
		{"issuer", c.Issuer, signOn}, {"jwks_uri", c.JWKSURI, signOn}, {"authorization_endpoint", c.AuthorizationEndpoint, launch},
		{"token_endpoint", c.TokenEndpoint, true}, {"introspection_endpoint", c.IntrospectionEndpoint, false},
		{"revocation_endpoint", c.RevocationEndpoint, false},
	} {
		if f.url == "" && f.required || f.url != "" && !isHTTPS(f.url) {
			return f.name
		}
	}
	switch {
	case len(c.GrantTypes) == 0 || launch && !slices.Contains(c.GrantTypes, "authorization_code"):
		return "grant_types_supported"
	case len(c.Capabilities) == 0:
		return "capabilities"
	}
	for _, scope := range c.Scopes {
		if _, err := Parse(scope); err != nil {
			return "scopes_supported"
		}
	}
	return ""
}
