package workforce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// A Report is what came of a termination. Durations are counted from the call.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Report struct {
	// Local is when nothing could leave this process any more, zero if a
	// Cutter failed.
	Local time.Duration
	// Replicas are the other processes that had a lease when the
	// termination became durable.
	Replicas []ReplicaReport
	// Unconfirmed are those of them that may still act as before.
	Unconfirmed []string
	// TimeToDeny is when nothing could leave any process any more, zero if
	// that is not known.
	TimeToDeny time.Duration

	looked bool
}

// A ReplicaReport says how it is known that another process denies.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type ReplicaReport struct {
	// ID is the Name of the replica, a dot and a random text.
	ID string
	// Acknowledged says that it denies, has cut what was in flight, and has
	// revoked the sessions.
	Acknowledged bool
	// LeaseOver says that its lease ran out, or that it gave it up: it
	// denies everything.
	LeaseOver bool
	// After is when that was known, zero if it is not.
	After time.Duration
}

// confirm waits until every other process denies, or the deadline of whoever
// asked. It looks once in any case.
func (r *Registry) confirm(ctx, asked context.Context, start time.Time, seq uint64, report *Report) error {
	waiting := ctx
	if by, some := asked.Deadline(); some {
		var cancel context.CancelFunc
		waiting, cancel = context.WithDeadline(ctx, by)
		defer cancel()
	}
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		live, err := r.replicas(ctx)
		if err == nil {
			report.look(live, r.id, seq, time.Since(start))
			if len(report.Unconfirmed) == 0 {
				return nil
			}
		}
		if stop := rest(waiting, wait); stop != nil {
			return errors.Join(fmt.Errorf("%w: %w", ErrUnconfirmed, stop), err)
		}
	}
}

func (r *Registry) replicas(ctx context.Context) ([]state.Replica, error) {
	ctx, cancel := r.timeout(ctx)
	defer cancel()
	live, _, err := r.state.Replicas(ctx)
	return live, err
}

// look notes what is known of the others, who have a lease or had one when it
// was called first.
func (p *Report) look(live []state.Replica, self string, seq uint64, after time.Duration) {
	acknowledged := map[string]uint64{}
	for _, x := range live {
		acknowledged[x.ID] = x.Acknowledged
		if !p.looked && x.ID != self {
			p.Replicas = append(p.Replicas, ReplicaReport{ID: x.ID})
		}
	}
	slices.SortFunc(p.Replicas, func(a, b ReplicaReport) int { return strings.Compare(a.ID, b.ID) })
	p.looked, p.Unconfirmed = true, nil
	for i := range p.Replicas {
		known := &p.Replicas[i]
		at, leased := acknowledged[known.ID]
		switch {
		case known.Acknowledged || known.LeaseOver:
		case !leased:
			known.LeaseOver, known.After = true, after
		case at >= seq:
			known.Acknowledged, known.After = true, after
		default:
			p.Unconfirmed = append(p.Unconfirmed, known.ID)
		}
	}
}
