package crypto

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// stats are what a Sealer has counted since it was made.
type stats struct {
	since     time.Time
	opened    atomic.Uint64
	refused   atomic.Uint64
	compared  atomic.Uint64
	created   atomic.Uint64
	versions  atomic.Uint64
	leases    atomic.Uint64
	half      atomic.Uint64
	exhausted atomic.Uint64
	rotations atomic.Uint64
}

// Report says what the Sealer was set to and has counted, what its Keys
// report, and where the key-encryption key lives, which is "unknown" for Keys
// that do not report. Counters, of this process: opened, refused (values that
// were not opened), subject.created, subject.versions (those of created
// subjects too), subject.ready, budget.leases (blocks of messages), budget.half
// and budget.exhausted (events, see [BudgetEvent]) and budget.rotations (asked
// for). The observations of [Sealer.Posture] follow: the cryptographic module,
// and the ages and counts of keys where the Keys tell them.
func (s *Sealer) Report(ctx context.Context) ([]safeguard.Observation, error) {
	own := safeguard.Observation{
		Component: "crypto",
		Controls: []safeguard.Control{
			safeguard.EncryptionAndDecryption, safeguard.Integrity, safeguard.MechanismToAuthenticateEPHI,
		},
		Statement: "Values are sealed with AES-256-GCM under random nonces, each bound to its tenant, table, column, row and subject.",
		Settings: map[string]string{
			"seal.limit":       strconv.FormatUint(s.limit, 10),
			"seal.limit.scope": s.scope(),
			"subject.ttl":      s.ttl.String(),
			"open.unaudited":   s.unauditedSetting(),
		},
		Counters: s.counters(),
		Since:    s.stats.since,
	}
	keys, err := s.reportKeys(ctx)
	if err != nil {
		return nil, err
	}
	posture, err := s.Posture(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]safeguard.Observation{own}, keys, posture.Observations()), nil
}

// reportKeys returns what the Keys say of themselves, or that they do not say.
func (s *Sealer) reportKeys(ctx context.Context) ([]safeguard.Observation, error) {
	if s.keys == nil {
		return nil, nil
	}
	if reporter, ok := s.keys.(safeguard.Reporter); ok {
		return reporter.Report(ctx)
	}
	return []safeguard.Observation{{
		Component: "crypto",
		Controls:  []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.BreachRiskAssessment},
		Statement: LocationUnknown.Statement(),
		Settings:  map[string]string{"kek.location": LocationUnknown.String()},
		Since:     s.stats.since,
	}}, nil
}

// SubjectTTL returns how long a ready subject key stays in the memory of s: the
// bound within which a key that was destroyed stops working here.
func (s *Sealer) SubjectTTL() time.Duration { return s.ttl }

// scope says whose messages are counted.
func (s *Sealer) scope() string {
	if s.store == nil {
		return "this process"
	}
	return "all processes of the store"
}

func (s *Sealer) unauditedSetting() string {
	if s.unaudited {
		return "permitted"
	}
	return "refused"
}

func (s *Sealer) counters() map[string]uint64 {
	out := map[string]uint64{
		"opened":           s.stats.opened.Load(),
		"refused":          s.stats.refused.Load(),
		"compared":         s.stats.compared.Load(),
		"subject.created":  s.stats.created.Load(),
		"subject.versions": s.stats.versions.Load(),
		"budget.leases":    s.stats.leases.Load(),
		"budget.half":      s.stats.half.Load(),
		"budget.exhausted": s.stats.exhausted.Load(),
		"budget.rotations": s.stats.rotations.Load(),
	}
	if s.ready != nil {
		out["subject.ready"] = uint64(s.ready.len())
	}
	return out
}
