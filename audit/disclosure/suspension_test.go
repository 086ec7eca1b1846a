package disclosure_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

// investigated is a log with a disclosure to the police, to an inspector, and
// some to others.
func investigated(t testing.TB) *memory {
	m := memoryOf(t, "p1")
	m.disclose(spring, audit.Disclosure{Recipient: "police", Basis: "law-enforcement", Purpose: "warrant", What: "all"}, ann)
	m.disclose(spring, audit.Disclosure{Recipient: "police", Basis: "law-enforcement", Purpose: "not-in-the-register", What: "all"}, ann)
	m.disclose(spring, audit.Disclosure{Recipient: "state-board", Basis: "oversight", Purpose: "inspect", What: "all"}, ann)
	m.disclose(spring, audit.Disclosure{Recipient: "police", Basis: "judicial", Purpose: "warrant", What: "all"}, ann)
	m.disclose(spring, audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}, ann)
	// the same request of the police had another part
	m.access(audit.TypeRead, spring, "clerk-9", func(a *audit.Access) { a.Entry, a.Resource = "q0", "PoliceFile" }, ann)
	return m
}

// While a statement lasts, what it speaks of is left out of both reports, and
// nothing says so: the document is the one without those records. Afterwards it
// is there again.
//
// Controls: HIPAA 164.528(a).
func TestSuspension(t *testing.T) {
	for name, c := range map[string]struct {
		written bool
		until   time.Duration
		after   time.Duration
		hidden  bool
	}{
		"written, lasting":             {true, 100 * day, 99 * day, true},
		"written, over":                {true, 100 * day, 101 * day, false},
		"oral, the thirtieth day":      {false, 0, 30 * day, true},
		"oral, over":                   {false, 0, 31 * day, false},
		"oral, for longer than it may": {false, 100 * day, 31 * day, false},
		"oral, for less":               {false, 10 * day, 11 * day, false},
		"not yet made":                 {true, 100 * day, -time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stated := time.Now().Add(100 * day)
				s := disclosure.Suspension{Recipients: []string{"police"}, Official: "Sgt. Smith", Stated: stated, Oral: !c.written}
				if c.until != 0 {
					s.Until = stated.Add(c.until)
				}
				time.Sleep(100*day + c.after)
				m := investigated(t)
				r := reporter(t, m, &disclosure.Options{Suspensions: &statements{list: []disclosure.Suspension{s}}})
				a, err := r.Accounting(clerk(t), of(ann))
				require.NoError(t, err)
				access, err := r.Access(clerk(t), of(ann))
				require.NoError(t, err)
				if !c.hidden {
					require.NotEmpty(t, a.Incomplete)
					require.Contains(t, access.Markdown(), "PoliceFile")
					return
				}
				text, err := a.Markdown()
				require.NoError(t, err, "what is withheld is not missing either")
				for _, word := range []string{"PoliceFile", "suspen", "withh"} {
					require.NotContains(t, text+access.Markdown(), word)
				}
				require.ElementsMatch(t, []string{"State Board of Medicine", "Springfield Police", "County Health Department"}, recipients(a), "judicial is on another basis")
				require.Len(t, access.Accesses, 3)
				for i, a := range access.Accesses {
					require.Equal(t, []uint64{uint64(i + 2)}, a.Indexes)
				}
			})
		})
	}
}

const day = 24 * time.Hour

// A statement that is not what the rule asks for, or a register of statements
// that fails, gives no answer at all.
//
// Controls: HIPAA 164.528(a).
func TestSuspensionRefused(t *testing.T) {
	good := disclosure.Suspension{Recipients: []string{"police"}, Official: "Sgt. Smith", Stated: spring, Oral: true}
	for name, change := range map[string]func(s *disclosure.Suspension){
		"no recipients":        func(s *disclosure.Suspension) { s.Recipients = nil },
		"no official":          func(s *disclosure.Suspension) { s.Official = "" },
		"no date":              func(s *disclosure.Suspension) { s.Stated = time.Time{} },
		"written without time": func(s *disclosure.Suspension) { s.Oral = false },
		"written backwards":    func(s *disclosure.Suspension) { s.Oral, s.Until = false, spring.Add(-1) },
	} {
		s := good
		change(&s)
		r := reporter(t, investigated(t), &disclosure.Options{Suspensions: &statements{list: []disclosure.Suspension{s}}})
		_, err := r.Accounting(clerk(t), of(ann))
		require.ErrorIs(t, err, disclosure.ErrSuspension, name)
		_, err = r.Access(clerk(t), of(ann))
		require.ErrorIs(t, err, disclosure.ErrSuspension, name)
	}
	down := errors.New("down")
	r := reporter(t, investigated(t), &disclosure.Options{Suspensions: &statements{err: down}})
	_, err := r.Accounting(clerk(t), of(ann))
	require.ErrorIs(t, err, down)
}
