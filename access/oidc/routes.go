package oidc

import (
	"fmt"
	"strconv"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/smart"
)

// VerifyRoutes says at the start what every request with a token would be refused
// for later, with access.CodeScope: routes of which no scope of any token covers
// the action, as Options.Actions does not say by which permissions it is. Give it
// [access.Guard.Routes] of a service whose callers bring tokens. The error unwraps
// to [ErrOptions] and names the first such route. With Options.UnsafeIgnoreScope
// there is none.
//
// Whether a token that the issuer gives out has such a scope, it cannot know.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func (v *Verifier) VerifyRoutes(routes []access.Route) error {
	if v.opts.UnsafeIgnoreScope {
		return nil
	}
	scopes := smart.Options{Actions: v.opts.Actions}
	for _, r := range routes {
		if r.Public == "" && !scopes.Covers(r.Action) {
			return fmt.Errorf("%w: route %s: no scope covers the action %s, of which Options.Actions says nothing",
				ErrOptions, strconv.Quote(r.Pattern), strconv.Quote(r.Action))
		}
	}
	return nil
}
