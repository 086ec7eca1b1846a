package ledger

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// counters count since Open.
type counters struct {
	commits, records, bytes, rotations, recoveries, found atomic.Uint64
	checkpoints, unsigned                                 atomic.Uint64
	syncs, syncNanos, slowest                             atomic.Uint64
	refused, lacks                                        atomic.Uint64
	gathers, gathered, gatherNanos                        atomic.Uint64
	under1ms, under10ms, under100ms, over100ms            atomic.Uint64
}

func (c *counters) commit(records uint32, bytes int) {
	c.commits.Add(1)
	c.records.Add(uint64(records))
	c.bytes.Add(uint64(bytes))
}

// sync counts one sync of a segment. Only the committer calls it.
func (c *counters) sync(d time.Duration) {
	c.syncs.Add(1)
	c.syncNanos.Add(uint64(d))
	c.slowest.Store(max(c.slowest.Load(), uint64(d)))
	switch {
	case d < time.Millisecond:
		c.under1ms.Add(1)
	case d < 10*time.Millisecond:
		c.under10ms.Add(1)
	case d < 100*time.Millisecond:
		c.under100ms.Add(1)
	default:
		c.over100ms.Add(1)
	}
}

// gather counts one wait for callers, and whether all of them came.
func (c *counters) gather(d time.Duration, all bool) {
	c.gathers.Add(1)
	c.gatherNanos.Add(uint64(d))
	if all {
		c.gathered.Add(1)
	}
}

const component = "github.com/safeguard-sdk/safeguard/audit/ledger"

// Report says what the ledger observes of itself: sizes, the last checkpoint,
// how long syncs take, and whether it is poisoned. A poisoned or closed ledger
// reports too.
func (l *Ledger) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("report", err)
	}
	return []safeguard.Observation{l.reportLog(), l.reportTree()}, nil
}

func (l *Ledger) reportLog() safeguard.Observation {
	c := &l.counters
	return safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls},
		Statement: "Records are acknowledged only after they were synced to disk; a failed write or sync ends the ledger.",
		Settings: map[string]string{
			"origin":          l.options.Origin,
			"segment.size":    strconv.FormatInt(l.options.SegmentSize, 10),
			"record.max.size": strconv.Itoa(l.options.MaxRecordSize),
			"reserve":         strconv.FormatInt(l.options.Reserve, 10),
			"low":             strconv.FormatBool(l.Low()),
			"poisoned":        strconv.FormatBool(l.failed() != nil),
		},
		Counters: map[string]uint64{
			"size": l.Size(), "commits": c.commits.Load(), "records": c.records.Load(), "bytes": c.bytes.Load(),
			"segments.started": c.rotations.Load(), "recoveries": c.recoveries.Load(),
			"records.refused": c.refused.Load(), "disk.full": c.lacks.Load(),
			"waits": c.gathers.Load(), "waits.in.full": c.gathered.Load(), "waits.nanoseconds": c.gatherNanos.Load(),
			"syncs": c.syncs.Load(), "syncs.nanoseconds": c.syncNanos.Load(), "syncs.slowest.nanoseconds": c.slowest.Load(),
			"syncs.under.1ms": c.under1ms.Load(), "syncs.under.10ms": c.under10ms.Load(),
			"syncs.under.100ms": c.under100ms.Load(), "syncs.over.100ms": c.over100ms.Load(),
		},
		Since: l.opened,
	}
}

func (l *Ledger) reportTree() safeguard.Observation {
	last := l.checkpoint.Load()
	return safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.Integrity, safeguard.MechanismToAuthenticateEPHI},
		Statement: "A signed checkpoint covers the records up to its size; later ones are durable but not yet signed.",
		Settings: map[string]string{
			"verifier.key":        l.VerifierKey(),
			"checkpoint.interval": l.options.CheckpointInterval.String(),
		},
		Counters: map[string]uint64{
			"checkpoint.size": last.Size, "checkpoints": l.counters.checkpoints.Load(),
			"checkpoints.failed": l.counters.unsigned.Load(), "unsigned": l.Size() - last.Size,
			"unsigned.found": l.counters.found.Load(),
		},
		Since: l.opened,
	}
}
