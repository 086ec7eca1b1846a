package oidc

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

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
	countRefused(counts, &v.refused)
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

// Report says whose identities are accepted and what has been counted, and
// implements safeguard.Reporter. It names no principal and no key.
func (r *Receiver) Report(context.Context) ([]safeguard.Observation, error) {
	issuers := slices.Sorted(maps.Values(r.issuers))
	replay := "refused"
	if r.opts.UnsafeAllowReplay {
		replay = "allowed"
	}
	counts := map[string]uint64{"verified": r.verified.Load()}
	countRefused(counts, &r.refused)
	return []safeguard.Observation{{
		Component: "access/oidc",
		Controls:  []safeguard.Control{safeguard.PersonOrEntityAuthentication, safeguard.UniqueUserIdentification},
		Statement: "Identities that other services forward are signed, made for this service, and count at most 60 s.",
		Settings: map[string]string{
			"audience": r.audience, "issuers": strings.Join(slices.Compact(issuers), " "), "leeway": r.opts.Leeway.String(), "replay": replay,
		},
		Counters: counts,
		Since:    r.since,
	}}, nil
}

func countRefused(counts map[string]uint64, refused *[codes]atomic.Uint64) {
	for c := range codes {
		counts["refused."+c.name()] = refused[c].Load()
	}
}
