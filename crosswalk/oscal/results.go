package oscal

import (
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Results returns an assessment as assessment-results. A finding's target is
// the objective of its provision in [Catalog]. There is no assessment plan in
// OSCAL; the import that the model requires names a resource that says so.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Results(info Info, a Assessment) (*Document, error) {
	if err := info.validate(true, true); err != nil {
		return nil, err
	}
	switch {
	case blank(a.Title) || blank(a.Description):
		return nil, refuse("results", "no title or no description")
	case a.Start.IsZero():
		return nil, refuse("results", "no start")
	case !a.End.IsZero() && a.End.Before(a.Start):
		return nil, refuse("results", "ends before it starts")
	}
	w, err := info.writer(a.Record)
	if err != nil {
		return nil, err
	}
	reviewed, err := a.reviewed()
	if err != nil {
		return nil, err
	}
	noPlan := uuid("no-assessment-plan")
	d := &assessmentResults{
		Metadata: info.metadata("Assessment results", "Findings are the author's. Observations that programs made of themselves are self-reported, not attestations."),
		ImportAP: href{Href: "#" + noPlan},
		Results: []result{{
			UUID: uuid("result", info.Scope, stamp(a.Start), a.Title), Title: line(a.Title), Description: clean(a.Description),
			Start: stamp(a.Start), End: stamp(a.End), Reviewed: reviewedControls{[]controlSelection{{reviewed}}},
			Observations: w.observations, Risks: w.risks, Findings: w.findings,
		}},
		BackMatter: &backMatter{[]resource{{UUID: noPlan, Title: "No assessment plan in OSCAL",
			Description: "The assessment followed no plan that is written in OSCAL. This resource stands where the model requires one."}}},
	}
	return finish(ResultsFile, ResultsModel, d, &d.UUID)
}

// reviewed lists provisions in the order of the regulation.
func (a *Assessment) reviewed() ([]controlRef, error) {
	ids := slices.Clone(a.Reviewed)
	for _, f := range a.Findings {
		ids = append(ids, f.Control)
	}
	for _, id := range ids {
		if _, err := crosswalk.ParseID(string(id)); err != nil {
			return nil, unknown("results", err)
		}
	}
	var list []controlRef
	for r := range crosswalk.All() {
		if slices.Contains(ids, r.ID) {
			list = append(list, controlRef{ControlID(r.ID)})
		}
	}
	if len(list) == 0 {
		return nil, refuse("results", "no provision was reviewed")
	}
	return list, nil
}

// PlanOfAction returns a plan as a plan-of-action-and-milestones.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B), 164.316(b)(1); NIST CSF 2.0 ID.RA-06.
func PlanOfAction(info Info, p Plan) (*Document, error) {
	if err := info.validate(true, true); err != nil {
		return nil, err
	}
	if len(p.Items) == 0 {
		return nil, refuse("plan", "no item, and OSCAL has no empty list")
	}
	w, err := info.writer(p.Record)
	if err != nil {
		return nil, err
	}
	d := &planOfAction{
		Metadata: info.metadata("Plan of action and milestones"),
		SystemID: systemID{line(orElse(p.System, info.Scope))}, Observations: w.observations, Risks: w.risks, Findings: w.findings,
	}
	seen := map[string]bool{}
	for _, item := range p.Items {
		if blank(item.ID) || seen[item.ID] {
			return nil, refuse("plan", "an item without an ID, or with one that stands twice")
		}
		seen[item.ID] = true
		out, err := w.item(item)
		if err != nil {
			return nil, err
		}
		d.Items = append(d.Items, out)
	}
	return finish(PlanOfActionFile, PlanOfActionModel, d, &d.UUID)
}

func (w *writer) item(p PlanItem) (planItem, error) {
	if blank(p.Title) || blank(p.Description) || blank(p.Owner) || p.Due.IsZero() {
		return planItem{}, refuse("plan", "an item lacks its title, description, owner or due date")
	}
	out := planItem{UUID: uuid("plan-item", w.Scope, p.ID), Title: line(p.Title), Description: clean(p.Description),
		Props: []property{own("item-id", p.ID), own("owner", p.Owner), own("due", stamp(p.Due))}}
	for _, id := range p.Findings {
		if !w.known["finding/"+id] {
			return planItem{}, refuse("plan", "an item names a finding that is not in the record")
		}
		out.Findings = append(out.Findings, findingRef{uuid("finding", w.Scope, id)})
	}
	var err error
	if out.Observations, err = w.observedRefs(p.Observations); err != nil {
		return planItem{}, err
	}
	out.Risks, err = w.riskRefs(p.Risks)
	return out, err
}

func orElse(s, other string) string {
	if blank(s) {
		return other
	}
	return s
}

// provision is the id of a finding's provision in the catalog.
func provision(id safeguard.Control) (string, error) {
	if _, err := crosswalk.ParseID(string(id)); err != nil {
		return "", unknown("finding", err)
	}
	return ControlID(id), nil
}
