package oidc

import (
	"maps"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/smart"
)

// scopesOf returns what the SMART scopes of a token permit, in the words of the
// policy's actions. A token without scopes permits nothing.
func scopesOf(t *Token, actions map[string]smart.Permissions) (access.Scope, *Error) {
	scopes, err := smart.Parse(t.scope)
	if err != nil {
		return nil, refusal(codeScope)
	}
	return scopes.Scope(t.patient, &smart.Options{Kind: t.principal.Kind, Actions: maps.Clone(actions)}), nil
}
