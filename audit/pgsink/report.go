package pgsink

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/safeguard-sdk/safeguard"
)

// counters count since OpenLog.
type counters struct {
	commits, records, bytes, refused     atomic.Uint64
	unknown, found, failures, reconnects atomic.Uint64
	checkpoints, unsigned, unsignedFound atomic.Uint64
}

func (c *counters) commit(list []entry) {
	c.commits.Add(1)
	c.records.Add(uint64(len(list)))
	for _, e := range list {
		c.bytes.Add(uint64(len(e.data)))
	}
}

const component = "github.com/safeguard-sdk/safeguard/audit/pgsink"

// Report says what the log observes of itself: sizes, the last checkpoint,
// connections lost, why there is none now, commits whose answer was lost (commits.unknown) and the
// records of them that were found committed (records.found). A log that ended
// reports too.
func (l *Log) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("report", err)
	}
	return []safeguard.Observation{l.reportLog(), l.reportTree()}, nil
}

func (l *Log) reportLog() safeguard.Observation {
	c := &l.counters
	return safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls},
		Statement: "Records are acknowledged only after PostgreSQL has committed them; an unknown outcome is a refusal.",
		Settings: map[string]string{
			"log": l.name, "poisoned": strconv.FormatBool(l.failed() != nil),
			"connection.error": l.whyNot(),
			"server.unsafe":    strconv.FormatBool(l.options.UnsafeServer), "commit.timeout": l.options.CommitTimeout.String(),
		},
		Counters: map[string]uint64{
			"size": l.Size(), "commits": c.commits.Load(), "records": c.records.Load(), "bytes": c.bytes.Load(),
			"commits.refused": c.refused.Load(), "commits.unknown": c.unknown.Load(), "records.found": c.found.Load(),
			"connections.failed": c.failures.Load(), "connections.again": c.reconnects.Load(),
		},
		Since: l.opened,
	}
}

// whyNot says why there is no connection, as far as that is known.
func (l *Log) whyNot() string {
	if err := l.trouble.Load(); err != nil && *err != nil {
		return plain(*err).Error()
	}
	return ""
}

func (l *Log) reportTree() safeguard.Observation {
	last := l.checkpoint.Load()
	return safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.Integrity, safeguard.MechanismToAuthenticateEPHI},
		Statement: "A signed checkpoint covers the records up to its size; later ones are committed but not yet signed.",
		Settings: map[string]string{
			"verifier.key":        l.VerifierKey(),
			"checkpoint.interval": l.options.CheckpointInterval.String(),
		},
		Counters: map[string]uint64{
			"checkpoint.size": last.Size, "checkpoints": l.counters.checkpoints.Load(),
			"checkpoints.failed": l.counters.unsigned.Load(), "unsigned": l.Size() - min(last.Size, l.Size()),
			"unsigned.found": l.counters.unsignedFound.Load(),
		},
		Since: l.opened,
	}
}
