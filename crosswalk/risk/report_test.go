package risk_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk"
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

func second(t *testing.T) (before, after *risk.Register) {
	before = register(t)
	after, err := before.Next(day(t, "2027-02-18"))
	require.NoError(t, err)
	after.Reason = "quarterly review"
	after.Measures[1].Since = day(t, "2027-01-10")
	after.Risks[1].Current = after.Risks[1].Residual
	after.Assets = append(after.Assets, risk.Asset{ID: "model", Name: "notes model", Kind: risk.Model})
	return before, after
}

// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.316(b)(1).
func TestReport(t *testing.T) {
	before, after := second(t)
	p := &risk.Report{Register: after, Preceding: before, On: day(t, "2027-02-21")}
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
		for _, notice := range []string{crosswalk.RuleVersion, crosswalk.Caution, crosswalk.ProposedRule, risk.ExposureNotice, risk.DiscretionNotice, risk.PenaltyVersion} {
			require.Contains(t, one.String(), notice, name)
		}
		for _, source := range crosswalk.Sources() {
			require.Contains(t, one.String(), source.SHA256, name)
			require.Contains(t, one.String(), source.Table, name)
		}
	}
}

// Nothing is written for a register that is wrong or does not follow.
func TestReportRefuses(t *testing.T) {
	before, after := second(t)
	before.Risks[0].Title = "altered"
	for name, p := range map[string]*risk.Report{
		"none":      {},
		"not valid": {Register: &risk.Register{}},
		"altered":   {Register: after, Preceding: before},
	} {
		var b bytes.Buffer
		require.ErrorIs(t, p.WriteMarkdown(&b), risk.ErrInvalid, name)
		require.ErrorIs(t, p.WriteJSON(&b), risk.ErrInvalid, name)
		require.Zero(t, b.Len(), name)
	}
	ok := &risk.Report{Register: register(t)}
	require.ErrorIs(t, ok.WriteMarkdown(failing{}), errReached)
	require.ErrorIs(t, ok.WriteJSON(failing{}), errReached)
}

// What people wrote cannot become markup or end a table.
func TestReportEscapes(t *testing.T) {
	const attack = "x | y\n\n# Approved <script>alert(1)</script> [a](javascript:b) **bold** `code`"
	r := register(t)
	r.Organisation, r.Scope, r.Risks[1].Title, r.Risks[1].Plan, r.Assets[0].Name = attack, attack, attack, attack, attack
	var b bytes.Buffer
	require.NoError(t, (&risk.Report{Register: r}).WriteMarkdown(&b))
	for _, bad := range []string{"<script", "\n# Approved", "x | y", "**bold**"} {
		require.NotContains(t, b.String(), bad)
	}
	require.NotRegexp(t, `[^\\]\]\(`, b.String(), "no link")
	require.NotContains(t, b.String(), "\n# ", "one title")
}
