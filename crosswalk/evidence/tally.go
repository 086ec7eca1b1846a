package evidence

import (
	"encoding/json"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Bounds of what is kept apart while a log is read.
const (
	maxTypes      = 1_000
	maxRoutes     = 5_000
	maxPrincipals = 100_000
	maxCodes      = 5_000
	maxColumns    = 10_000
	maxReports    = 1_000
	maxOpen       = 100_000
	maxText       = 256
)

// span counts, with the first and the last time.
type span struct {
	count       uint64
	first, last time.Time
}

func (s *span) add(n uint64, t time.Time) {
	s.count += n
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}

type principal struct{ tenant, id, kind string }

type principalCount struct {
	span
	ever     time.Time // first record in the whole log
	refusals uint64
	methods  map[string]uint64
	// own is true for somebody who acted on a patient's own request, worked
	// for one who acted for any other purpose.
	own, worked bool
}

// patient reports whether it may be a patient who acted, in a portal for
// instance. Such an account number identifies a patient, so it is not shown.
func (c *principalCount) patient() bool { return c.own && !c.worked }

type route struct{ method, pattern string }

type routeCount struct {
	requests, refusals uint64
	outcomes           map[string]uint64
}

type code struct{ policy, effect, code string }

// open is a request whose end has not been read yet.
type open struct {
	route     *routeCount
	principal *principalCount
	refused   bool
}

// tally is what is counted while a log is read.
type tally struct {
	from, until time.Time // the period
	practice    time.Time // the beginning of the twelve months before until

	read, malformed, unread uint64
	whole                   span // all records of the log
	types                   *table[string, *span]
	principals              *table[principal, *principalCount]
	routes                  *table[route, *routeCount]
	codes                   *table[code, *span]
	columns                 *table[string, *span]
	nobody                  *table[string, *span]
	reports                 *reports
	open                    *table[string, *open]
	recovered, failed       uint64
	expirations, emergency  *sampler
	active                  map[Date]bool // days of the period with a record
	days                    map[safeguard.Control]map[Date]bool
}

func newTally(p Period, sample int, seed string) (*tally, error) {
	from, until, err := p.bounds()
	if err != nil {
		return nil, err
	}
	return &tally{
		from: from, until: until, practice: until.AddDate(-1, 0, 0),
		types: newTable[string, *span](maxTypes), principals: newTable[principal, *principalCount](maxPrincipals),
		routes: newTable[route, *routeCount](maxRoutes), codes: newTable[code, *span](maxCodes),
		columns: newTable[string, *span](maxColumns), nobody: newTable[string, *span](maxCodes),
		reports: newReports(), open: newTable[string, *open](maxOpen),
		expirations: newSampler("session.expirations", seed, sample), emergency: newSampler("access.emergency", seed, sample),
		active: map[Date]bool{}, days: map[safeguard.Control]map[Date]bool{},
	}, nil
}

// record counts one record.
func (t *tally) record(index uint64, record []byte) {
	t.read++
	e, ok := decode(record)
	if !ok {
		t.malformed++
		return
	}
	t.whole.add(1, e.Time)
	within := !e.Time.Before(t.from) && e.Time.Before(t.until)
	if within {
		t.active[DateOf(e.Time)] = true
		if s := t.types.get(cut(e.Type), newSpan); s != nil {
			s.add(1, e.Time)
		}
	}
	if !t.data(index, e, within) {
		t.unread++
	}
}

// data counts what a record says. It returns false for data of a known type
// that cannot be read.
func (t *tally) data(index uint64, e event, within bool) bool {
	if isAccess(e.Type) {
		return read(e.Data, func(a *access) { t.access(index, e.Time, a, within) })
	}
	switch e.Type {
	case typeEnded:
		return read(e.Data, t.ended)
	case typeUnauthenticated:
		return !within || read(e.Data, func(u *unauthenticated) { t.unauthenticated(e.Time, u) })
	case typeObservation:
		return read(e.Data, func(o *observed) { t.observation(index, e, o) })
	case typeRecovered:
		if within {
			t.recovered++
		}
	}
	return true
}

func read[T any](data json.RawMessage, use func(*T)) bool {
	var v T
	if json.Unmarshal(data, &v) != nil {
		return false
	}
	use(&v)
	return true
}

func (t *tally) ended(e *ended) {
	o, ok := t.open.rows[e.Entry]
	if !ok {
		return
	}
	delete(t.open.rows, e.Entry)
	if o.route != nil && len(o.route.outcomes) < maxTypes {
		o.route.outcomes[cut(e.Outcome)]++
	}
}

func (t *tally) unauthenticated(at time.Time, u *unauthenticated) {
	for c, n := range u.Counts {
		if s := t.nobody.get(cut(c), newSpan); s != nil {
			s.add(n, at)
		}
	}
}

// observation keeps the latest report of each component up to the end of the
// period, what it replaced, and the days of the preceding twelve months on which a control was reported.
func (t *tally) observation(index uint64, e event, o *observed) {
	t.reports.step(index, e, o)
	if !e.Time.Before(t.until) {
		return
	}
	if o.Failed {
		if !e.Time.Before(t.from) {
			t.failed++
		}
		return
	}
	if !e.Time.Before(t.practice) {
		t.day(DateOf(e.Time), o.Controls)
	}
	if e.Time.Before(t.from) {
		return
	}
	t.reports.add(e, o)
}

func (t *tally) day(day Date, controls []safeguard.Control) {
	for _, id := range controls {
		if !known(id) {
			continue
		}
		if t.days[id] == nil {
			t.days[id] = map[Date]bool{}
		}
		t.days[id][day] = true
	}
}
