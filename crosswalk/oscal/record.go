package oscal

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// writer turns a Record into the parts of a document.
type writer struct {
	*Info
	known        map[string]bool
	observations []observation
	risks        []risk
	findings     []finding
}

func unknown(what string, err error) error {
	return fmt.Errorf("oscal: %s: %w: %w", what, ErrInput, err)
}

func (i *Info) writer(r Record) (*writer, error) {
	w := &writer{Info: i, known: map[string]bool{}}
	for _, o := range r.Observations {
		if err := w.observation(o); err != nil {
			return nil, err
		}
	}
	for _, x := range r.Risks {
		if err := w.risk(x); err != nil {
			return nil, err
		}
	}
	for _, f := range r.Findings {
		if err := w.finding(f); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// enter notes an ID and refuses an empty or a repeated one.
func (w *writer) enter(kind, id string) error {
	if blank(id) {
		return refuse(kind, "no ID")
	}
	if w.known[kind+"/"+id] {
		return refuse(kind, "an ID stands twice")
	}
	w.known[kind+"/"+id] = true
	return nil
}

func (w *writer) observation(o Observation) error {
	if err := w.enter("observation", o.ID); err != nil {
		return err
	}
	if blank(o.Description) || len(o.Methods) == 0 || o.Collected.IsZero() {
		return refuse("observation", "lacks its description, method or time")
	}
	out := observation{UUID: uuid("observation", w.Scope, o.ID), Title: line(o.Title), Description: clean(o.Description),
		Collected: stamp(o.Collected), Expires: stamp(o.Expires)}
	for _, m := range o.Methods {
		if !slices.Contains([]Method{Examine, Interview, Test, UnknownMethod}, m) {
			return refuse("observation", "not a method of OSCAL")
		}
		out.Methods = append(out.Methods, string(m))
	}
	for _, e := range o.Evidence {
		if blank(e.Description) {
			return refuse("observation", "evidence without a description")
		}
		item := relevantEvidence{Href: e.Href, Description: clean(e.Description)}
		if e.SHA256 != "" {
			item.Props = []property{own("sha256", e.SHA256)}
		}
		out.Evidence = append(out.Evidence, item)
	}
	w.observations = append(w.observations, out)
	return nil
}

func (w *writer) risk(r Risk) error {
	if err := w.enter("risk", r.ID); err != nil {
		return err
	}
	r.Status, r.Statement = RiskStatus(orElse(string(r.Status), string(RiskOpen))), orElse(r.Statement, r.Description)
	if blank(r.Title) || blank(r.Description) {
		return refuse("risk", "lacks its title or description")
	}
	if !slices.Contains(riskStatuses(), r.Status) {
		return refuse("risk", "not a status of OSCAL")
	}
	out := risk{UUID: uuid("risk", w.Scope, r.ID), Title: line(r.Title), Description: clean(r.Description), Statement: clean(r.Statement),
		Props: []property{own("risk-id", r.ID)}, Status: string(r.Status), Deadline: stamp(r.Deadline), Characterizations: w.characterize(r)}
	for n, m := range r.Remediations {
		rem, err := w.remediation(r.ID, n, m)
		if err != nil {
			return err
		}
		out.Remediations = append(out.Remediations, rem)
	}
	var err error
	if out.Observations, err = w.observedRefs(r.Observations); err != nil {
		return err
	}
	w.risks = append(w.risks, out)
	return nil
}

func riskStatuses() []RiskStatus {
	return []RiskStatus{RiskOpen, RiskInvestigating, RiskRemediating, RiskDeviationRequested, RiskDeviationApproved, RiskClosed}
}

func (w *writer) characterize(r Risk) []characterization {
	var facets []facet
	for _, f := range []facet{{"likelihood", Namespace, line(r.Likelihood)}, {"impact", Namespace, line(r.Impact)}, {"risk", Namespace, line(r.Level)}} {
		if f.Value != "" {
			facets = append(facets, f)
		}
	}
	if len(facets) == 0 {
		return nil
	}
	return []characterization{{Origin: origin{[]actor{{"party", w.authorID()}}}, Facets: facets}}
}

func (w *writer) remediation(riskID string, n int, m Remediation) (remediation, error) {
	m.Lifecycle = Lifecycle(orElse(string(m.Lifecycle), string(PlannedWork)))
	if blank(m.Title) || blank(m.Description) {
		return remediation{}, refuse("remediation", "lacks its title or description")
	}
	if !slices.Contains([]Lifecycle{Recommendation, PlannedWork, Completed}, m.Lifecycle) {
		return remediation{}, refuse("remediation", "not a lifecycle of OSCAL")
	}
	out := remediation{UUID: uuid("remediation", w.Scope, riskID, fmt.Sprint(n)), Lifecycle: string(m.Lifecycle), Title: line(m.Title), Description: clean(m.Description)}
	if !blank(m.Owner) {
		out.Props = []property{own("owner", m.Owner)}
	}
	for k, s := range m.Milestones {
		if blank(s.Title) || s.Due.IsZero() {
			return remediation{}, refuse("remediation", "a milestone lacks its title or date")
		}
		out.Tasks = append(out.Tasks, task{UUID: uuid("milestone", w.Scope, riskID, fmt.Sprint(n), fmt.Sprint(k)), Type: "milestone",
			Title: line(s.Title), Timing: &timing{onDate{stamp(s.Due)}}})
	}
	return out, nil
}

func (w *writer) finding(f Finding) error {
	f.ID = orElse(f.ID, string(f.Control))
	if err := w.enter("finding", f.ID); err != nil {
		return err
	}
	id, err := provision(f.Control)
	if err != nil {
		return err
	}
	if blank(f.Description) {
		return refuse("finding", "no description")
	}
	if err := f.validStatus(); err != nil {
		return err
	}
	r, _ := crosswalk.Get(f.Control)
	out := finding{UUID: uuid("finding", w.Scope, f.ID), Title: line(string(f.Control) + " " + r.Title), Description: clean(f.Description),
		Target: findingTarget{Type: "objective-id", TargetID: id + objectiveSuffix, Status: targetState{"not-satisfied", "fail"}}}
	if f.Satisfied {
		out.Target.Status = targetState{"satisfied", "pass"}
	}
	if f.Status != "" {
		out.Target.Implementation = &state{string(f.Status), clean(f.StatusRemarks)}
	}
	if out.Observations, err = w.observedRefs(f.Observations); err != nil {
		return err
	}
	if out.Risks, err = w.riskRefs(f.Risks); err != nil {
		return err
	}
	w.findings = append(w.findings, out)
	return nil
}

// validStatus holds that an alternative and a measure that is not applied need
// their reasons, and that only an addressable specification can have them.
func (f *Finding) validStatus() error {
	if !slices.Contains([]Status{"", Implemented, Partial, Planned, Alternative, NotApplicable}, f.Status) {
		return refuse("finding", "not a state of implementation of OSCAL")
	}
	if f.Satisfied && (f.Status == Partial || f.Status == Planned) {
		return refuse("finding", "satisfied, and yet only partial or planned")
	}
	if f.Status != Alternative && f.Status != NotApplicable {
		return nil
	}
	if blank(f.StatusRemarks) {
		return refuse("finding", "an alternative, or a measure that is not applied, without its reasons")
	}
	if r, _ := crosswalk.Get(f.Control); f.Status == Alternative && r.Designation != crosswalk.Addressable {
		return refuse("finding", "only an addressable specification has an alternative (164.306(d)(3))")
	}
	return nil
}

func (w *writer) observedRefs(ids []string) ([]observedRef, error) {
	var refs []observedRef
	for _, id := range ids {
		if !w.known["observation/"+id] {
			return nil, refuse("record", "an observation is named that is not in it")
		}
		refs = append(refs, observedRef{uuid("observation", w.Scope, id)})
	}
	return refs, nil
}

func (w *writer) riskRefs(ids []string) ([]riskRef, error) {
	var refs []riskRef
	for _, id := range ids {
		if !w.known["risk/"+id] {
			return nil, refuse("record", "a risk is named that is not in it")
		}
		refs = append(refs, riskRef{uuid("risk", w.Scope, id)})
	}
	return refs, nil
}
