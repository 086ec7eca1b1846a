package keyset

import "time"

// The terms of a file that says none. They are part of the format; the
// defaults of Options are the same.
const (
	plainRefresh = time.Minute
	plainOutage  = 24 * time.Hour
)

// terms are the most that any process may take: how long until it reads a
// keyset again, and how long it goes on without an answer. They stand in the
// file, so that who destroys a key knows what all who use it keep.
type terms struct{ refresh, outage time.Duration }

// terms returns those of a file.
func (f *file) terms() terms {
	if f.Refresh == 0 {
		return terms{plainRefresh, plainOutage}
	}
	return terms{time.Duration(f.Refresh) * time.Second, time.Duration(f.Outage) * time.Second}
}

// setTerms writes them to the head. The plain ones are written as none.
func (f *file) setTerms(t terms) {
	f.Refresh, f.Outage = seconds(t.refresh), seconds(t.outage)
	if t == (terms{plainRefresh, plainOutage}) {
		f.Refresh, f.Outage = 0, 0
	}
}

// soundTerms reports whether a head can have its terms: none, or both within
// the limits of Options.
func (f *file) soundTerms() bool {
	if f.Refresh == 0 {
		return f.Outage == 0
	}
	return f.Refresh > 0 && f.Refresh <= seconds(maxRefresh) &&
		f.Outage >= f.Refresh && f.Outage <= seconds(maxOutage)
}

// seconds rounds up: who rounds may state too much, never too little.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// terms returns what the options ask for, in whole seconds.
func (o Options) terms() terms {
	return terms{time.Duration(seconds(o.Refresh)) * time.Second, time.Duration(seconds(o.Outage)) * time.Second}
}

// within returns the shorter of each, which a process keeps.
func (t terms) within(other terms) terms {
	return terms{min(t.refresh, other.refresh), min(t.outage, other.outage)}
}

// beyond returns the longer of each.
func (t terms) beyond(other terms) terms {
	return terms{max(t.refresh, other.refresh), max(t.outage, other.outage)}
}

// wait is how long a new key waits before it seals: every process has then
// read it, and so opens what is sealed under it. Times in a file are whole
// seconds.
func (t terms) wait() time.Duration { return 2*t.refresh + time.Second }

// bound is how long after a change a process may still know nothing of it:
// its last look began just before and took until the next was due, its outage
// lasted, and two more looks are for clocks that differ.
func (t terms) bound() time.Duration { return t.outage + 3*t.refresh + time.Second }

// lengthen raises the terms of a file to t where those are longer.
func (f *file) lengthen(t terms) (changed bool) {
	next := f.terms().beyond(t)
	changed = next != f.terms()
	f.setTerms(next)
	return changed
}
