package disclosure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

// faxed is a log in which one request discloses to the police, to an inspector
// and to the health department, the last in two parts.
func faxed(t testing.TB) *memory {
	m := memoryOf(t, "p1")
	for _, d := range []audit.Disclosure{
		{Recipient: "police", Basis: "law-enforcement", Purpose: "warrant", What: "all"},
		{Recipient: "state-board", Basis: "oversight", Purpose: "inspect", What: "all"},
		{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"},
		{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"},
	} {
		m.access(audit.TypeDisclosed, spring, "clerk-9", func(a *audit.Access) { a.Entry, a.Disclosure = "q-1", &d }, ann)
	}
	return m
}

// A request that discloses to several recipients is accounted for with each of
// them, and with each only once.
//
// Controls: HIPAA 164.528(b)(2).
func TestOneRequestManyRecipients(t *testing.T) {
	a, err := reporter(t, faxed(t), nil).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Len(t, a.Disclosures, 3)
	for i, name := range []string{"Springfield Police", "State Board of Medicine", "County Health Department"} {
		require.Equal(t, name, a.Disclosures[i].Recipient.Name)
		require.Equal(t, 1, a.Disclosures[i].Number)
	}
}

// Records that name no request are disclosures of their own.
//
// Controls: HIPAA 164.528(b)(2).
func TestNoRequest(t *testing.T) {
	m := memoryOf(t, "p1")
	for range 2 {
		m.access(audit.TypeDisclosed, spring, "clerk-9", func(a *audit.Access) {
			a.Entry, a.Disclosure = "", &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}
		}, ann)
	}
	a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Len(t, a.Disclosures, 1)
	require.Equal(t, 2, a.Disclosures[0].Number)
}

// What no request binds to the patient is not the patient's: a disclosure of
// another patient does not become one of this.
//
// Controls: HIPAA 164.528(b)(2).
func TestNoRequestOfAnother(t *testing.T) {
	m := memoryOf(t, "p1")
	m.access(audit.TypeRead, spring, "clerk-9", func(a *audit.Access) { a.Entry = "" }, ann)
	m.access(audit.TypeDisclosed, spring, "clerk-9", func(a *audit.Access) {
		a.Entry, a.Disclosure = "", &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}
	}, bob)
	a, err := reporter(t, m, nil).Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Empty(t, a.Disclosures)
}

// A request that names the patient before midnight and discloses after it is
// accounted for on the day of the disclosure.
//
// Controls: HIPAA 164.528(b)(2).
func TestDisclosedAfterMidnight(t *testing.T) {
	midnight := time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)
	m := memoryOf(t, "p1")
	m.access(audit.TypeRead, midnight.Add(-time.Second), "clerk-9", func(a *audit.Access) { a.Entry = "q-1" }, ann)
	m.access(audit.TypeDisclosed, midnight.Add(time.Second), "clerk-9", func(a *audit.Access) {
		a.Entry, a.Disclosure = "q-1", &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "report-tb", What: "lab"}
	})
	q := of(ann)
	q.From = midnight
	a, err := reporter(t, m, nil).Accounting(clerk(t), q)
	require.NoError(t, err)
	require.Len(t, a.Disclosures, 1)
}

// A suspension takes out what it speaks of and nothing else of the request: the
// patient keeps the right to the rest.
//
// Controls: HIPAA 164.528(a).
func TestSuspensionOfOneRecipient(t *testing.T) {
	now := time.Now()
	s := disclosure.Suspension{Recipients: []string{"police"}, Official: "Sgt. Smith", Stated: now.Add(-time.Hour), Until: now.Add(24 * time.Hour)}
	r := reporter(t, faxed(t), &disclosure.Options{Suspensions: &statements{list: []disclosure.Suspension{s}}})
	a, err := r.Accounting(clerk(t), of(ann))
	require.NoError(t, err)
	require.Len(t, a.Disclosures, 2)
	require.Equal(t, "State Board of Medicine", a.Disclosures[0].Recipient.Name)
	require.Equal(t, "County Health Department", a.Disclosures[1].Recipient.Name)
}
