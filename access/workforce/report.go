package workforce

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

var _ safeguard.Reporter = (*Registry)(nil)

// counters is what a Registry has counted since it was made.
type counters struct {
	stateFailures  atomic.Uint64
	cutFailures    atomic.Uint64
	revokeFailures atomic.Uint64
	lapses         atomic.Uint64

	mu          sync.Mutex
	count       uint64 // terminations, repeated calls included
	unconfirmed uint64
	last, most  time.Duration
}

// terminated counts one.
func (c *counters) terminated(r *Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if r.TimeToDeny == 0 {
		c.unconfirmed++
		return
	}
	c.last, c.most = r.TimeToDeny, max(c.most, r.TimeToDeny)
}

// Report says what this process has measured: how long terminations took until
// nothing could leave any process any more ("time-to-deny.last" and
// "time-to-deny.max", of those that were confirmed), how many were not
// confirmed, and how often the lease was over.
func (r *Registry) Report(context.Context) ([]safeguard.Observation, error) {
	c, settings := &r.counters, map[string]string{"lease": r.options.Lease.String(), "cutters": strconv.Itoa(len(r.cutters.all())), "live": strconv.FormatBool(r.alive(time.Now()) == nil)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count > c.unconfirmed {
		settings["time-to-deny.last"], settings["time-to-deny.max"] = c.last.String(), c.most.String()
	}
	return []safeguard.Observation{{
		Component: "access/workforce",
		Controls:  []safeguard.Control{safeguard.TerminationProcedures, safeguard.AccessEstablishmentAndModification},
		Statement: "Terminated accounts are denied in this process before Terminate returns, and in every other once it has acknowledged or its lease is over.",
		Settings:  settings,
		Counters: map[string]uint64{
			"terminations": c.count, "terminations.unconfirmed": c.unconfirmed,
			"lease.lapses": c.lapses.Load(), "state.failures": c.stateFailures.Load(),
			"cut.failures": c.cutFailures.Load(), "revoke.failures": c.revokeFailures.Load(),
		},
		Since: r.started,
	}}, nil
}
