package anchor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// maxSeen bounds how many sizes the tail remembers.
const maxSeen = 1024

// A tail knows since when records have been waiting to be anchored.
type tail struct {
	waiting []sighting // in order of size
}

// A sighting is a size and when it was first seen.
type sighting struct {
	size uint64
	at   time.Time
}

// saw notes the ledger's signed size. When there is no room, the newest sizes
// are left out: the oldest says how long the tail has been waiting.
func (t *tail) saw(size uint64, now time.Time) {
	n := len(t.waiting)
	if n > 0 && t.waiting[n-1].size >= size || n == maxSeen {
		return
	}
	t.waiting = append(t.waiting, sighting{size, now})
}

// covered drops what is anchored.
func (t *tail) covered(size uint64) {
	i := 0
	for i < len(t.waiting) && t.waiting[i].size <= size {
		i++
	}
	t.waiting = slices.Delete(t.waiting, 0, i)
}

// since is when the oldest size that is not anchored was first seen.
func (t *tail) since() time.Time {
	if len(t.waiting) == 0 {
		return time.Time{}
	}
	return t.waiting[0].at
}

// A Status is what a [Runner] knows now.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Status struct {
	// Signed is how many records the newest checkpoint covers that was seen,
	// Anchored how many of them as many anchors have as the quorum demands, and
	// Unanchored the rest: the key's holder could rewrite those unnoticed.
	// Records that are not signed yet come on top.
	Signed, Anchored, Unanchored uint64
	// Since is when the oldest unanchored checkpoint was first seen, zero if
	// there is none.
	Since time.Time
	// Anchors are in the order in which New got them.
	Anchors []AnchorStatus
}

// An AnchorStatus is what a [Runner] knows of one anchor.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type AnchorStatus struct {
	// Name is the anchor's.
	Name string
	// Size is how many records the last checkpoint that it took covers, and At
	// when it last was up to date, in this process.
	Size uint64
	At   time.Time
	// Taken, Failures and Alarms count since New.
	Taken, Failures, Alarms uint64
	// Err is the error of the last submission, nil if it succeeded.
	Err error
}

// String says it in one line.
func (s Status) String() string {
	line := fmt.Sprintf("signed %d, anchored %d, not anchored %d", s.Signed, s.Anchored, s.Unanchored)
	if !s.Since.IsZero() {
		line += " since " + s.Since.UTC().Format(time.RFC3339)
	}
	return line
}

// Status returns what the runner knows now.
func (r *Runner) Status() Status {
	s := Status{}
	sizes := make([]uint64, 0, len(r.places))
	for _, p := range r.places {
		a := p.status()
		sizes = append(sizes, a.Size)
		s.Anchors = append(s.Anchors, a)
	}
	slices.Sort(sizes)
	s.Anchored = sizes[len(sizes)-r.options.Quorum]
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Signed = max(r.seen.Size, s.Anchored)
	s.Unanchored = s.Signed - s.Anchored
	s.Since = r.tail.since()
	return s
}

func (p *place) status() AnchorStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return AnchorStatus{p.Name(), p.last.Size, p.at, p.taken, p.failures, p.alarms, p.err}
}

// settle brings the tail up to what is anchored.
func (r *Runner) settle() {
	anchored := r.Status().Anchored
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tail.covered(anchored)
}

// Report says what is anchored, what is not and for how long, and counts
// failures and alarms.
func (r *Runner) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("anchor: report: %w", err)
	}
	s := r.Status()
	counters := map[string]uint64{"signed": s.Signed, "anchored": s.Anchored, "unanchored": s.Unanchored, "unanchored.seconds": 0}
	if !s.Since.IsZero() {
		counters["unanchored.seconds"] = uint64(max(0, time.Since(s.Since)) / time.Second)
	}
	for _, a := range s.Anchors {
		counters[a.Name+".size"], counters[a.Name+".taken"] = a.Size, a.Taken
		counters[a.Name+".failures"], counters[a.Name+".alarms"] = a.Failures, a.Alarms
	}
	return []safeguard.Observation{{
		Component: "github.com/safeguard-sdk/safeguard/audit/anchor",
		Controls:  []safeguard.Control{safeguard.Integrity, safeguard.MechanismToAuthenticateEPHI},
		Statement: "Checkpoints are kept outside this machine; records behind the newest anchored one could be rewritten by the key's holder.",
		Settings: map[string]string{
			"quorum":   strconv.Itoa(r.options.Quorum) + " of " + strconv.Itoa(len(r.places)),
			"interval": r.options.Interval.String(),
		},
		Counters: counters,
		Since:    r.since,
	}}, nil
}
