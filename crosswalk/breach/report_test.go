package breach_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

// Controls: HIPAA 164.402(1), 164.402(2), 164.414(b).
func TestVerdicts(t *testing.T) {
	low := func(f *breach.File) {
		f.Assessment.LowProbability, f.Assessment.Mitigation.Points = breach.Yes, breach.Lowers
	}
	for name, c := range map[string]struct {
		change func(*breach.File)
		want   breach.Verdict
		reason string
	}{
		"as assessed":  {func(*breach.File) {}, breach.Breach, "does not find a low probability"},
		"not assessed": {func(f *breach.File) { f.Assessment = nil }, breach.Breach, "four factors of 164.402(2) are not assessed"},
		"no holding":   {func(f *breach.File) { f.Holdings = nil }, breach.Breach, "cannot be shown to have been secured"},
		"all sealed":   {func(f *breach.File) { f.Holdings = f.Holdings[:1] }, breach.SecuredPHI, "backup volume"},
		"low":          {low, breach.LowProbability, "viewed by an unknown person"},
		"low, a factor missing": {func(f *breach.File) { low(f); f.Assessment.Recipient.Finding = "" },
			breach.Breach, "factor not assessed: (ii)"},
		"low, a factor unweighed": {func(f *breach.File) { low(f); f.Assessment.Acquired.Points = "" },
			breach.Breach, "factor not assessed: (iii)"},
		"low, a further factor empty": {func(f *breach.File) { low(f); f.Assessment.Other = []breach.Factor{{}} },
			breach.Breach, "factor not assessed: further"},
		"low, but nothing lowers it": {func(f *breach.File) { f.Assessment.LowProbability = breach.Yes },
			breach.Breach, "rests on nothing"},
		"low, nobody signs":   {func(f *breach.File) { low(f); f.Assessment.By = "" }, breach.Breach, "lacks its rationale"},
		"low, no day":         {func(f *breach.File) { low(f); f.Assessment.On = breach.Date{} }, breach.Breach, "lacks its rationale"},
		"low, no reasons":     {func(f *breach.File) { low(f); f.Assessment.Rationale = "" }, breach.Breach, "lacks its rationale"},
		"no conclusion":       {func(f *breach.File) { f.Assessment.LowProbability = breach.Unknown }, breach.Breach, "no conclusion"},
		"permitted":           {func(f *breach.File) { f.Permitted = decided(t, breach.Yes) }, breach.PermittedUse, "treatment"},
		"permission unknown":  {func(f *breach.File) { f.Permitted = decided(t, breach.Unknown) }, breach.Breach, "not decided, with reasons"},
		"not permitted":       {func(f *breach.File) { f.Permitted = decided(t, breach.No) }, breach.Breach, "not decided, with reasons"},
		"permitted, no words": {func(f *breach.File) { f.Permitted = decided(t, breach.Yes); f.Permitted.Rationale = "" }, breach.Breach, "not decided"},
		"excluded":            {func(f *breach.File) { f.Exclusion = excluded(t) }, breach.Excluded, "good-faith access"},
		"exclusion, no reasons": {func(f *breach.File) { f.Exclusion = excluded(t); f.Exclusion.Rationale = "" },
			breach.Breach, "no exclusion"},
		"permitted, a dash":      {func(f *breach.File) { f.Permitted = decided(t, breach.Yes); f.Permitted.Rationale = "-" }, breach.Breach, "not decided"},
		"permitted by a dash":    {func(f *breach.File) { f.Permitted = decided(t, breach.Yes); f.Permitted.By = "-" }, breach.Breach, "not decided"},
		"permitted, no evidence": {func(f *breach.File) { f.Permitted = decided(t, breach.Yes); f.Permitted.Evidence = nil }, breach.Breach, "not decided"},
		"exclusion, the least":   {func(f *breach.File) { f.Exclusion = excluded(t); f.Exclusion.Rationale = "wrong chart 12" }, breach.Excluded, "good-faith access"},
		"exclusion, too short":   {func(f *breach.File) { f.Exclusion = excluded(t); f.Exclusion.Rationale = "wrong chart" }, breach.Breach, "no exclusion"},
		"exclusion by nobody":    {func(f *breach.File) { f.Exclusion = excluded(t); f.Exclusion.By = " " }, breach.Breach, "no exclusion"},
		"exclusion, no evidence": {func(f *breach.File) { f.Exclusion = excluded(t); f.Exclusion.Evidence = nil }, breach.Breach, "no exclusion"},
		"low, a dash":            {func(f *breach.File) { low(f); f.Assessment.Rationale = "-" }, breach.Breach, "lacks its rationale"},
		"low by a dash":          {func(f *breach.File) { low(f); f.Assessment.By = "-" }, breach.Breach, "lacks its rationale"},
		"low, a factor x":        {func(f *breach.File) { low(f); f.Assessment.Nature.Finding = "x" }, breach.Breach, "factor not assessed: (i)"},
		"low, a factor unproved": {func(f *breach.File) { low(f); f.Assessment.Acquired.Evidence = nil }, breach.Breach, "factor without evidence: (iii)"},
	} {
		t.Run(name, func(t *testing.T) {
			f := incident(t)
			c.change(f)
			r := report(t, f, "2026-04-01")
			require.Equal(t, c.want, r.Verdict)
			require.Contains(t, strings.Join(r.Reasons, "\n"), c.reason)
			require.Equal(t, c.want == breach.Breach, len(r.Deadlines) > 0)
		})
	}
	require.True(t, breach.Verdict("").Notify(), "no verdict rules nothing out")
	require.True(t, breach.Verdict("anything").Notify())
}

func decided(t testing.TB, a breach.Answer) *breach.Determination {
	return &breach.Determination{Answer: a, Rationale: "disclosed for treatment", By: "officer", On: day(t, "2026-02-01"), Evidence: []breach.Evidence{{Ref: "memo/1"}}}
}

func excluded(t testing.TB) *breach.Exclusion {
	return &breach.Exclusion{Kind: breach.GoodFaithAccess, Rationale: "wrong chart opened", By: "officer", On: day(t, "2026-02-01"), Evidence: []breach.Evidence{{Ref: "memo/2"}}}
}

// Controls: HIPAA 164.404(a)(2), 164.410.
func TestDiscovered(t *testing.T) {
	for name, c := range map[string]struct {
		breach.Discovery
		want string
	}{
		"known":            {breach.Discovery{Known: day(t, "2026-01-20")}, "2026-01-20"},
		"should have been": {breach.Discovery{Known: day(t, "2026-01-20"), Diligence: day(t, "2026-01-05")}, "2026-01-05"},
		"diligence alone":  {breach.Discovery{Diligence: day(t, "2026-01-05")}, "2026-01-05"},
		"agent": {breach.Discovery{Known: day(t, "2026-01-20"), Associate: &breach.AssociateDiscovery{Name: "b", Agent: breach.Yes,
			Discovered: day(t, "2026-01-02"), Notified: day(t, "2026-01-19")}}, "2026-01-02"},
		"perhaps an agent": {breach.Discovery{Known: day(t, "2026-01-20"), Associate: &breach.AssociateDiscovery{Name: "b",
			Discovered: day(t, "2026-01-02")}}, "2026-01-02"},
		"no agent": {breach.Discovery{Known: day(t, "2026-01-20"), Associate: &breach.AssociateDiscovery{Name: "b", Agent: breach.No,
			Discovered: day(t, "2026-01-02"), Notified: day(t, "2026-01-19")}}, "2026-01-19"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &breach.File{Discovery: c.Discovery}
			require.Equal(t, c.want, f.Discovered().String())
		})
	}
}

// Controls: HIPAA 164.404(a)(1), 164.404(d)(2)(i), 164.414(b).
func TestProgressOfIndividuals(t *testing.T) {
	r := report(t, incident(t), "2026-04-01")
	require.Equal(t, []string{}, gaps(r))
	p := progress(t, r, breach.ToIndividuals)
	require.Equal(t, "2026-03-21", p.Due.String())
	require.Equal(t, breach.Done, p.State)
	require.Equal(t, "2026-03-05", p.Sent.String())
	require.Equal(t, 44, r.Affected[2].Days)
	require.Equal(t, breach.Pending, progress(t, r, breach.ToSecretary).State)
	require.Equal(t, "2027-03-01", progress(t, r, breach.ToSecretary).Due.String())

	f := incident(t)
	f.Notices[1].Substitute = false
	r = report(t, f, "2026-04-01")
	require.Equal(t, breach.Overdue, progress(t, r, breach.ToIndividuals).State, "mail does not reach who cannot be reached")
	require.Equal(t, -11, progress(t, r, breach.ToIndividuals).DaysLeft)
	require.Contains(t, gaps(r), "fewer than 10 individuals cannot be reached: substitute notice in writing, by telephone or by other means")

	f.Individuals[2].Deceased = true
	r = report(t, f, "2026-04-01")
	require.Equal(t, breach.Done, progress(t, r, breach.ToIndividuals).State, "substitute notice is not due to next of kin")

	f = incident(t)
	f.Notices[1].Sent = day(t, "2026-03-22")
	r = report(t, f, "2026-04-01")
	require.Equal(t, breach.DoneLate, progress(t, r, breach.ToIndividuals).State)
	require.Contains(t, gaps(r), "notice to individuals was sent after 2026-03-21")

	f = incident(t)
	f.Estimate = &breach.Estimate{Individuals: 5, Basis: "log"}
	r = report(t, f, "2026-03-21")
	require.Equal(t, breach.Pending, progress(t, r, breach.ToIndividuals).State, "the due day itself is not overdue")
	require.Equal(t, 2, progress(t, r, breach.ToIndividuals).Open)
	require.Contains(t, gaps(r), "2 of 5 individuals are not identified")
	require.Equal(t, breach.Overdue, progress(t, report(t, f, "2026-03-22"), breach.ToIndividuals).State)
}

// Controls: HIPAA 164.412(b).
func TestHolds(t *testing.T) {
	f := incident(t)
	f.Notices = nil
	require.Equal(t, breach.OnHold, progress(t, report(t, f, "2026-02-20"), breach.ToIndividuals).State)
	require.Equal(t, breach.Pending, progress(t, report(t, f, "2026-02-21"), breach.ToIndividuals).State)

	f = incident(t)
	f.Notices[0].Sent = day(t, "2026-02-20")
	require.Contains(t, strings.Join(gaps(report(t, f, "2026-04-01")), "\n"), "sent within the law enforcement delay until 2026-02-21")
	f.Notices[0].Sent = day(t, "2026-02-21")
	require.Empty(t, gaps(report(t, f, "2026-04-01")))
}

// large is an incident with n residents of Ohio, all notified on 2026-03-02.
func large(t testing.TB, n int) *breach.File {
	f := incident(t)
	f.Individuals = nil
	for i := range n {
		f.Individuals = append(f.Individuals, breach.Individual{Ref: fmt.Sprint("p-", i), State: "OH"})
	}
	f.Notices = f.Notices[:1]
	f.Notices[0].To, f.Notices[0].All = nil, n
	return f
}

// Controls: HIPAA 164.406, 164.408(b).
func TestLargeBreaches(t *testing.T) {
	r := report(t, large(t, 499), "2026-03-10")
	require.Len(t, r.Deadlines, 2)
	require.Empty(t, r.Gaps)

	r = report(t, large(t, 500), "2026-03-10")
	require.Len(t, r.Deadlines, 2, "500 residents are no matter for the media")
	require.Contains(t, gaps(r), "individuals were notified from 2026-03-02 on, and HHS is not notified contemporaneously")

	f := large(t, 501)
	r = report(t, f, "2026-03-10")
	require.Len(t, r.Deadlines, 3)
	require.Equal(t, "OH", progress(t, r, breach.ToMedia).Jurisdiction)

	media := f.Notices[0]
	media.Audience, media.Jurisdiction, media.All = breach.ToMedia, "MI", 0
	hhs := breach.Notice{Audience: breach.ToSecretary, Sent: day(t, "2026-03-04"), By: "officer", Evidence: media.Evidence}
	f.Notices = append(f.Notices, media, hhs)
	r = report(t, f, "2026-03-10")
	require.Equal(t, breach.Pending, progress(t, r, breach.ToMedia).State, "Michigan's media do not serve Ohio")
	require.Equal(t, []string{"HHS was notified 2 days after the first notice to individuals; the rule says contemporaneously"}, gaps(r))

	f.Notices[1].Jurisdiction, f.Notices[2].Sent = "OH", day(t, "2026-03-02")
	r = report(t, f, "2026-03-10")
	require.Empty(t, r.Gaps)
	for _, p := range r.Deadlines {
		require.Equal(t, breach.Done, p.State)
	}
	require.Equal(t, "2032-03-02", r.RetainUntil.String())
}

// Each thing that is not on record is a gap of its own.
//
// Controls: HIPAA 164.414(b), 164.404(c).
func TestGaps(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*breach.File)
		want  string
	}{
		"summary":          {func(f *breach.File) { f.Summary = "" }, "what happened"},
		"time":             {func(f *breach.File) { f.Occurred = breach.Period{} }, "when it occurred"},
		"data":             {func(f *breach.File) { f.Holdings = nil }, "which PHI"},
		"discoverer":       {func(f *breach.File) { f.Discovery.By = "" }, "who discovered"},
		"how":              {func(f *breach.File) { f.Discovery.How = "" }, "how it was discovered"},
		"discovery proof":  {func(f *breach.File) { f.Discovery.Evidence = nil }, "no evidence of the day of discovery"},
		"agent":            {func(f *breach.File) { f.Discovery.Associate = &breach.AssociateDiscovery{Name: "b"} }, "is an agent is not known"},
		"delay proof":      {func(f *breach.File) { f.Delays[0].Evidence = nil }, "statement 1: no evidence"},
		"delay recorder":   {func(f *breach.File) { f.Delays[0].Recorded = "" }, "who documented the oral statement"},
		"second oral":      {func(f *breach.File) { f.Delays = append(f.Delays, f.Delays[0]) }, "does not prolong"},
		"residence":        {func(f *breach.File) { f.Individuals[0].State = "" }, "residence of 1 individuals"},
		"estimate's basis": {func(f *breach.File) { f.Estimate = &breach.Estimate{Individuals: 3} }, "on what it rests"},
		"number":           {func(f *breach.File) { f.Individuals, f.Notices = nil, nil }, "how many individuals"},
		"notice proof":     {func(f *breach.File) { f.Notices[0].Evidence = nil }, "no evidence that it was sent"},
		"content":          {func(f *breach.File) { f.Notices[0].Content = f.Notices[0].Content[:3] }, "content not recorded: response, contact"},
		"sent too early":   {func(f *breach.File) { f.Notices[0].Sent = day(t, "2026-01-13") }, "before the day of discovery"},
		"permitted, proof": {func(f *breach.File) { f.Permitted = decided(t, breach.Yes); f.Permitted.Evidence = nil }, "permitted rests on no evidence"},
		"exclusion, proof": {func(f *breach.File) { f.Exclusion = excluded(t); f.Exclusion.Evidence = nil }, "exclusion rests on no evidence"},
		"assessment, proof": {func(f *breach.File) {
			f.Assessment.LowProbability, f.Assessment.Nature = breach.Yes, breach.Factor{Finding: "f", Points: breach.Lowers}
		}, "no evidence for factor (i)"},
	} {
		t.Run(name, func(t *testing.T) {
			f := incident(t)
			c.spoil(f)
			r := report(t, f, "2026-04-01")
			require.Contains(t, strings.Join(gaps(r), "\n"), c.want)
			for _, g := range r.Gaps {
				require.NotEmpty(t, g.Controls)
			}
		})
	}
}

func TestSubstituteNoticeForMany(t *testing.T) {
	f := large(t, 12)
	for i := range 10 {
		f.Individuals[i].Unreachable = true
	}
	require.Contains(t, strings.Join(gaps(report(t, f, "2026-03-10")), "\n"), "90 days on the home page")
	f.Individuals[0].Deceased = true
	require.Contains(t, strings.Join(gaps(report(t, f, "2026-03-10")), "\n"), "fewer than 10")
}

// A file must not tell of things to come.
func TestReportOfAnEarlierDay(t *testing.T) {
	for _, asOf := range []string{"2026-01-19", "2026-01-27", "2026-03-04"} {
		_, err := incident(t).Report(day(t, asOf))
		require.ErrorIs(t, err, breach.ErrFile, asOf)
		require.ErrorContains(t, err, "is after the day of the report")
	}
	_, err := incident(t).Report(breach.Date{})
	require.ErrorIs(t, err, breach.ErrFile)
}

// Controls: HIPAA 164.414(a).
func TestRetention(t *testing.T) {
	f := incident(t)
	f.Notices[1].Sent = day(t, "2028-02-29")
	require.Equal(t, "2034-03-01", report(t, f, "2028-03-10").RetainUntil.String(), "six years after a leap day is the later day")
}

// Controls: HIPAA 164.410.
func TestAssociateFile(t *testing.T) {
	f := incident(t)
	f.Role, f.Notices = breach.BusinessAssociate, nil
	r := report(t, f, "2026-03-01")
	require.Len(t, r.Deadlines, 1)
	require.Equal(t, breach.ToCoveredEntity, r.Deadlines[0].Audience)
	f.Notices = []breach.Notice{{Audience: breach.ToCoveredEntity, Sent: day(t, "2026-02-25"), By: "counsel", Evidence: f.Discovery.Evidence}}
	r = report(t, f, "2026-03-01")
	require.Equal(t, breach.Done, r.Deadlines[0].State)
	require.Empty(t, r.Gaps)
}

// Controls: HIPAA 164.414(b).
func TestGoldenReport(t *testing.T) {
	r := report(t, incident(t), "2026-04-01")
	var md, js bytes.Buffer
	require.NoError(t, r.WriteMarkdown(&md))
	require.NoError(t, r.WriteJSON(&js))
	golden(t, "report.md", md.Bytes())
	golden(t, "report.json", js.Bytes())
	golden(t, "incident.json", encoded(t, incident(t)))
	for range 3 {
		var again bytes.Buffer
		require.NoError(t, report(t, incident(t), "2026-04-01").WriteMarkdown(&again))
		require.Equal(t, md.String(), again.String())
	}
}

// What people enter must not become markup.
func TestMarkdownIsEscaped(t *testing.T) {
	f := incident(t)
	f.Summary, f.Individuals[0].Ref, f.Notices[0].To[0] = "a | b <script>\n# x", "p|1", "p|1"
	var b bytes.Buffer
	require.NoError(t, report(t, f, "2026-04-01").WriteMarkdown(&b))
	require.NotContains(t, b.String(), "<script>")
	require.NotContains(t, b.String(), "\n# x")
	require.Contains(t, b.String(), `p\|1`)
}

// A notice to the media of one State settles nothing for those of whom nobody
// knows where they live.
//
// Controls: HIPAA 164.406, 164.414(b).
func TestUnplacedStayOpen(t *testing.T) {
	f := incident(t)
	f.Estimate = &breach.Estimate{Individuals: 2000, Residents: map[string]int{"WA": 501}, Basis: "rows of the log"}
	f.Notices = append(f.Notices, breach.Notice{Audience: breach.ToMedia, Jurisdiction: "WA", Sent: day(t, "2026-03-02"), By: "privacy officer"})
	states := map[string]breach.State{}
	for _, p := range report(t, f, "2026-04-01").Deadlines {
		if p.Audience == breach.ToMedia {
			states[p.Jurisdiction] = p.State
		}
	}
	require.Equal(t, breach.Done, states["WA"])
	require.Equal(t, breach.Overdue, states[""])
}
