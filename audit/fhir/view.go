package fhir

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A view is what all AuditEvents of one record share.
type view struct {
	shape    shape
	record   audit.Event
	access   audit.Access
	tenant   string
	outcome  string
	desc     string
	observer Reference
	agents   []Agent
	purpose  []CodeableConcept
}

func (p *Projector) view(ctx context.Context, e audit.Event, a audit.Access, ended *audit.Ended) *view {
	v := &view{shape: shapeOf(e.Type, a), record: e, access: a, observer: p.observer(e)}
	if a.Principal != nil {
		v.tenant = a.Principal.Tenant
	}
	v.outcome, v.desc = outcome(e.Type, a, ended)
	v.purpose = purposes(a)
	v.agents = p.agents(ctx, v)
	return v
}

// observer returns who recorded.
func (p *Projector) observer(e audit.Event) Reference {
	if p.opts.Observer != (Reference{}) {
		return p.opts.Observer
	}
	return Reference{Identifier: &Identifier{System: "urn:ietf:rfc:3986", Value: e.Source}}
}

// event returns the AuditEvent at a position, about a patient or nobody.
func (v *view) event(position int, patient *Reference) AuditEvent {
	s := v.shape
	happened := instant(v.record.Time)
	recorded := v.record.RecordedTime
	if recorded.IsZero() {
		recorded = v.record.Time
	}
	out := AuditEvent{
		ResourceType: "AuditEvent", ID: identify(v.record, position), Type: s.kind, Subtype: s.subtype, Action: s.action,
		Period: &Period{Start: happened, End: happened}, Recorded: instant(recorded),
		Outcome: v.outcome, OutcomeDesc: v.desc, PurposeOfEvent: v.purpose, Agent: v.agents,
		Source: Source{Site: v.record.Source, Observer: v.observer, Type: []Coding{{sourceType, "4", "Application Server"}}},
		Entity: v.entities(patient),
	}
	profile := s.plain
	if patient != nil {
		profile = s.patient
	}
	if profile != "" && v.outcome == "0" {
		out.Meta = &Meta{Profile: []string{profile}}
	}
	return out
}

// outcome returns the code of how it went and codes that say why.
func outcome(kind string, a audit.Access, ended *audit.Ended) (code, desc string) {
	switch {
	case kind == audit.TypeDenied && len(a.Denied) > 0:
		return "4", "denied: " + strings.Join(a.Denied, ", ")
	case a.Decision != nil && !a.Decision.Allowed:
		return "4", strings.TrimSuffix("denied: "+a.Decision.Code, ": ")
	case kind == audit.TypeDenied:
		return "4", "denied"
	case ended == nil:
		return "0", ""
	case ended.Outcome != audit.Completed:
		return "8", failed(ended.Outcome)
	case ended.Status >= 500:
		return "8", "status " + strconv.Itoa(ended.Status)
	case ended.Status >= 400:
		return "4", "status " + strconv.Itoa(ended.Status)
	}
	return "0", ""
}

// failed returns the code of an end that is no success.
func failed(o audit.Outcome) string {
	switch o {
	case audit.Refused, audit.Aborted, audit.Panicked:
		return string(o)
	}
	return "unknown"
}

// purposes returns why it was done, and that it was an emergency override if
// the purpose does not say so.
func purposes(a audit.Access) []CodeableConcept {
	var out []CodeableConcept
	if a.Purpose.Valid() {
		out = append(out, *one(Coding{System: actReason, Code: string(a.Purpose)}))
	}
	if a.BreakGlass && a.Purpose != safeguard.BreakGlass && a.Purpose != safeguard.EmergencyTreatment {
		out = append(out, *one(Coding{System: actReason, Code: string(safeguard.BreakGlass)}))
	}
	return out
}

// identify returns a UUID of version 8 (RFC 9562) that follows from the source
// and id of the record, which are unique together, and the position.
func identify(e audit.Event, position int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "safeguard audit/fhir v1\n%d %s\n%d %s\n%d", len(e.Source), e.Source, len(e.ID), e.ID, position))
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
