package oidc

import "github.com/safeguard-sdk/safeguard/access"

// narrow returns what the SMART scopes of a token permit.
func narrow(*Token) (access.Scope, error) { return nothing{}, nil }

// nothing permits nothing.
type nothing struct{}

func (nothing) Permits(*access.Request) bool      { return false }
func (nothing) Filtered(string, string) bool      { return true }
func (nothing) Holds(string, string, []byte) bool { return false }
