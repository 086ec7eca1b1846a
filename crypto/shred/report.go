package shred

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

type stats struct {
	since                                         time.Time
	requested, approved, refused, certified, held atomic.Uint64
}

// Report says what the Shredder is set to and has counted, and the head of its
// register, so that a log of observations shows later whether the register was
// cut. Counters: requested, approved, refused, certified, held.
func (s *Shredder) Report(ctx context.Context) ([]safeguard.Observation, error) {
	entries, head, err := s.register.Head(ctx)
	if err != nil {
		return nil, err
	}
	return []safeguard.Observation{{
		Component: "crypto/shred",
		Controls:  []safeguard.Control{safeguard.MediaDisposal, safeguard.EncryptionAndDecryption},
		Statement: "Keys of patients and tenants are destroyed on the order of two authorised persons, never under a legal hold, with a signed certificate.",
		Settings: map[string]string{
			"bound": s.opts.Bound.String(), "expiry": s.opts.Expiry.String(), "signer": s.signerID,
			"register.entries": strconv.FormatUint(entries, 10), "register.head": head,
		},
		Counters: map[string]uint64{
			"requested": s.stats.requested.Load(), "approved": s.stats.approved.Load(), "refused": s.stats.refused.Load(),
			"certified": s.stats.certified.Load(), "held": s.stats.held.Load(),
		},
		Since: s.stats.since,
	}}, nil
}
