package fhir

import (
	"context"
	"encoding/json"
	"regexp"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// The systems of the ids of break-glass grants, and of what happens to them
// that DICOM has no code for: "emergency-override-reviewed".
//
// Controls: none, names of a format.
const (
	Overrides = "urn:safeguard:break-glass"
	Events    = "urn:safeguard:event"
)

// An override is the data of a notice about broken glass, as far as it is
// shown.
type override struct {
	Principal *audit.Actor `json:"principal"`
	Patients  []string     `json:"patients"`
	Change    struct {
		Glass   string `json:"glass"`
		Reason  string `json:"reason"`
		Verdict string `json:"verdict"`
	} `json:"change"`
}

// ofOverride returns what DICOM calls a notice about broken glass; false for a
// record of another type.
func ofOverride(kind string) (Coding, bool) {
	switch kind {
	case audit.TypeBreakGlassInvoked:
		return Coding{dcm, "110127", "Emergency Override Started"}, true
	case audit.TypeBreakGlassEnded:
		return Coding{dcm, "110138", "Emergency Override Stopped"}, true
	case audit.TypeBreakGlassReviewed:
		return Coding{Events, "emergency-override-reviewed", "Emergency Override Reviewed"}, true
	}
	return Coding{}, false
}

// override returns the AuditEvents of a notice about broken glass: security
// alerts, which claim no profile, one for each patient.
func (p *Projector) override(ctx context.Context, e audit.Event, what Coding) ([]AuditEvent, error) {
	var o override
	if json.Unmarshal(e.Data, &o) != nil || len(o.Patients) > maxPatients {
		return nil, ErrRecord
	}
	a := audit.Access{Principal: o.Principal, Purpose: safeguard.Purpose(e.PurposeOfUse)}
	if !clean(&a) {
		return nil, ErrRecord
	}
	s := shape{kind: Coding{dcm, "110113", "Security Alert"}, subtype: []Coding{what}, action: "E",
		client: sender(), server: application(), user: author()}
	v := &view{shape: s, record: e, access: a, outcome: "0", observer: p.observer(e), purpose: purposes(a)}
	if a.Principal != nil {
		v.tenant = a.Principal.Tenant
	}
	v.agents = p.agents(ctx, v)
	if v.agents[0].Who.Display != "" { // no machine is known, the notice is of a person or of the system
		v.agents = v.agents[1:]
		v.agents[0].Requestor = len(v.agents) == 1
	}
	grant := o.entity(e)
	if len(o.Patients) == 0 {
		return []AuditEvent{v.about(0, nil, grant)}, nil
	}
	out := make([]AuditEvent, 0, len(o.Patients))
	for i, token := range o.Patients {
		who, err := p.patient(ctx, v.tenant, token)
		if err != nil {
			return nil, err
		}
		out = append(out, v.about(i, who, grant))
	}
	return out, nil
}

// about returns an AuditEvent about a grant and, if it is known, its patient.
func (v *view) about(position int, patient *Reference, grant Entity) AuditEvent {
	out := v.event(position, patient)
	out.Entity = []Entity{grant}
	if patient != nil {
		out.Entity = append(out.Entity, person(patient))
	}
	return out
}

// wordForm is what a code and the id of a grant look like. What somebody wrote
// does not, and may be PHI.
var wordForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// entity returns the grant, with the codes of its reason and of the verdict.
func (o *override) entity(e audit.Event) Entity {
	id := o.Change.Glass
	if !wordForm.MatchString(id) {
		id = e.ID
	}
	out := Entity{What: &Reference{Identifier: &Identifier{System: Overrides, Value: id}}, Type: &Coding{entityType, "2", "System Object"}}
	if e.Type == audit.TypeBreakGlassInvoked && wordForm.MatchString(o.Change.Reason) {
		out.Detail = add(out.Detail, "reason", o.Change.Reason)
	}
	if wordForm.MatchString(o.Change.Verdict) {
		out.Detail = add(out.Detail, "verdict", o.Change.Verdict)
	}
	return out
}
