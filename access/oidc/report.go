package oidc

import (
	"context"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// Report says whose tokens are accepted and what has been counted, and
// implements safeguard.Reporter. It names no principal and no key.
func (v *Verifier) Report(context.Context) ([]safeguard.Observation, error) {
	scopes := "SMART scopes narrow decisions"
	if v.opts.UnsafeIgnoreScope {
		scopes = "ignored"
	}
	epochs := "revocations of this process only"
	if v.opts.Epochs != nil {
		epochs = "asked for every token"
	}
	counts := map[string]uint64{
		"verified": v.verified.Load(), "hits": v.hits.Load(),
		"fetches": v.keys.fetches.Load(), "fetches.failed": v.keys.failed.Load(),
	}
	for c := range codes {
		counts["refused."+c.name()] = v.refused[c].Load()
	}
	return []safeguard.Observation{{
		Component: "access/oidc",
		Controls: []safeguard.Control{
			safeguard.PersonOrEntityAuthentication, safeguard.UniqueUserIdentification, safeguard.TerminationProcedures,
		},
		Statement: "Callers are identified by signed tokens of one issuer, made for this service and not expired.",
		Settings: map[string]string{
			"issuer": v.trust.Issuer, "audience": v.trust.Audience, "algorithms": strings.Join(v.trust.Algorithms, " "),
			"types": strings.Join(v.opts.Types, " "), "max_lifetime": v.trust.MaxLifetime.String(), "leeway": v.opts.Leeway.String(),
			"refresh": v.opts.Refresh.String(), "min_refresh": v.opts.MinRefresh.String(), "max_stale": v.opts.MaxStale.String(),
			"scopes": scopes, "epochs": epochs,
		},
		Counters: counts,
		Since:    v.since,
	}}, nil
}
