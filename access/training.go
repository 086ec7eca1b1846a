package access

import (
	"math"
	"time"
)

// trainingSkew is how far ahead of this machine's clock the completion of a
// course may be: it was recorded while the decision was taken, or by a machine
// whose clock is ahead. One that is further ahead has not happened.
const trainingSkew = time.Minute

// trained returns from when to when the training of somebody is current, in
// nanoseconds since 1970: after the last of the required courses was
// completed, and until the first of them is too old. A course that is missing
// makes that nothing.
func (p *Policy) trained(completed map[string]time.Time) (from, to int64) {
	if p.training == nil {
		return 0, math.MaxInt64
	}
	from, to = math.MinInt64, math.MaxInt64
	for _, course := range p.training.required {
		at := completed[course]
		if at.Year() < 1970 || at.Year() > 2200 {
			return 0, 0
		}
		from = max(from, at.Add(-trainingSkew).UnixNano())
		to = min(to, at.Add(time.Duration(p.training.maxAge+p.training.grace)*24*time.Hour).UnixNano())
	}
	return from, to
}
