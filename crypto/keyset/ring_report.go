package keyset

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// page is how many tenants are listed at a time.
const page = 256

// Report says where the key-encryption key lives, how long an outage may last,
// and what was counted. Counters: tenants (in memory), tenants.outage (of
// them, working without an answer), terms.shorter (of them, whose file allows
// less than the options ask for), keys, kek.calls, loads (files opened),
// refusals and outages (looks that failed), age.days.highest (of a key that
// seals) and rotate.due (keys that seal beyond [OriginatorPeriod]). It reads
// memory only: [Ring.KeyFacts] has all tenants.
func (r *Ring) Report(context.Context) ([]safeguard.Observation, error) {
	o := safeguard.Observation{
		Component: "crypto/keyset",
		Controls: []safeguard.Control{
			safeguard.EncryptionAndDecryption, safeguard.DataBackupPlan, safeguard.BreachRiskAssessment,
		},
		Settings: map[string]string{
			"refresh":      r.o.Refresh.String(),
			"recheck":      r.o.Recheck.String(),
			"outage":       r.o.Outage.String(),
			"seal.at.once": strconv.FormatBool(r.o.UnsafeSealAtOnce),
			"seals.scope":  "this process",
		},
		Counters: map[string]uint64{
			"tenants": 0, "tenants.outage": 0, "terms.shorter": 0, "keys": 0, "age.days.highest": 0, "rotate.due": 0,
			"kek.calls": r.calls.Load(), "loads": r.loads.Load(),
			"refusals": r.refusals.Load(), "outages": r.outages.Load(),
		},
		Since: r.since,
	}
	location := r.location()
	o.Statement = location.Statement() + " A keyset goes on working for at most " + r.o.Outage.String() +
		" after the last answer of its store and its key-encryption key."
	o.Settings["kek.location"] = location.String()
	for _, state := range r.states() {
		state.count(o.Counters)
		if state.limit != r.o.terms() {
			o.Counters["terms.shorter"]++
		}
	}
	return []safeguard.Observation{o}, nil
}

func (r *Ring) location() crypto.Location {
	if l, ok := r.kek.(crypto.Located); ok {
		return l.KeyLocation()
	}
	return crypto.LocationUnknown
}

func (l *loaded) count(to map[string]uint64) {
	to["tenants"]++
	to["keys"] += uint64(len(l.all))
	if l.failure != nil {
		to["tenants.outage"]++
	}
	age := l.describe().age()
	to["age.days.highest"] = max(to["age.days.highest"], uint64(age/(24*time.Hour)))
	if age > OriginatorPeriod {
		to["rotate.due"]++
	}
}

// states are those in memory, in no order.
func (r *Ring) states() []*loaded {
	r.mu.Lock()
	slots := slices.Collect(maps.Values(r.slots))
	r.mu.Unlock()
	var states []*loaded
	for _, s := range slots {
		s.mu.Lock()
		if s.state != nil {
			states = append(states, s.state)
		}
		s.mu.Unlock()
	}
	return states
}

// KeyFacts returns what may be known of the keys of every tenant in the store,
// destroyed ones left out. It implements [crypto.KeyFacts]. It does not ask the
// KEK: of a tenant that is not in memory it is what the file says of itself.
func (r *Ring) KeyFacts(ctx context.Context) ([]crypto.KeyFact, error) {
	var out []crypto.KeyFact
	for after := ""; ; {
		tenants, err := r.store.Tenants(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, tenant := range tenants {
			facts, err := r.known(ctx, tenant)
			if err != nil {
				return nil, err
			}
			out = append(out, facts.keyFacts(r.location())...)
		}
		if len(tenants) < page {
			return out, nil
		}
		after = tenants[len(tenants)-1]
	}
}

func (r *Ring) known(ctx context.Context, tenant string) (Facts, error) {
	if state := r.state(tenant); state != nil {
		return state.describe(), nil
	}
	content, err := r.store.Read(ctx, tenant)
	if err != nil {
		return Facts{}, err
	}
	f, err := parseFor(content, tenant)
	if err != nil {
		return Facts{}, err
	}
	return f.facts()
}

func (f Facts) keyFacts(location crypto.Location) []crypto.KeyFact {
	var out []crypto.KeyFact
	for _, k := range f.Keys {
		if k.State == Destroyed {
			continue
		}
		out = append(out, crypto.KeyFact{
			Tenant: f.Tenant, ID: k.ID, Primary: k.ID == f.Sealing, Enabled: k.State == Enabled,
			Created: k.Created, Location: location,
		})
	}
	return out
}
