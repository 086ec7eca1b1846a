package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func day(t *testing.T, s string) risk.Date {
	t.Helper()
	d, err := risk.ParseDate(s)
	require.NoError(t, err)
	return d
}

// A provision with two open gaps has two rows, and one without has one.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
func TestEveryOpenGapIsInThePack(t *testing.T) {
	open := func(id, finding string, controls ...safeguard.Control) gap.Gap {
		return gap.Gap{ID: id, Controls: controls, Finding: finding, Likelihood: risk.High, Impact: risk.High, Owner: "Operations"}
	}
	a := &gap.Assessment{
		Provisions: []gap.Provision{{Control: safeguard.AutomaticLogoff}, {Control: safeguard.AuditControls}, {Control: safeguard.Integrity}},
		Gaps: []gap.Gap{
			open("first", "Wards share a session", safeguard.AutomaticLogoff, safeguard.AuditControls),
			open("second", "Kiosks never log off", safeguard.AutomaticLogoff),
		},
	}
	var got [][2]string
	for _, row := range assessmentRows(a) {
		got = append(got, [2]string{row[0], row[2]})
	}
	require.ElementsMatch(t, [][2]string{
		{string(safeguard.AutomaticLogoff), "first: Wards share a session"},
		{string(safeguard.AutomaticLogoff), "second: Kiosks never log off"},
		{string(safeguard.AuditControls), "first: Wards share a session"},
		{string(safeguard.Integrity), ""},
	}, got)
}

// A decision that lapsed, or that is not in effect yet, is shown with its days
// and is named among the gaps of the table.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
func TestLapsedDecisionsAreNamed(t *testing.T) {
	decision := func(id safeguard.Control, from, last string) gap.Decision {
		r := gap.Record{
			Specification: id, Choice: gap.Implemented, Measure: "As the procedure of the service describes", ApprovedBy: "Security Officer",
			ApprovedOn: day(t, "2026-01-10"), EffectiveFrom: day(t, from), ReviewBy: day(t, "2026-12-31"),
		}
		if last != "" {
			r.LastInEffect = day(t, last)
		}
		d, err := gap.Decide(r)
		require.NoError(t, err)
		return d
	}
	a := &gap.Assessment{Decisions: []gap.Decision{
		decision(safeguard.AutomaticLogoff, "2026-01-10", "2026-01-20"),
		decision(safeguard.EncryptionAndDecryption, "2026-01-10", "2026-01-20"),
		decision(safeguard.EncryptionAndDecryption, "2026-01-21", ""),
		decision(safeguard.LoginMonitoring, "2026-03-01", ""),
	}}
	in := &evidence.Input{Collector: "Security Officer", Made: "2026-02-01"}
	table := decisionTable(in, a, "assessment", "2026-01-10")
	require.Equal(t, []string{"2026-01-10", "2026-01-10", "2026-01-20", "2026-12-31"}, table.Rows[0][5:])
	require.Equal(t, []string{"2026-01-10", "2026-01-21", "", "2026-12-31"}, table.Rows[2][5:])
	require.Equal(t, []string{
		"164.308(a)(5)(ii)(C): no decision is in effect on 2026-02-01.",
		"164.312(a)(2)(iii): no decision is in effect on 2026-02-01.",
	}, table.Gaps)
	s, ok := evidence.GetSchema("gap.decisions")
	require.True(t, ok)
	require.Len(t, table.Rows[0], len(s.Columns))
}
