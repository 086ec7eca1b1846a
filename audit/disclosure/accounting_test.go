package disclosure_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

var spring = time.Date(2025, 4, 1, 9, 0, 0, 0, time.UTC)

func recipients(a *disclosure.Accounting) (out []string) {
	for _, d := range a.Disclosures {
		out = append(out, d.Recipient.Name)
	}
	return out
}

// Each exception of 164.528(a)(1) leaves out its disclosures and nothing else;
// whatever is in doubt is accounted for.
//
// Controls: HIPAA 164.528(a).
func TestExceptions(t *testing.T) {
	for basis, listed := range map[string]bool{
		"treatment": false, "payment": false, "operations": false, "individual": false, "incidental": false,
		"authorization": false, "directory": false, "national-security": false, "correctional": false, "limited-data-set": false,
		"required-by-law": true, "public-health": true, "abuse": true, "oversight": true, "judicial": true, "law-enforcement": true,
		"decedents": true, "donation": true, "research": true, "threat": true, "government": true, "workers-compensation": true,
		"hhs": true, "other": true, "": true, "Treatment": true, "unheard-of": true,
	} {
		m := memoryOf(t, "p1")
		m.disclose(spring, audit.Disclosure{Recipient: "health-dept", Basis: basis, Purpose: "report-tb", What: "lab"}, ann)
		a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
		require.NoError(t, err)
		require.Empty(t, a.Incomplete)
		require.Len(t, a.Disclosures, map[bool]int{true: 1}[listed], basis)
	}
	m := memoryOf(t, "p1")
	m.disclose(spring, audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}, ann)
	a, err := reporter(t, m, &disclosure.Options{Compliance: spring.Add(time.Hour)}).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Empty(t, a.Disclosures, "the ninth: before the organisation had to comply")
}

// The period is six years to the day of the request, in the organisation's time
// zone, and no longer if the patient asks for more.
//
// Controls: HIPAA 164.528(a).
func TestPeriod(t *testing.T) {
	zone := time.FixedZone("clinic", -8*3600)
	first := time.Date(2020, 5, 20, 8, 0, 0, 0, time.UTC) // midnight there
	for at, n := range map[time.Time]int{
		first: 1, first.Add(-time.Second): 0, asked: 1,
		time.Date(2026, 5, 21, 7, 59, 59, 0, time.UTC): 1, time.Date(2026, 5, 21, 8, 0, 0, 0, time.UTC): 0,
	} {
		m := memoryOf(t, "p1")
		m.disclose(at, audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}, ann)
		q := of(ann)
		q.From = first.AddDate(-5, 0, 0)
		a, err := reporter(t, m, &disclosure.Options{Zone: zone}).Accounting(clerk(t), q)
		require.NoError(t, err)
		require.Len(t, a.Disclosures, n, "%v", at)
	}
	m := memoryOf(t, "p1")
	q := of(ann)
	q.Received = time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)
	a, err := reporter(t, m, nil).Accounting(clerk(t), q)
	require.NoError(t, err)
	require.Equal(t, "2022-02-28", a.From.Format(time.DateOnly), "never a day short")
	q.From, q.To = q.Received, q.Received.AddDate(0, 0, -1)
	_, err = reporter(t, m, nil).Accounting(clerk(t), q)
	require.ErrorIs(t, err, disclosure.ErrQuestion)
}

// Disclosures to one recipient for a single purpose stand together; another
// purpose, another basis, or one outside 164.512 stands alone.
//
// Controls: HIPAA 164.528(b)(2).
func TestSummary(t *testing.T) {
	m := memoryOf(t, "p1")
	tb := audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}
	for i := range 5 {
		m.disclose(spring.AddDate(0, i, 0), tb, ann, bob)
	}
	other := tb
	other.Purpose = "inspect"
	m.disclose(spring.AddDate(0, 1, 0), other, ann)
	loose := tb
	loose.Basis = "other"
	m.disclose(spring.AddDate(0, 2, 0), loose, ann)
	m.disclose(spring.AddDate(0, 3, 0), loose, ann)
	// at least once: the same record again, and a second part of one request
	m.records = append(m.records, m.records[0])
	e, err := audit.ParseEvent(m.records[0])
	require.NoError(t, err)
	e.ID += ".1"
	m.records = append(m.records, must(e.Append(nil)))

	a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Len(t, a.Disclosures, 4)
	sum := a.Disclosures[0]
	require.Equal(t, 5, sum.Number)
	require.Equal(t, "2025-04-01 2025-08-01", sum.Date.Format(time.DateOnly)+" "+sum.Last.Format(time.DateOnly))
	require.Equal(t, []uint64{0, 1, 2, 3, 4}, sum.Indexes)

	one, err := reporter(t, m, &disclosure.Options{Itemise: true}).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Len(t, one.Disclosures, 8)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// Research with 50 individuals is stated by protocol, with 49 one by one; a
// rotation of token keys makes no 50 of 25.
//
// Controls: HIPAA 164.528(b)(2).
func TestResearch(t *testing.T) {
	for _, c := range []struct {
		n       int
		rotated bool
		by      int
	}{{50, false, 1}, {49, false, 0}, {30, true, 0}} {
		m := memoryOf(t, "p1")
		d := audit.Disclosure{Recipient: "university", Basis: "research", Purpose: "study-1", What: "lab"}
		write := func() {
			for i := range c.n - 1 {
				m.disclose(spring.AddDate(0, 0, i), d, safeguard.NewPatient(fmt.Sprintf("MRN-%d", i)))
			}
			m.disclose(spring, d, ann)
		}
		write()
		if c.rotated {
			m.keys = tokens(t, "p2", "p1")
			write()
		}
		a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
		require.NoError(t, err)
		require.Len(t, a.Research, c.by)
		require.Len(t, a.Disclosures, 1-c.by)
		if c.by == 1 {
			require.Equal(t, "2025-05-19", a.Research[0].Last.Format(time.DateOnly), "the last of the protocol")
			text, err := a.Markdown()
			require.NoError(t, err)
			require.Contains(t, text, "may or may not have been disclosed")
			require.Contains(t, text, "+1 555 0101")
		}
	}
}

// What the register lacks stops the document, not the staff from finding out.
//
// Controls: HIPAA 164.528(b)(2).
func TestIncomplete(t *testing.T) {
	for name, d := range map[string]*audit.Disclosure{
		"no recipient":      {Basis: "public-health", Purpose: "report-tb", What: "lab"},
		"unknown recipient": {Recipient: "x", Basis: "public-health", Purpose: "report-tb", What: "lab"},
		"no purpose":        {Recipient: "police", Basis: "public-health", What: "lab"},
		"no description":    {Recipient: "police", Basis: "public-health", Purpose: "report-tb"},
		"none at all":       nil,
	} {
		m := memoryOf(t, "p1")
		m.access(audit.TypeDisclosed, spring, "clerk-9", func(a *audit.Access) { a.Disclosure = d }, ann)
		a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
		require.NoError(t, err, name)
		require.NotEmpty(t, a.Incomplete, name)
		_, err = a.Markdown()
		require.ErrorIs(t, err, disclosure.ErrIncomplete, name)
		_, err = a.HTML()
		require.ErrorIs(t, err, disclosure.ErrIncomplete, name)
	}
	m := memoryOf(t, "p1")
	m.disclose(spring, audit.Disclosure{Recipient: "hhs", Basis: "hhs", Request: "R-7", What: "all"}, ann)
	a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	text, err := a.Markdown()
	require.NoError(t, err)
	require.Contains(t, text, "attached copy of the written request R-7", "in lieu of a statement")
}

// Nobody, somebody without the task, and a log that is full get no answer, and
// who asked stands in the log.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestAsking(t *testing.T) {
	m := memoryOf(t, "p1")
	m.disclose(spring, audit.Disclosure{Recipient: "police", Basis: "judicial", Purpose: "warrant", What: "all"}, ann)
	r := reporter(t, m, nil)
	_, err := r.Accounting(t.Context(), of(ann))
	require.ErrorIs(t, err, disclosure.ErrRefused)
	require.Empty(t, m.noted)
	thief := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "thief", Kind: safeguard.Person, Tenant: "t1"})
	for _, ask := range []func() error{
		func() error { _, err := r.Accounting(thief, of(ann)); return err },
		func() error { _, err := r.Access(thief, of(ann)); return err },
		func() error { q := of(ann); q.Tenant = "t2"; _, err := r.Access(clerk(t), q); return err },
	} {
		n := len(m.noted)
		require.ErrorIs(t, ask(), disclosure.ErrRefused)
		require.Len(t, m.noted, n+1)
		require.Contains(t, string(m.noted[n].Data), `"refused":true`)
	}
	a, err := r.Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.NotEmpty(t, a.Record)
	last := m.noted[len(m.noted)-1]
	require.Equal(t, audit.TypeLogQueried, last.Type)
	require.Equal(t, []safeguard.Patient{ann}, last.Patients)

	m.fail = errors.New("log is full")
	_, err = r.Accounting(clerk(t), of(ann))
	require.ErrorIs(t, err, disclosure.ErrNotRecorded)
	_, err = r.Access(clerk(t), of(ann))
	require.ErrorIs(t, err, disclosure.ErrNotRecorded)
	for _, q := range []disclosure.Question{{}, {Patient: ann}, {Received: asked}} {
		_, err := r.Accounting(clerk(t), q)
		require.ErrorIs(t, err, disclosure.ErrQuestion)
	}
}

// A patient is found over a rotation of keys, and is told of themself only.
//
// Controls: HIPAA 164.528(a), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestEpochsAndOthers(t *testing.T) {
	m := memoryOf(t, "p1")
	tb := audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}
	m.disclose(spring, tb, ann, bob)
	bobs, err := m.keys.Patient(t.Context(), "t1", bob)
	require.NoError(t, err)
	m.keys = tokens(t, "p2", "p1")
	m.disclose(spring.AddDate(0, 6, 0), tb, ann)
	m.disclose(spring.AddDate(0, 7, 0), audit.Disclosure{Recipient: "police", Basis: "judicial", Purpose: "warrant", What: "all"}, bob)
	a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Equal(t, []string{"County Health Department"}, recipients(a))
	require.Equal(t, 2, a.Disclosures[0].Number)
	text, err := a.Markdown()
	require.NoError(t, err)
	for _, secret := range []string{bobs, "MRN", "Police"} {
		require.NotContains(t, text, secret)
	}
	none, err := reporter(t, m, nil).Accounting(clerk(t), of(safeguard.NewPatient("MRN-3003")))
	require.NoError(t, err)
	require.Empty(t, none.Disclosures)
}

// A request that names the patient first and discloses afterwards is accounted
// for, as the recorder writes it: with the patient in the first record only.
//
// Controls: HIPAA 164.528(a).
func TestDisclosedLater(t *testing.T) {
	m := memoryOf(t, "p1")
	same := func(d *audit.Disclosure) func(a *audit.Access) {
		return func(a *audit.Access) { a.Entry, a.Disclosure = "one", d }
	}
	tb := &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}
	m.access(audit.TypeRead, spring, "clerk-9", same(nil), ann)
	m.access(audit.TypeDisclosed, spring, "clerk-9", same(tb))
	m.access(audit.TypeDisclosed, spring, "clerk-9", same(tb), bob)
	for p, index := range map[safeguard.Patient]uint64{ann: 1, bob: 2} {
		a, err := reporter(t, m, nil).Accounting(clerk(t), of(p))
		require.NoError(t, err)
		require.Len(t, a.Disclosures, 1)
		require.Equal(t, []uint64{index}, a.Disclosures[0].Indexes)
	}
}
