package gap

import (
	"io"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// reportJSON is the form of [Report.WriteJSON].
type reportJSON struct {
	Rule       string          `json:"rule"`
	Framework  string          `json:"framework"`
	Notices    []string        `json:"notices"`
	On         risk.Date       `json:"on"`
	Assessment *Assessment     `json:"assessment"`
	Gaps       []gapJSON       `json:"open_gaps"`
	Shortfalls []Shortfall     `json:"shortfalls"`
	Retention  []keptJSON      `json:"retention"`
	OpenPoints []risk.Issue    `json:"open_points"`
	Deadlines  []risk.Deadline `json:"deadlines"`
	Changes    []risk.Change   `json:"changes,omitempty"`
	Sources    []sourceJSON    `json:"sources"`
}

// sourceJSON is a table that the report rests on.
type sourceJSON struct {
	Table       string `json:"table"`
	Publication string `json:"publication"`
	Date        string `json:"date,omitempty"`
	Rows        int    `json:"rows"`
	SHA256      string `json:"sha256,omitempty"`
}

func sourcesJSON() []sourceJSON {
	var all []sourceJSON
	for _, s := range crosswalk.Sources() {
		all = append(all, sourceJSON{s.Table, s.Publication, s.Date, s.Rows, s.SHA256})
	}
	return all
}

type gapJSON struct {
	ID    string    `json:"id"`
	Risk  string    `json:"risk"`
	Owner string    `json:"owner"`
	Due   risk.Date `json:"due,omitzero"`
}

// keptJSON says until when a decision is kept; without a date while it is in
// effect.
type keptJSON struct {
	Specification safeguard.Control `json:"specification"`
	Until         risk.Date         `json:"until,omitzero"`
}

// WriteJSON writes the report for a program: the assessment itself, and what
// follows from it. Its error contract is that of [Report.WriteMarkdown].
func (p *Report) WriteJSON(w io.Writer) error {
	if err := p.check(); err != nil {
		return err
	}
	a := p.Assessment
	out := reportJSON{
		Rule: crosswalk.RuleVersion, Framework: a.Edition.Framework().String(), Notices: p.notices(),
		On: p.on(), Assessment: a, Gaps: []gapJSON{}, Retention: []keptJSON{},
		Shortfalls: append([]Shortfall{}, a.Shortfalls()...),
		OpenPoints: append([]risk.Issue{}, a.OpenPoints()...),
		Deadlines:  a.Deadlines(p.on()), Sources: sourcesJSON(),
	}
	for _, g := range a.Ranked() {
		out.Gaps = append(out.Gaps, gapJSON{g.ID, g.Risk().String(), g.Owner, g.Due})
	}
	for _, d := range a.Decisions {
		out.Retention = append(out.Retention, keptJSON{d.Specification(), d.RetainUntil()})
	}
	if p.Preceding != nil {
		out.Changes = Compare(p.Preceding, a)
	}
	b, err := indent(out)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// notices are what every form of the report has to say.
func (p *Report) notices() []string {
	n := []string{
		"This document shows what people entered. A score is their judgement; none of it means compliant.",
		"Addressable is not optional: such a specification is implemented, replaced by an equivalent measure, or found in writing not to be reasonable and appropriate (164.306(d)(3)).",
		"The rule wants a periodic evaluation and names no period (164.308(a)(8)); the review months are the organisation's choice.",
		"What is not assessed or not rated is not known to be good, and is shown first.",
		crosswalk.Caution,
	}
	if p.Assessment.Edition == CSF20 {
		n = append(n, crosswalk.DerivedNotice)
	}
	return append(n, crosswalk.ProposedRule+".")
}
