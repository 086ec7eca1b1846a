package gap_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// A file that was parsed is written byte for byte.
//
// Controls: HIPAA 164.316(b)(1).
func TestRoundTrip(t *testing.T) {
	require.Equal(t, string(file(t)), string(written(t, draft(t))))
	a := final(t, nil)
	once := written(t, a)
	back, err := gap.Parse(once)
	require.NoError(t, err)
	require.Equal(t, a, back)
	require.Equal(t, string(once), string(written(t, back)))
}

// Each change makes the file wrong; the error says where.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"syntax":                {`"scope": `, `"scope" `, `3:11: not JSON`},
		"unknown field":         {`"owner": "operations"`, `"ownr": "operations"`, `91:7: gaps[0]: unknown field "ownr"; did you mean "owner"?`},
		"field twice":           {`"owner": "operations"`, `"owner": "operations", "owner": "x"`, `gaps[0]: field "owner" stands twice`},
		"field in another case": {`"rationale"`, `"Rationale"`, `decisions[1]: unknown field "Rationale"; did you mean "rationale"?`},
		"no rationale":          {`"the appliance cannot encrypt and is replaced in a year"`, `""`, `69:20: decisions[1].rationale: must say why`},
		"rationale left out":    {`"rationale": "the appliance cannot encrypt and is replaced in a year",`, ``, `58:5: decisions[1].rationale: must say why`},
		"impossible date":       {`"2027-05-02"`, `"2027-04-31"`, `73:20: decisions[1].review_by: risk: date: not a date in the form YYYY-MM-DD`},
		"citation":              {`"164.312(a)(2)(iv)"`, `"164.312(a)(2)(IV)"`, `59:24: decisions[1].specification: crosswalk: id: "164.312(a)(2)(IV)" is not a known provision; did you mean 164.312(a)(2)(iv)?`},
		"privacy rule":          {`"control": "164.312(d)"`, `"control": "164.528(a)"`, `provisions[1].control: 164.528(a) is not in the Security Rule`},
		"no citation":           {`"control": "164.312(d)"`, `"result": {}`, `provisions[1].control: crosswalk: id: "" is not a known provision`},
		"provision twice":       {`"control": "164.312(d)"`, `"control": "164.312(b)"`, `provisions[1].control: "164.312(b)" stands twice`},
		"excluded":              {`"control": "164.312(d)"`, `"control": "164.314(b)(1)"`, `provisions[1].control: 164.314(b)(1) is excluded`},
		"exclude a safeguard":   {`"164.314(b)(1)"`, `"164.312(a)(2)(iv)"`, `exclusions[0].control: 164.312(a)(2)(iv) applies to every covered entity and business associate`},
		"exclude for nothing":   {`"the practice sponsors no group health plan"`, `"n/a"`, `exclusions[0].reason: must say why the organisation is not a group health plan`},
		"exclude by nobody": {`"by": "security officer",
      "on": "2026-11-02"`, `"by": "", "on": "2026-11-02"`, `exclusions[0].by: missing`},
		"exclude tomorrow":     {`"on": "2026-11-02"`, `"on": "2026-12-02"`, `exclusions[0].on: must be on or before`},
		"edition":              {`"CSF 1.1"`, `"CSF 1.0"`, `edition: must be "CSF 1.1" or "CSF 2.0"`},
		"scale":                {`"maturity"`, `"cmmi"`, `scale: must be "maturity" or "tiers"`},
		"target off the scale": {`"target": "3"`, `"target": "tier 3"`, `target: is not on the scale maturity`},
		"target of nothing":    {`"target": "3"`, `"target": "0"`, `target: 0 is no target`},
		"score as a number":    {`"score": "2"`, `"score": 2`, `provisions[0].result.score: must be a string`},
		"score":                {`"score": "2"`, `"score": "5"`, `provisions[0].result.score: gap: score: must be "0" to "4", or "tier 1" to "tier 4"`},
		"score off the scale":  {`"score": "2"`, `"score": "tier 2"`, `provisions[0].result.score: is not on the scale maturity`},
		"own target":           {`"target": "4"`, `"target": "tier 4"`, `provisions[0].result.target: is not on the scale maturity`},
		"lower target":         {`"one service only, so little to correlate"`, `""`, `outcomes[0].result.reason: must say why the target is lower`},
		"score by nobody":      {`"by": "auditor"`, `"by": ""`, `provisions[0].result.by: missing: a score has an author`},
		"score of tomorrow":    {`"on": "2026-11-10"`, `"on": "2026-11-21"`, `provisions[0].result.on: must be on or before`},
		"assessed without":     {`"score": "2",`, ``, `provisions[0].result.score: missing where somebody has assessed`},
		"subcategory":          {`"subcategory": "DE.AE-3"`, `"subcategory": "DE.AE-03"`, `outcomes[0].subcategory: "DE.AE-03" is no subcategory of CSF 1.1; did you mean DE.AE-3?`},
		"invented subcategory": {`"subcategory": "DE.AE-3"`, `"subcategory": "IF.XX-01"`, `outcomes[0].subcategory: "IF.XX-01" is no subcategory of CSF 1.1`},
		"unpaired subcategory": {`"subcategory": "DE.AE-3"`, `"subcategory": "ID.RA-2"`, `outcomes[0].subcategory: ID.RA-2 is paired with no provision that applies`},
		"required":             {`"specification": "164.312(a)(2)(iii)"`, `"specification": "164.312(b)"`, `decisions[0].specification: 164.312(b) is required: there is nothing to decide`},
		"two decisions":        {`"specification": "164.312(a)(2)(iii)"`, `"specification": "164.312(a)(2)(iv)"`, `decisions[1]: in effect at the same time as decisions[0] on 164.312(a)(2)(iv)`},
		"gap id":               {`"G-1"`, `"gap 1"`, `gaps[0].id: must be 1 to 64`},
		"gap of nothing": {`"controls": [
        "164.312(b)"
      ]`, `"controls": []`, `gaps[0].controls: missing: a gap cites at least one provision`},
		"gap, provision twice": {`"controls": [
        "164.312(b)"`, `"controls": ["164.312(b)", "164.312(b)"`, `gaps[0].controls[1]: 164.312(b) stands twice`},
		"gap, subcategory": {`"outcomes": [
        "DE.AE-3"`, `"outcomes": ["DE.AE-3", "de.ae-3"`, `gaps[0].outcomes[1]: "de.ae-3" is no subcategory of CSF 1.1; did you mean DE.AE-3?`},
		"gap, finding":            {`"nobody reviews the audit records"`, `"bad"`, `gaps[0].finding: must say what falls short`},
		"gap, closed for nothing": {`"due": "2026-12-31"`, `"due": "2026-12-31", "closed": "2026-12-30"`, `gaps[0].evidence: missing: a closed gap shows that it is`},
		"trigger kind":            {`"ai model"`, `"robot"`, `triggers[1].kind: must be system`},
		"trigger twice":           {`"id": "scribe"`, `"id": "new-lab"`, `triggers[1].id: "new-lab" stands twice`},
		"review of nothing": {`"triggers": [
        "new-lab"`, `"triggers": ["old-lab"`, `reviews[0].triggers[0]: "old-lab" names none of triggers`},
		"review before": {`"triggers": [
        "new-lab"`, `"triggers": ["scribe"`, `reviews[0].triggers[0]: scribe had not happened yet`},
		"review too early": {`"on": "2026-12-15"`, `"on": "2026-11-15"`, `reviews[0].on: must be on or after`},
		"review by nobody": {`"by": "security officer",
      "triggers"`, `"by": "", "triggers"`, `reviews[0].by: missing`},
		"review months":      {`"target": "3",`, `"target": "3", "review_months": 13,`, `review_months: must be 1 to 12`},
		"no organisation":    {`"Test Practice"`, `""`, `2:19: organisation: missing`},
		"version":            {`"version": 1`, `"version": -1`, `version: must be 1 or more`},
		"no preceding":       {`"version": 1`, `"version": 2`, `preceding: missing`},
		"preceding, hash":    {`"version": 1,`, `"version": 2, "preceding": {"version": 1, "date": "2026-01-01", "sha256": "x"},`, `preceding.sha256: must be 64`},
		"preceding, later":   {`"version": 1,`, `"version": 2, "preceding": {"version": 1, "date": "2027-01-01", "sha256": "x"},`, `preceding.date: must be on or before`},
		"preceding, version": {`"version": 1,`, `"version": 2, "preceding": {"version": 2, "date": "2026-01-01", "sha256": "x"},`, `preceding.version: must be 1`},
		"preceding of first": {`"version": 1,`, `"version": 1, "preceding": {"version": 0, "date": "2026-01-01", "sha256": "x"},`, `preceding: version 1 has none`},
		"status":             {`"draft"`, `"ready"`, `status: must be draft or final`},
		"draft, approved":    {`"status": "draft"`, `"status": "draft", "approved_by": "x"`, `status: a draft is not approved yet`},
		"final by nobody":    {`"draft"`, `"final"`, `approved_by: missing in a final assessment`},
		"final, early":       {`"draft"`, `"final", "approved_by": "x", "approved_on": "2026-11-01"`, `approved_on: must be on or after`},
		"final, open":        {`"draft"`, `"final", "approved_by": "x", "approved_on": "2026-11-20"`, `: a final assessment has no open point, this has `},
	} {
		t.Run(name, func(t *testing.T) {
			in := string(file(t))
			require.Contains(t, in, c.from, "the change changes nothing")
			a, err := gap.Parse([]byte(strings.Replace(in, c.from, c.to, 1)))
			require.Nil(t, a)
			require.ErrorContains(t, err, c.want)
			require.ErrorIs(t, err, gap.ErrInvalid)
			var at *gap.Error
			require.ErrorAs(t, err, &at)
			require.Positive(t, at.Line)
			require.Positive(t, at.Column)
		})
	}
	_, err := gap.Parse([]byte(strings.Replace(string(file(t)), `"164.312(a)(2)(iv)"`, `"x"`, 1)))
	require.ErrorIs(t, err, crosswalk.ErrUnknownID)
	_, err = gap.Parse([]byte(strings.Replace(string(file(t)), `"2027-05-02"`, `"x"`, 1)))
	require.ErrorIs(t, err, risk.ErrDate)
}

// Everything applies unless the rule itself limits it.
//
// Controls: HIPAA 164.308(a)(8).
func TestScope(t *testing.T) {
	for name, c := range map[string]struct {
		opts                 *gap.Options
		edition              gap.Edition
		target               gap.Score
		provisions, outcomes int
	}{
		"default": {nil, gap.CSF11, gap.Maturity3, 68, 106},
		"2.0":     {&gap.Options{Edition: gap.CSF20, Scale: gap.TierScale}, gap.CSF20, gap.Tier3, 68, 85},
	} {
		a, err := gap.New("x", day(t, "2026-11-20"), c.opts)
		require.NoError(t, err, name)
		require.Equal(t, c.edition, a.Edition, name)
		require.Equal(t, c.target, a.Target, name)
		require.Len(t, a.Provisions, c.provisions, name)
		require.Len(t, a.Outcomes, c.outcomes, name)
		require.Len(t, a.Shortfalls(), c.provisions+c.outcomes, "nothing is assessed")
	}
	conditional := 0
	for r := range crosswalk.All() {
		x := gap.Exclusion{Control: r.ID, Reason: "the organisation is no such thing", By: "officer", On: day(t, "2026-11-02")}
		a, err := gap.New("x", day(t, "2026-11-20"), &gap.Options{Exclusions: []gap.Exclusion{x}})
		if gap.Condition(r.ID) == "" {
			require.ErrorIs(t, err, gap.ErrInvalid, r.ID)
			require.Nil(t, a)
			continue
		}
		conditional++
		require.NoError(t, err, r.ID)
		require.Len(t, a.Provisions, 67)
	}
	require.Equal(t, 12, conditional)
	for _, opts := range []*gap.Options{{Edition: "CSF 3.0"}, {Scale: "x"}, {Target: gap.Tier1}, {Scale: gap.TierScale, Target: gap.Maturity4}} {
		_, err := gap.New("x", day(t, "2026-11-20"), opts)
		require.ErrorIs(t, err, gap.ErrInvalid)
	}
	_, err := gap.New("", risk.Date{}, nil)
	require.ErrorIs(t, err, gap.ErrInvalid)
	_, err = gap.New("x", day(t, "2026-11-20"), &gap.Options{Exclusions: []gap.Exclusion{
		{Control: safeguard.GroupHealthPlans, Reason: "the organisation is no such thing", By: "officer", On: day(t, "2026-11-02")},
		{Control: safeguard.GroupHealthPlans, Reason: "the organisation is no such thing", By: "officer", On: day(t, "2026-11-02")}}})
	require.ErrorContains(t, err, "exclusions[1].control: 164.314(b)(1) stands twice")
}

// What a final assessment must not lack, point by point.
//
// Controls: HIPAA 164.308(a)(8), 164.308(a)(1)(ii)(B).
func TestOpenPoints(t *testing.T) {
	require.Empty(t, final(t, nil).OpenPoints())
	for name, c := range map[string]struct {
		change func(a *gap.Assessment)
		text   string
	}{
		"scope": {func(a *gap.Assessment) { a.Scope = "" }, "not said which systems"},
		"not assessed": {func(a *gap.Assessment) { a.Provisions[5].Result = gap.Result{} },
			"164.308(a)(2) is not assessed"},
		"left out": {func(a *gap.Assessment) { a.Provisions = a.Provisions[1:] }, "164.308(a)(1)(i) is not assessed"},
		"outcome left out": {func(a *gap.Assessment) { a.Outcomes = a.Outcomes[1:] },
			"DE.AE-1 is not assessed"},
		"no decision": {func(a *gap.Assessment) { a.Decisions = a.Decisions[1:] },
			"no decision on the addressable 164.308(a)(3)(ii)(A) Authorization and/or supervision is in effect"},
		"undocumented": {func(a *gap.Assessment) { a.Provisions[0].Result.Score = gap.Maturity0 },
			"164.308(a)(1)(i) is at 0 (nothing in place), its target is 3 (done as written, with evidence), and no open gap documents it"},
		"unrated":  {func(a *gap.Assessment) { a.Gaps[0].Impact = risk.Unrated }, "the risk of G-1 is not rated"},
		"no owner": {func(a *gap.Assessment) { a.Gaps[0].Owner = "" }, "G-1 has no owner"},
		"no date":  {func(a *gap.Assessment) { a.Gaps[0].Due = risk.Date{} }, "G-1 has no due date"},
		"no plan":  {func(a *gap.Assessment) { a.Gaps[0].Plan = "tbd" }, "G-1 has no remediation plan"},
		"closed too early": {func(a *gap.Assessment) {
			a.Gaps[0].Closed, a.Gaps[0].Evidence = day(t, "2026-11-19"), []string{"a note"}
		},
			"164.312(b) is at 2"},
	} {
		a := final(t, nil)
		c.change(a)
		open := a.OpenPoints()
		require.Len(t, open, 1, name)
		require.Contains(t, open[0].Text, c.text, name)
		require.ErrorIs(t, a.Validate(), gap.ErrInvalid, name)
		a.Status, a.ApprovedBy, a.ApprovedOn = risk.Draft, "", risk.Date{}
		require.NoError(t, a.Validate(), name)
	}
	a := final(t, nil)
	a.Gaps[0].Closed, a.Gaps[0].Evidence = day(t, "2026-11-21"), []string{"a note"}
	require.ErrorContains(t, a.Validate(), "gaps[0].closed: is after the date of the assessment")
	a = final(t, nil)
	a.Gaps[0].Likelihood = 9
	require.ErrorContains(t, a.Validate(), "not on the scale of SP 800-30")
}

// A decided alternative is scored; a specification that was found not
// reasonable, without an alternative, is no shortfall, but its standard can be.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B), 164.316(b)(1).
func TestDecisionsAndShortfalls(t *testing.T) {
	for name, c := range map[string]struct {
		record func(testing.TB, safeguard.Control) gap.Record
		short  bool
	}{"implemented": {implemented, true}, "alternative": {alternative, true}, "not reasonable": {notReasonable, false}} {
		a := final(t, nil)
		for i, d := range a.Decisions {
			if d.Specification() == safeguard.AutomaticLogoff {
				a.Decisions[i] = decide(t, c.record(t, safeguard.AutomaticLogoff))
			}
		}
		for i := range a.Provisions {
			if a.Provisions[i].Control == safeguard.AutomaticLogoff {
				a.Provisions[i].Result = gap.Result{}
			}
		}
		n := 0
		for _, s := range a.Shortfalls() {
			if s.Control == safeguard.AutomaticLogoff {
				n++
			}
		}
		require.Equal(t, c.short, n == 1, name)
		require.Equal(t, !c.short, a.Validate() == nil, name)
	}
}

// Undocumented and unrated before the highest risk, then by risk and date.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B).
func TestRanking(t *testing.T) {
	a := draft(t)
	a.Gaps = []gap.Gap{
		{ID: "low", Controls: []safeguard.Control{safeguard.Integrity}, Finding: "something falls short", Likelihood: risk.Low, Impact: risk.Low},
		{ID: "later", Controls: []safeguard.Control{safeguard.AuditControls}, Finding: "something falls short", Likelihood: risk.High, Impact: risk.High, Due: day(t, "2027-03-01")},
		{ID: "sooner", Controls: []safeguard.Control{safeguard.AuditControls}, Finding: "something falls short", Likelihood: risk.High, Impact: risk.High, Due: day(t, "2027-02-01")},
		{ID: "dateless", Controls: []safeguard.Control{safeguard.AuditControls}, Finding: "something falls short", Likelihood: risk.High, Impact: risk.High},
		{ID: "unrated", Controls: []safeguard.Control{safeguard.PersonOrEntityAuthentication}, Finding: "something falls short"},
		{ID: "closed", Controls: []safeguard.Control{safeguard.AuditControls}, Finding: "something falls short", Likelihood: risk.VeryHigh, Impact: risk.VeryHigh, Closed: day(t, "2026-11-01"), Evidence: []string{"e"}},
	}
	require.NoError(t, a.Validate())
	var ids []string
	for _, g := range a.Ranked() {
		ids = append(ids, g.ID)
	}
	require.Equal(t, []string{"unrated", "dateless", "sooner", "later", "low"}, ids)

	last := -1
	for _, s := range a.Shortfalls() {
		rank := map[risk.Level]int{risk.Unrated: 0, risk.VeryHigh: 1, risk.High: 2, risk.Moderate: 3, risk.Low: 4, risk.VeryLow: 5}[s.Risk]
		require.GreaterOrEqual(t, rank, last)
		last = rank
		switch s.Control {
		case safeguard.AuditControls:
			require.Equal(t, "later", s.Gap, "the first of the highest risk")
		case safeguard.Integrity:
			require.Equal(t, "low", s.Gap)
		case safeguard.AccessControl:
			require.Empty(t, s.Gap)
		}
	}
	require.Equal(t, 4, last)
}

// A gap stands for the outcomes that are paired with its provisions, and not
// for those that are paired with all of them: it has to name these.
//
// Controls: HIPAA 164.308(a)(8).
func TestGapsAndOutcomes(t *testing.T) {
	for edition, universal := range map[gap.Edition]string{gap.CSF11: "ID.GV-3", gap.CSF20: "GV.OC-03"} {
		a := final(t, &gap.Options{Edition: edition})
		a.Status, a.ApprovedBy, a.ApprovedOn = risk.Draft, "", risk.Date{}
		for i := range a.Outcomes {
			a.Outcomes[i].Result.Score = gap.Maturity1
		}
		documented := func() (ids []string) {
			for _, s := range a.Shortfalls() {
				if s.Outcome == "" {
					continue
				}
				require.Equal(t, s.Gap == "G-1", s.Risk == risk.Moderate, s.Outcome)
				if s.Gap != "" {
					ids = append(ids, s.Outcome)
				}
			}
			return ids
		}
		var paired []string
		for s := range crosswalk.Subcategories(edition.Framework()) {
			if s.ID != universal && crosswalk.Paired(edition.Framework(), safeguard.AuditControls, s.ID) {
				paired = append(paired, s.ID)
			}
		}
		require.True(t, crosswalk.Paired(edition.Framework(), safeguard.AuditControls, universal))
		require.ElementsMatch(t, paired, documented())
		a.Gaps[0].Outcomes = []string{universal}
		require.ElementsMatch(t, append(paired, universal), documented())
	}
}

// Quarterly, and on the day of a trigger; a review answers both.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(2)(iii).
func TestDeadlines(t *testing.T) {
	lines := func(a *gap.Assessment, on string) (s []string) {
		for _, d := range a.Deadlines(day(t, on)) {
			s = append(s, fmt.Sprintf("%s %s %t", d.On, d.What, d.Overdue))
		}
		return s
	}
	a := draft(t)
	require.Equal(t, []string{
		"2026-12-31 closing of gap G-1 true",
		"2027-01-10 review because of scribe (ai model) true",
		"2027-03-15 periodic review false",
		"2027-05-02 review of the decision on 164.312(a)(2)(iv) false",
		"2027-11-02 review of the decision on 164.312(a)(2)(iii) false",
	}, lines(a, "2027-01-11"))
	require.Contains(t, lines(a, "2027-01-10"), "2027-01-10 review because of scribe (ai model) false", "due on its own day")
	require.Contains(t, lines(a, "2027-03-16"), "2027-03-15 periodic review true")

	a.Reviews = append(a.Reviews, gap.Review{On: day(t, "2027-01-12"), By: "officer", Triggers: []string{"scribe"}})
	a.ReviewMonths = 1
	require.NoError(t, a.Validate())
	require.Equal(t, "2027-02-12", a.NextReview().String())
	require.Len(t, lines(a, "2027-01-12"), 4)
	a.Reviews = nil
	require.Equal(t, "2026-12-20", a.NextReview().String(), "a month after the assessment")
	require.Contains(t, lines(a, "2027-01-12"), "2026-12-01 review because of new-lab (vendor) true")
}

// A decision that ends and that none follows is due on its last day. It is
// overdue from the day after, and stays so until another one is in effect.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
func TestLapsedDecisions(t *testing.T) {
	a := final(t, nil)
	at := slices.IndexFunc(a.Decisions, func(d gap.Decision) bool { return d.Specification() == safeguard.AutomaticLogoff })
	r := a.Decisions[at].Record()
	r.LastInEffect = day(t, "2026-11-30")
	a.Decisions[at] = decide(t, r)
	require.NoError(t, a.Validate())
	lapses := func(on string) []risk.Deadline {
		return slices.DeleteFunc(a.Deadlines(day(t, on)), func(d risk.Deadline) bool { return !strings.HasSuffix(d.Path, ".last_in_effect") })
	}
	lapse := risk.Deadline{What: "decision on 164.312(a)(2)(iii) to follow one that ends", Path: fmt.Sprintf("decisions[%d].last_in_effect", at), On: day(t, "2026-11-30")}
	require.Equal(t, []risk.Deadline{lapse}, lapses("2026-11-30"), "in effect on its last day")
	lapse.Overdue = true
	require.Equal(t, []risk.Deadline{lapse}, lapses("2026-12-01"))

	r = alternative(t, safeguard.AutomaticLogoff)
	r.EffectiveFrom = day(t, "2026-12-05")
	a.Decisions = append(a.Decisions, decide(t, r))
	require.Equal(t, []risk.Deadline{lapse}, lapses("2026-12-04"), "the next is not in effect yet")
	require.Empty(t, lapses("2026-12-05"))

	r.EffectiveFrom = day(t, "2026-12-01")
	a.Decisions[len(a.Decisions)-1] = decide(t, r)
	require.Empty(t, lapses("2026-11-30"), "another follows on the day after")
	require.Empty(t, lapses("2026-12-01"))
}

// A version that was altered after it was final is noticed.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i), 164.308(a)(8).
func TestVersions(t *testing.T) {
	first := final(t, nil)
	first.Triggers = []gap.Trigger{{ID: "a", Kind: gap.System, Name: "x", On: day(t, "2026-11-21")}, {ID: "b", Kind: gap.Role, Name: "x", On: day(t, "2026-11-22")}}
	first.Reviews = []gap.Review{{On: day(t, "2026-11-23"), By: "officer", Triggers: []string{"a"}}}
	first.Gaps = append(first.Gaps, gap.Gap{ID: "G-0", Controls: []safeguard.Control{safeguard.Integrity}, Finding: "something fell short", Closed: day(t, "2026-11-01"), Evidence: []string{"a note"}})
	next, err := first.Next(day(t, "2027-02-18"))
	require.NoError(t, err)
	require.Equal(t, 2, next.Version)
	require.Equal(t, risk.Draft, next.Status)
	require.Empty(t, next.Reviews)
	require.Len(t, next.Gaps, 1, "closed ones stay behind")
	require.Equal(t, "b", next.Triggers[0].ID)
	require.Len(t, next.Triggers, 1, "reviewed ones stay behind")
	require.Equal(t, "2026-11-10", next.Provisions[0].Result.On.String(), "a result keeps its date")
	require.NoError(t, next.Follows(first))
	require.Error(t, first.Follows(first))
	_, err = next.Next(day(t, "2027-05-18"))
	require.ErrorContains(t, err, "only a final assessment has a next version")
	_, err = first.Next(day(t, "2026-11-01"))
	require.ErrorIs(t, err, gap.ErrInvalid)
	_, err = (&gap.Assessment{}).Next(day(t, "2026-11-01"))
	require.ErrorIs(t, err, gap.ErrInvalid)

	altered, err := gap.Parse(written(t, first))
	require.NoError(t, err)
	require.NoError(t, next.Follows(altered))
	altered.Provisions[0].Result.Score = gap.Maturity4
	require.ErrorContains(t, next.Follows(altered), "was altered")
	altered.Organisation = "Other Practice"
	require.ErrorContains(t, next.Follows(altered), "different organisations")
	altered.Organisation, altered.ApprovedOn, altered.Date = "Test Practice", day(t, "2026-11-23"), day(t, "2026-11-22")
	require.ErrorContains(t, next.Follows(altered), "another version or date")
	require.Error(t, next.Follows(&gap.Assessment{}))
}

// Controls: HIPAA 164.308(a)(8), 164.316(b)(2)(iii).
func TestCompare(t *testing.T) {
	before := final(t, nil)
	after, err := before.Next(day(t, "2027-02-18"))
	require.NoError(t, err)
	require.Empty(t, gap.Compare(before, after))

	after.Scope = "everything"
	after.Exclusions = []gap.Exclusion{{Control: safeguard.GroupHealthPlans}}
	for i := range after.Provisions {
		switch after.Provisions[i].Control {
		case safeguard.AuditControls:
			after.Provisions[i].Result.Score = gap.Maturity4
		case safeguard.GroupHealthPlans:
			after.Provisions[i].Result = gap.Result{}
		}
	}
	after.Outcomes[0].Result.Score = gap.Maturity1
	after.Decisions[0] = decide(t, alternative(t, after.Decisions[0].Specification()))
	r := after.Decisions[1].Record()
	r.ReviewBy = day(t, "2028-01-01")
	after.Decisions[1] = decide(t, r)
	after.Decisions = after.Decisions[:21]
	after.Gaps[0].Closed = day(t, "2027-02-01")
	after.Gaps = append(after.Gaps, gap.Gap{ID: "G-2"})
	require.Equal(t, []risk.Change{
		{List: "assessment", What: "changed", Detail: "scope"},
		{List: "exclusions", ID: "164.314(b)(1)", What: "added"},
		{List: "provisions", ID: "164.312(b)", What: "changed", Detail: "from 2 (written down) to 4 (reviewed and improved)"},
		{List: "provisions", ID: "164.314(b)(1)", What: "changed", Detail: "from 3 (done as written, with evidence) to not assessed"},
		{List: "outcomes", ID: "DE.AE-1", What: "changed", Detail: "from 3 (done as written, with evidence) to 1 (done here and there)"},
		{List: "decisions", ID: "164.308(a)(3)(ii)(A)", What: "changed", Detail: "from implemented to alternative"},
		{List: "decisions", ID: "164.308(a)(3)(ii)(B)", What: "changed"},
		{List: "decisions", ID: "164.312(e)(2)(ii)", What: "removed", Detail: "was implemented"},
		{List: "gaps", ID: "G-1", What: "changed", Detail: "closed on 2027-02-01"},
		{List: "gaps", ID: "G-2", What: "added"},
	}, gap.Compare(before, after))

	moved := final(t, nil)
	moved.Gaps[0].Impact, moved.Gaps[0].Due = risk.VeryHigh, risk.Date{}
	require.Equal(t, []risk.Change{{List: "gaps", ID: "G-1", What: "changed", Detail: "risk from Moderate to Very High; due from 2026-12-31 to no date"}}, gap.Compare(before, moved))
	moved.Gaps, moved.Decisions = nil, append(moved.Decisions[:0:0], moved.Decisions[1:]...)
	back := gap.Compare(moved, before)
	require.Equal(t, []risk.Change{
		{List: "decisions", ID: "164.308(a)(3)(ii)(A)", What: "added", Detail: "implemented"},
		{List: "gaps", ID: "G-1", What: "added"},
	}, back)
	require.Contains(t, gap.Compare(before, moved), risk.Change{List: "gaps", ID: "G-1", What: "removed", Detail: "was open"})
	require.Contains(t, gap.Compare(after, before), risk.Change{List: "exclusions", ID: "164.314(b)(1)", What: "removed", Detail: "applies again"})
}

// Whatever Parse accepts, it accepts again when written, and it can be shown;
// and nothing that is not implemented is without a rationale.
func FuzzParse(f *testing.F) {
	f.Add(string(file(f)))
	f.Add(`{"organisation": "x", "version": 1, "date": "2026-01-01", "status": "draft", "edition": "CSF 2.0", "scale": "tiers", "target": "tier 3"}`)
	f.Add(`{"decisions": [{"specification": "164.312(a)(2)(iv)", "choice": "alternative"}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		a, err := gap.Parse([]byte(in))
		if err != nil {
			require.ErrorIs(t, err, gap.ErrInvalid)
			return
		}
		for _, d := range a.Decisions {
			require.True(t, d.Record().Choice == gap.Implemented || d.Record().Rationale != "")
		}
		once := written(t, a)
		again, err := gap.Parse(once)
		require.NoError(t, err)
		require.Equal(t, string(once), string(written(t, again)))
		require.NoError(t, (&gap.Report{Assessment: a}).WriteMarkdown(&bytes.Buffer{}))
	})
}
