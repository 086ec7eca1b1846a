package crypto

import (
	"context"
	"hash/fnv"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// stats are what a Sealer has counted since it was made.
type stats struct {
	since   time.Time
	opened  atomic.Uint64
	refused atomic.Uint64
	created atomic.Uint64
}

// counter returns the counter of a subject key's messages. Subjects share
// counters, so that counts outlive the cache within a fixed memory; a count
// may be too high but never too low.
func (s *Sealer) counter(name string, version uint32) *atomic.Uint64 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return &s.counts[(h.Sum32()^version)%countSlots]
}

// Report says what the Sealer was set to and has counted, what its Keys
// report, and where the key-encryption key lives, which is "unknown" for Keys
// that do not report. Counters: opened, refused (values that did not open),
// subject.created, subject.ready, subject.seals (all messages under subjects'
// keys) and subject.seals.highest (an upper bound for any one key).
func (s *Sealer) Report(ctx context.Context) ([]safeguard.Observation, error) {
	own := safeguard.Observation{
		Component: "crypto",
		Controls: []safeguard.Control{
			safeguard.EncryptionAndDecryption, safeguard.Integrity, safeguard.MechanismToAuthenticateEPHI,
		},
		Statement: "Values are sealed with AES-256-GCM under random nonces, each bound to its tenant, table, column, row and subject.",
		Settings: map[string]string{
			"seal.limit":       strconv.FormatUint(s.limit, 10),
			"seal.limit.scope": "this process",
			"subject.ttl":      s.ttl.String(),
		},
		Counters: s.counters(),
		Since:    s.stats.since,
	}
	if s.keys == nil {
		return []safeguard.Observation{own}, nil
	}
	reporter, ok := s.keys.(safeguard.Reporter)
	if !ok {
		return []safeguard.Observation{own, {
			Component: "crypto",
			Controls:  []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.BreachRiskAssessment},
			Statement: LocationUnknown.Statement(),
			Settings:  map[string]string{"kek.location": LocationUnknown.String()},
			Since:     s.stats.since,
		}}, nil
	}
	keys, err := reporter.Report(ctx)
	if err != nil {
		return nil, err
	}
	return append([]safeguard.Observation{own}, keys...), nil
}

func (s *Sealer) counters() map[string]uint64 {
	out := map[string]uint64{
		"opened":                s.stats.opened.Load(),
		"refused":               s.stats.refused.Load(),
		"subject.created":       s.stats.created.Load(),
		"subject.seals":         0,
		"subject.seals.highest": 0,
	}
	if s.ready != nil {
		out["subject.ready"] = uint64(s.ready.len())
	}
	for i := range s.counts {
		n := s.counts[i].Load()
		out["subject.seals"] += n
		out["subject.seals.highest"] = max(out["subject.seals.highest"], n)
	}
	return out
}
