package gap_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func day(t testing.TB, s string) risk.Date {
	t.Helper()
	d, err := risk.ParseDate(s)
	require.NoError(t, err)
	return d
}

func file(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/draft.json")
	require.NoError(t, err)
	return b
}

func draft(t testing.TB) *gap.Assessment {
	t.Helper()
	a, err := gap.Parse(file(t))
	require.NoError(t, err)
	return a
}

func written(t testing.TB, a *gap.Assessment) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, a.WriteJSON(&b))
	return b.Bytes()
}

func implemented(t testing.TB, id safeguard.Control) gap.Record {
	t.Helper()
	return gap.Record{
		Specification: id, Choice: gap.Implemented, Measure: "as the procedure of the test says",
		ApprovedBy: "security officer", ApprovedOn: day(t, "2026-11-02"), EffectiveFrom: day(t, "2026-11-02"), ReviewBy: day(t, "2027-11-02"),
	}
}

func alternative(t testing.TB, id safeguard.Control) gap.Record {
	t.Helper()
	r := implemented(t, id)
	r.Choice = gap.Alternative
	r.Measure = "an equivalent measure of the test"
	r.Contribution = "it would protect a little more"
	r.Rationale = "it cannot be done on this machine"
	r.Factors = gap.Factors{
		Organisation: "two clinicians and a clerk", Infrastructure: "one machine and no more",
		Costs: "more than a year's budget", Risks: "low probability, high criticality",
	}
	return r
}

func notReasonable(t testing.TB, id safeguard.Control) gap.Record {
	t.Helper()
	r := alternative(t, id)
	r.Choice, r.Measure = gap.NotReasonable, ""
	r.WithoutMeasure = "no machine leaves the room, so the standard is met"
	return r
}

func decide(t testing.TB, r gap.Record) gap.Decision {
	t.Helper()
	d, err := gap.Decide(r)
	require.NoError(t, err)
	return d
}

// final returns a complete assessment with one gap.
func final(t testing.TB, opts *gap.Options) *gap.Assessment {
	t.Helper()
	a, err := gap.New("Test Practice", day(t, "2026-11-20"), opts)
	require.NoError(t, err)
	result := gap.Result{Score: a.Target, By: "auditor", On: day(t, "2026-11-10")}
	for i := range a.Provisions {
		a.Provisions[i].Result = result
		if a.Provisions[i].Control == safeguard.AuditControls {
			a.Provisions[i].Result.Score--
		}
	}
	for i := range a.Outcomes {
		a.Outcomes[i].Result = result
	}
	for _, r := range a.Applicable() {
		if r.Designation == crosswalk.Addressable {
			a.Decisions = append(a.Decisions, decide(t, implemented(t, r.ID)))
		}
	}
	a.Gaps = []gap.Gap{{
		ID: "G-1", Controls: []safeguard.Control{safeguard.AuditControls}, Finding: "nobody reviews the records",
		Likelihood: risk.High, Impact: risk.Moderate, Owner: "operations", Plan: "a weekly written review", Due: day(t, "2026-12-31"),
	}}
	a.Scope = "the chart service"
	a.Status, a.ApprovedBy, a.ApprovedOn = risk.Final, "chief executive", day(t, "2026-11-21")
	require.NoError(t, a.Validate())
	return a
}

// failing is a writer that must not be reached, or says that it was.
type failing struct{}

var errReached = errors.New("reached")

func (failing) Write([]byte) (int, error) { return 0, errReached }
