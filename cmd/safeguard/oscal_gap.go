package main

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// assessmentResults says in OSCAL what an assessment found of provisions. What
// nobody has assessed is left out; results for CSF outcomes stay in the
// assessment itself.
func assessmentResults(a *gap.Assessment) oscal.Assessment {
	out := oscal.Assessment{
		Title:       fmt.Sprintf("Gap assessment of %s, version %d, %s", a.Organisation, a.Version, a.Status),
		Description: orElse(a.Scope, "No scope is given.") + " Satisfied means: at or above the organisation's own target.",
		Start:       a.Date.Time(),
	}
	for _, p := range assessed(a) {
		out.Reviewed = append(out.Reviewed, p.Control)
		out.Observations = append(out.Observations, observation(p))
		out.Findings = append(out.Findings, finding(a, p))
	}
	for i := range a.Gaps {
		out.Risks = append(out.Risks, gapRisk(&a.Gaps[i]))
	}
	return out
}

func assessed(a *gap.Assessment) []gap.Provision {
	return slices.DeleteFunc(slices.Clone(a.Provisions), func(p gap.Provision) bool { return p.Result.Score.IsZero() })
}

// observation is what somebody found of one provision. How, the assessment
// does not say.
func observation(p gap.Provision) oscal.Observation {
	o := oscal.Observation{
		ID: string(p.Control), Title: fmt.Sprintf("%s, score %s", p.Control, p.Result.Score),
		Description: orElse(p.Result.Finding, "No finding in words.") + " Assessed by " + p.Result.By + ".",
		Methods:     []oscal.Method{oscal.UnknownMethod}, Collected: p.Result.On.Time(),
	}
	for _, ref := range p.Result.Evidence {
		o.Evidence = append(o.Evidence, oscal.Evidence{Description: ref})
	}
	return o
}

// finding is the judgement on one provision: its score and its target.
func finding(a *gap.Assessment, p gap.Provision) oscal.Finding {
	target := p.Result.Target
	if target.IsZero() {
		target = a.Target
	}
	f := oscal.Finding{
		ID: string(p.Control), Control: p.Control,
		Description:  fmt.Sprintf("Score %s, target %s.", p.Result.Score, target),
		Satisfied:    p.Result.Score >= target,
		Observations: []string{string(p.Control)},
	}
	if d, ok := a.Decision(p.Control, a.Date); ok {
		decided(&f, d.Record())
	}
	for i := range a.Gaps {
		if slices.Contains(a.Gaps[i].Controls, p.Control) {
			f.Risks = append(f.Risks, a.Gaps[i].ID)
		}
	}
	return f
}

// decided adds the decision on an addressable specification. OSCAL has no word
// for one that is not reasonable and appropriate and has no equivalent measure;
// it is no specification that does not apply, so only the text says it.
func decided(f *oscal.Finding, r gap.Record) {
	f.Description += fmt.Sprintf(" Decision on record (164.306(d)(3)), approved by %s on %s: %s.", r.ApprovedBy, r.ApprovedOn, r.Choice)
	switch r.Choice {
	case gap.Implemented:
		f.Status = oscal.Implemented
	case gap.Alternative:
		f.Status, f.StatusRemarks = oscal.Alternative, r.Rationale+" Equivalent measure: "+r.Measure
	case gap.NotReasonable:
		f.Description += " " + r.Rationale + " " + r.WithoutMeasure
	}
}

func gapRisk(g *gap.Gap) oscal.Risk {
	r := oscal.Risk{
		ID: g.ID, Title: "Gap " + g.ID, Description: g.Finding, Deadline: g.Due.Time(),
		Likelihood: word(g.Likelihood), Impact: word(g.Impact), Level: word(risk.Of(g.Likelihood, g.Impact)),
	}
	stage := oscal.PlannedWork
	if !g.Closed.IsZero() {
		r.Status, stage = oscal.RiskClosed, oscal.Completed
	}
	if g.Plan != "" {
		r.Remediations = []oscal.Remediation{{Title: "Plan for gap " + g.ID, Description: g.Plan, Owner: g.Owner, Lifecycle: stage}}
	}
	return r
}

// word is a level in NIST's words, empty if nobody has rated it.
func word(l risk.Level) string {
	if l.IsZero() {
		return ""
	}
	return l.String()
}

// planItems are the open gaps.
func planItems(a *gap.Assessment) []oscal.PlanItem {
	var items []oscal.PlanItem
	for _, g := range a.Ranked() {
		item := oscal.PlanItem{
			ID: g.ID, Title: "Gap " + g.ID, Description: orElse(g.Plan, g.Finding), Owner: g.Owner, Due: g.Due.Time(), Risks: []string{g.ID},
		}
		for _, id := range g.Controls {
			if slices.ContainsFunc(assessed(a), func(p gap.Provision) bool { return p.Control == id }) {
				item.Findings = append(item.Findings, string(id))
			}
		}
		items = append(items, item)
	}
	return items
}

// planRecord is what the plan refers to: the open gaps, and what was found of
// their provisions.
func planRecord(a *gap.Assessment) oscal.Record {
	var r oscal.Record
	var wanted []safeguard.Control
	for _, g := range a.Ranked() {
		r.Risks = append(r.Risks, gapRisk(g))
		wanted = append(wanted, g.Controls...)
	}
	for _, p := range assessed(a) {
		if !slices.Contains(wanted, p.Control) {
			continue
		}
		f := finding(a, p)
		f.Risks = slices.DeleteFunc(f.Risks, func(id string) bool {
			return !slices.ContainsFunc(r.Risks, func(k oscal.Risk) bool { return k.ID == id })
		})
		r.Observations = append(r.Observations, observation(p))
		r.Findings = append(r.Findings, f)
	}
	return r
}
