package audit

import (
	"strconv"
	"sync"
	"time"
)

// Limit bounds how many requests of nobody are recorded one by one: PerSecond
// on average, Burst at once. The rest are counted by their code and the counts
// are recorded once a minute, so that a flood of requests without a sign-in
// cannot fill the disk and with it close the service. A crash loses at most
// that minute's counts. While a log with [Capacity] is low, all of them are
// only counted.
//
// The zero value means 10 a second and 100 at once.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
type Limit struct {
	PerSecond float64
	Burst     int
}

// maxCodes bounds the distinct codes that one aggregate tells apart.
const maxCodes = 64

// otherCode counts what is beyond maxCodes.
const otherCode = "other"

// nobody decides which unauthenticated requests are recorded and counts the
// others.
type nobody struct {
	limit Limit

	mu     sync.Mutex
	tokens float64
	filled time.Time
	since  time.Time
	byCode map[string]uint64
	closed bool
}

func newNobody(l Limit, now time.Time) *nobody {
	return &nobody{limit: l, tokens: float64(l.Burst), filled: now, since: now, byCode: map[string]uint64{}}
}

// counts reports whether v is of nobody without PHI and over the limit, or the
// log is low; then it has counted it and no record is needed.
func (n *nobody) counts(v *view, low bool) bool {
	if v.who.known || v.exposed {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || !low && n.allows(v.now) {
		return false
	}
	n.add(v.code())
	return true
}

// admits reports whether an intent of nobody may be recorded.
func (n *nobody) admits(now time.Time, low bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed || !low && n.allows(now)
}

// allows takes one of the records that the limit leaves, if there is one.
func (n *nobody) allows(now time.Time) bool {
	n.tokens = min(n.tokens+max(0, now.Sub(n.filled).Seconds())*n.limit.PerSecond, float64(n.limit.Burst))
	n.filled = now
	if n.tokens < 1 {
		return false
	}
	n.tokens--
	return true
}

// add counts a request under its code.
func (n *nobody) add(code string) {
	if _, known := n.byCode[code]; !known && len(n.byCode) >= maxCodes {
		code = otherCode
	}
	n.byCode[code]++
}

// close ends the counting: nobody would record the counts.
func (n *nobody) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}

// code returns the first code of refusal.
func (v *view) code() string {
	for i := range v.notes {
		if v.notes[i].kind == deniedNote {
			return bounded(v.notes[i].name)
		}
	}
	return "none"
}

// An Unauthenticated is the data of a [TypeUnauthenticated] record.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
type Unauthenticated struct {
	// Since and Until are the period, Counts the requests by code of refusal;
	// "none" is for those that were not refused.
	Since  time.Time         `json:"since"`
	Until  time.Time         `json:"until"`
	Counts map[string]uint64 `json:"counts"`
}

// take returns what was counted and starts anew; false if nothing was.
func (n *nobody) take(now time.Time) (Unauthenticated, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	u := Unauthenticated{Since: n.since, Until: now, Counts: n.byCode}
	n.since = now
	if len(u.Counts) == 0 {
		return u, false
	}
	n.byCode = map[string]uint64{}
	return u, true
}

// restore puts back counts that could not be recorded.
func (n *nobody) restore(u Unauthenticated) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.since = u.Since
	for code, c := range u.Counts {
		if _, known := n.byCode[code]; !known && len(n.byCode) >= maxCodes {
			code = otherCode
		}
		n.byCode[code] += c
	}
}

func (u Unauthenticated) append(dst []byte) []byte {
	o := begin(dst).time("since", u.Since).time("until", u.Until)
	return putMap(o, "counts", u.Counts, putCount).end()
}

func putCount(o object, name string, n uint64) object {
	return strconv.AppendUint(o.quoted(name), n, 10)
}
