package evidence

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// reported is one observation with its time.
type reported struct {
	observed
	at time.Time
}

// batch is the latest report of one component of one source: all that it said
// at once, and what it had said the time before.
type batch struct {
	run         uint64
	at          time.Time
	now, before map[string]reported
}

// reports keeps of every component what it said last, and apart from it what
// that replaced.
type reports struct {
	batches *table[string, *batch]
	former  *table[string, *reported]
	lost    uint64

	// A run is a row of observations in the log without another record, of one
	// occasion and with less than a minute between two. What one component says
	// at once is in one run.
	run      uint64
	index    uint64
	at       time.Time
	occasion string
}

// betweenReports is the longest time between two observations of one run.
const betweenReports = time.Minute

func newReports() *reports {
	return &reports{batches: newTable[string, *batch](maxReports), former: newTable[string, *reported](maxReports)}
}

// step finds out whether an observation goes on with the run of the last one.
func (s *reports) step(index uint64, e event, o *observed) {
	apart := e.Time.Sub(s.at).Abs()
	if s.run == 0 || index != s.index+1 || o.Occasion != s.occasion || apart > betweenReports {
		s.run++
	}
	s.index, s.at, s.occasion = index, e.Time, o.Occasion
}

// add takes one observation of the period.
func (s *reports) add(e event, o *observed) {
	source := cut(e.Source) + "\x00" + cut(o.Component)
	b := s.batches.get(source, func() *batch { return &batch{} })
	if b == nil {
		return
	}
	r := reported{*o, e.Time}
	if e.Time.Before(b.at) {
		s.past(source, r)
		return
	}
	key := o.Statement + "\x00" + o.Settings["tenant"]
	if _, again := b.now[key]; again || b.run != s.run {
		s.retire(source, b)
		b.before, b.now, b.run = b.now, map[string]reported{}, s.run
	}
	b.at = e.Time
	if len(b.now) == maxReports {
		s.lost++
		return
	}
	b.now[key] = r
}

// retire makes history of what the latest report of a component has replaced.
func (s *reports) retire(source string, b *batch) {
	for _, key := range slices.Sorted(maps.Keys(b.before)) {
		now, ok := b.now[key]
		if !ok || !maps.Equal(now.Settings, b.before[key].Settings) || !slices.Equal(now.Unenforced, b.before[key].Unenforced) {
			s.past(source, b.before[key])
		}
	}
}

func (s *reports) past(source string, r reported) {
	key := fmt.Sprintf("%s\x00%s\x00%q\x00%q", source, r.Statement, r.Settings, r.Unenforced) // maps are printed in order
	f := s.former.get(key, func() *reported { return &reported{} })
	if f != nil && !r.at.Before(f.at) {
		*f = r
	}
}

// finish retires what the last report of each component has replaced.
func (s *reports) finish() {
	for _, source := range slices.Sorted(maps.Keys(s.batches.rows)) {
		s.retire(source, s.batches.rows[source])
	}
}

// all returns what is reported and what was, in one order.
func (s *reports) all() []report {
	var out []report
	for _, source := range slices.Sorted(maps.Keys(s.batches.rows)) {
		b := s.batches.rows[source]
		for _, key := range slices.Sorted(maps.Keys(b.now)) {
			out = append(out, report{reported: b.now[key]})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.former.rows)) {
		out = append(out, report{reported: *s.former.rows[key], former: true})
	}
	return out
}
