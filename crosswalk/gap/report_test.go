package gap_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// sourcesOf begins the part of a report that is as long as the tables of
// package crosswalk want it.
var sourcesOf = map[string]string{"report.md": "## Sources\n", "report.json": "  \"sources\": ["}

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile("testdata/"+name, got, 0o644))
	}
	want, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func report(t *testing.T) *gap.Report {
	t.Helper()
	before := final(t, &gap.Options{Edition: gap.CSF20, Scale: gap.TierScale})
	after, err := before.Next(day(t, "2027-02-18"))
	require.NoError(t, err)
	after.Reason = "quarterly review"
	ended := after.Decisions[0].Record()
	ended.LastInEffect = day(t, "2027-01-31")
	renewed := notReasonable(t, ended.Specification)
	renewed.ApprovedOn, renewed.EffectiveFrom, renewed.ReviewBy = day(t, "2027-01-30"), day(t, "2027-02-01"), day(t, "2027-08-01")
	after.Decisions[0] = decide(t, ended)
	after.Decisions = append(after.Decisions, decide(t, renewed))
	after.Gaps[0].Closed, after.Gaps[0].Evidence = day(t, "2027-02-10"), []string{"review of week 6"}
	after.Provisions[0].Result.Score = gap.Tier1
	after.Gaps = append(after.Gaps, gap.Gap{ID: "G-2", Controls: []safeguard.Control{safeguard.SecurityManagementProcess}, Finding: "the process is not followed", Likelihood: risk.High, Impact: risk.High})
	after.Triggers = []gap.Trigger{{ID: "scribe", Kind: gap.AIModel, Name: "model that drafts notes", On: day(t, "2027-02-19")}}
	return &gap.Report{Assessment: after, Preceding: before, On: day(t, "2027-02-21"), Proposed: true}
}

// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
func TestReport(t *testing.T) {
	p := report(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.md":   func(b *bytes.Buffer) error { return p.WriteMarkdown(b) },
		"report.json": func(b *bytes.Buffer) error { return p.WriteJSON(b) },
	} {
		var one, two bytes.Buffer
		require.NoError(t, write(&one))
		require.NoError(t, write(&two))
		require.Equal(t, one.Bytes(), two.Bytes())
		own, _, found := bytes.Cut(one.Bytes(), []byte(sourcesOf[name]))
		require.True(t, found, name)
		golden(t, name, own)
		for _, notice := range []string{crosswalk.RuleVersion, crosswalk.Caution, crosswalk.DerivedNotice, crosswalk.ProposedRule} {
			require.Contains(t, one.String(), notice, name)
		}
		for _, source := range crosswalk.Sources() {
			require.Contains(t, one.String(), source.SHA256, name)
			require.Contains(t, one.String(), source.Table, name)
		}
	}
}

// The law is the default: nothing of the proposal, and no notice of derived
// pairs where there are none.
func TestReportDefault(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, (&gap.Report{Assessment: final(t, nil)}).WriteMarkdown(&b))
	require.NotContains(t, b.String(), "PROPOSED, NOT LAW")
	require.NotContains(t, b.String(), crosswalk.DerivedNotice)
	require.Contains(t, b.String(), "This is the first version.")
	b.Reset()
	require.NoError(t, (&gap.Report{Assessment: draft(t), Proposed: true}).WriteMarkdown(&b))
	require.Contains(t, b.String(), "PROPOSED, NOT LAW")
	require.Contains(t, b.String(), "DRAFT, not approved")
}

// Nothing is written for an assessment that is wrong or does not follow.
func TestReportRefuses(t *testing.T) {
	altered := report(t)
	altered.Preceding.Scope = "altered"
	for name, p := range map[string]*gap.Report{"none": {}, "not valid": {Assessment: &gap.Assessment{}}, "altered": altered} {
		var b bytes.Buffer
		require.ErrorIs(t, p.WriteMarkdown(&b), gap.ErrInvalid, name)
		require.ErrorIs(t, p.WriteJSON(&b), gap.ErrInvalid, name)
		require.Zero(t, b.Len(), name)
	}
	ok := &gap.Report{Assessment: draft(t)}
	require.ErrorIs(t, ok.WriteMarkdown(failing{}), errReached)
	require.ErrorIs(t, ok.WriteJSON(failing{}), errReached)
}

// What people wrote cannot become markup or end a table.
func TestReportEscapes(t *testing.T) {
	const attack = "x | z\n\n# Approved <script>alert(1)</script> [a](javascript:b) **bold** `code`"
	a := draft(t)
	a.Organisation, a.Scope, a.Gaps[0].Finding, a.Gaps[0].Plan = attack, attack, attack, attack
	a.Provisions[0].Result.Finding, a.Outcomes[0].Result.Finding, a.Exclusions[0].Reason = attack, attack, attack
	r := a.Decisions[1].Record()
	r.Rationale, r.Factors.Risks, r.Measure, r.ApprovedBy = attack, attack, attack, attack
	a.Decisions[1] = decide(t, r)
	var b bytes.Buffer
	require.NoError(t, (&gap.Report{Assessment: a}).WriteMarkdown(&b))
	for _, bad := range []string{"<script", "x | z", "**bold**", "\n# "} {
		require.NotContains(t, b.String(), bad)
	}
	require.NotRegexp(t, `[^\\]\]\(`, b.String(), "no link")
}

func TestScoreText(t *testing.T) {
	for s := gap.Maturity0; s <= gap.Tier4; s++ {
		b, err := s.MarshalText()
		require.NoError(t, err)
		var back gap.Score
		require.NoError(t, back.UnmarshalText(b))
		require.Equal(t, s, back)
	}
	var s gap.Score
	for _, bad := range []string{"", "5", "-1", "tier 0", "Tier 1", "tier1", "not assessed"} {
		require.ErrorIs(t, s.UnmarshalText([]byte(bad)), gap.ErrScore, bad)
	}
	_, err := gap.Score(10).MarshalText()
	require.ErrorIs(t, err, gap.ErrScore)
	require.Equal(t, "not assessed", gap.Score(10).String())
	require.Empty(t, gap.Score(10).Scale())
	require.Zero(t, gap.Edition("CSF 3.0").Framework())
}
