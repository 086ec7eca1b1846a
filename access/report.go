package access

import (
	"context"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// Report says which policy is in force, how often it allowed and denied by
// code since the Guard was made, and which routes are unprojected or public.
// It implements safeguard.Reporter and never fails.
func (g *Guard) Report(context.Context) ([]safeguard.Observation, error) {
	counters := map[string]uint64{}
	for c := range codes {
		if n := g.counters[c].Load(); n > 0 {
			counters[c.String()] = n
		}
	}
	return []safeguard.Observation{
		{
			Component: "github.com/safeguard-sdk/safeguard/access",
			Controls: []safeguard.Control{
				safeguard.AccessControl, safeguard.AccessAuthorization, safeguard.AccessEstablishmentAndModification,
				safeguard.MinimumNecessaryUses,
			},
			Statement: "Requests are decided by the policy with this hash, and denied unless a rule of it allows them.",
			Settings: map[string]string{
				"policy": g.current().policy.hash,
				"roles":  strings.Join(g.current().policy.Roles(), " "),
				"rules":  strconv.Itoa(len(g.current().policy.rules)),
			},
			Counters: counters,
			Since:    g.since,
		},
		g.reportRoutes(),
	}, nil
}

func (g *Guard) reportRoutes() safeguard.Observation {
	o := safeguard.Observation{
		Component: "github.com/safeguard-sdk/safeguard/access",
		Controls:  []safeguard.Control{safeguard.AccessControl, safeguard.MinimumNecessary, safeguard.EntireMedicalRecord},
		Statement: "Answers are projected on every route but those listed here, each with its justification.",
		Settings:  map[string]string{},
		Counters:  map[string]uint64{"routes": 0, "routes.unprojected": 0, "routes.public": 0},
		Since:     g.since,
	}
	if g.options.UnsafeWithoutEntry {
		o.Settings["UnsafeWithoutEntry"] = "true"
	}
	for _, r := range g.Routes() {
		o.Counters["routes"]++
		if r.Unprojected != "" {
			o.Counters["routes.unprojected"]++
			o.Settings["unprojected "+r.Pattern] = r.Unprojected
		}
		if r.Public != "" {
			o.Counters["routes.public"]++
			o.Settings["public "+r.Pattern] = r.Public
		}
	}
	return o
}
