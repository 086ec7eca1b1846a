package access

import "time"

// trained returns from when to when the training of somebody is current: after
// the last of the required courses was completed, and until the first of them
// is too old. A course that is missing makes that nothing.
func (p *Policy) trained(completed map[string]time.Time) (from, to time.Time) {
	if p.training == nil {
		return
	}
	days := p.training.maxAge + p.training.grace
	for i, course := range p.training.required {
		at := completed[course]
		if at.IsZero() {
			return time.Time{}, time.Time{}
		}
		end := at.AddDate(0, 0, days)
		if at.After(from) {
			from = at
		}
		if i == 0 || end.Before(to) {
			to = end
		}
	}
	return from, to
}
