package relay

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// counters count since New.
type counters struct {
	batches, delivered, filtered, refused, quarantined, failures atomic.Uint64
}

const component = "github.com/safeguard-sdk/safeguard/audit/relay"

// Report says how far the relay is, and how far behind: lag.records counts what
// is durable in the log and not known to be delivered, lag.seconds is the age of
// the oldest record in hand. failures counts failed tries of the sink, the
// cursor and the source.
func (r *Relay) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("report", err)
	}
	size, next := r.source.Size(), r.Next()
	_, ended := r.watch()
	c := &r.counters
	return []safeguard.Observation{{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls},
		Statement: "Records are carried to another place at least once and in order; none is skipped.",
		Settings: map[string]string{
			"name":       r.options.Name,
			"running":    strconv.FormatBool(r.running.Load()),
			"refused":    strconv.FormatBool(IsPermanent(ended)),
			"quarantine": strconv.FormatBool(r.options.Quarantine != nil),
			"filter":     strconv.FormatBool(r.options.Filter != nil),
		},
		Counters: map[string]uint64{
			"next": next, "batches": c.batches.Load(), "delivered": c.delivered.Load(),
			"filtered": c.filtered.Load(), "refused": c.refused.Load(), "quarantined": c.quarantined.Load(),
			"failures": c.failures.Load(), "lag.records": size - min(next, size), "lag.seconds": r.lag(time.Now()),
		},
		Since: r.opened,
	}}, nil
}

// lag returns the age of the oldest record in hand, in seconds.
func (r *Relay) lag(now time.Time) uint64 {
	since := r.pending.Load()
	if since == 0 {
		return 0
	}
	return uint64(max(0, now.Sub(time.Unix(0, since))) / time.Second)
}
