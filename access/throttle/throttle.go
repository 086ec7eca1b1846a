package throttle

import (
	"context"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// Options are the settings of a Throttle. nil and the zero value are the
// defaults.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Max is how many principals have a bucket of their own at a time, at
	// least. Only those count that have taken something and whose bucket is
	// not full again. The table grows with them, to about 40 bytes each. The
	// default is 1,048,576.
	Max int
	// Longest is the longest that a principal waits, however much it has
	// taken. The default is 24 hours, or as long as the limit takes to give
	// back its burst if that is more; it cannot be less than that.
	Longest time.Duration
}

// A Throttle bounds the number of patients whose data one principal takes
// out. It implements access.Throttle: a decision asks whether anything is left,
// and an answer is charged with the patients that are in it, which may be more
// than what is left. Then the principal waits until the debt is paid: after an
// answer with 500 patients under a limit of 100 an hour, about four hours.
//
// A principal is its tenant and its ID; its sessions, and the persons on whose
// behalf it acts, share its bucket. When Options.Max principals are in debt or
// nearly so, further ones share one bucket, so that a flood of accounts makes
// new principals wait for each other, for Options.Longest at most, and frees
// nobody.
//
// It is safe for concurrent use and never waits. The zero value lets nobody
// through; New makes one that does.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
type Throttle struct {
	limit   Limit
	table   *table[principal]
	since   time.Time
	charged atomic.Uint64
	refused atomic.Uint64
	forgot  atomic.Uint64
}

// principal is what a bucket belongs to.
type principal struct{ tenant, id string }

var _ access.Throttle = (*Throttle)(nil)

// New returns a Throttle that lets a principal take out the data of so many
// patients. The error unwraps to [ErrLimit].
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func New(patients Limit, opts *Options) (*Throttle, error) {
	if opts == nil {
		opts = &Options{}
	}
	t, err := newTable[principal](patients, opts.Max, opts.Longest)
	if err != nil {
		return nil, err
	}
	return &Throttle{limit: patients, table: t, since: time.Now()}, nil
}

// Ready reports whether p may take out the data of one more patient. It takes
// nothing.
func (t *Throttle) Ready(p safeguard.Principal) bool {
	ready := t.RetryAfter(p) == 0
	if !ready && t != nil {
		t.refused.Add(1)
	}
	return ready
}

// RetryAfter returns how long until Ready, 0 if it is now.
func (t *Throttle) RetryAfter(p safeguard.Principal) time.Duration {
	if t == nil || t.table == nil {
		return math.MaxInt64
	}
	return t.table.wait(principal{p.Tenant, p.ID})
}

// Charge takes n patients from what p has left, also if that is less. It
// ignores an n that is not positive.
func (t *Throttle) Charge(p safeguard.Principal, n int) {
	if t == nil || t.table == nil || n <= 0 {
		return
	}
	t.charged.Add(uint64(n))
	t.table.take(principal{p.Tenant, p.ID}, int64(n))
}

// Forget forgets what p has taken, for a clinician who must go on, and reports
// whether there was anything to forget. A principal that shares a bucket goes on
// to. It records nothing but a counter: call it in a route that an access.Mux
// wraps, so that who released whom is in the audit log before it happens.
func (t *Throttle) Forget(p safeguard.Principal) bool {
	if t == nil || t.table == nil || !t.table.forget(principal{p.Tenant, p.ID}) {
		return false
	}
	t.forgot.Add(1)
	return true
}

// Report says the limit, and what was charged and refused since New. It
// implements safeguard.Reporter and never fails. Counters that end in ".shared"
// are of principals for which there was no room.
func (t *Throttle) Report(context.Context) ([]safeguard.Observation, error) {
	if t == nil || t.table == nil {
		return []safeguard.Observation{{Component: component, Statement: "No limit is set: nobody gets any data."}}, nil
	}
	principals, _ := t.table.size()
	return []safeguard.Observation{{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AccessControl, safeguard.InformationSystemActivityReview},
		Statement: "How many patients' data one principal takes out is limited.",
		Settings:  map[string]string{"patients": t.limit.String(), "principals": strconv.Itoa(shards * room(t.table.most))},
		Counters: map[string]uint64{
			"patients": t.charged.Load(), "refused": t.refused.Load(), "forgotten": t.forgot.Load(),
			"principals": uint64(principals), "charges.shared": t.table.full.Load(),
		},
		Since: t.since,
	}}, nil
}

const component = "github.com/safeguard-sdk/safeguard/access/throttle"
