package fhir

// An AuditEvent is a FHIR R4 AuditEvent, as far as this package fills it. It is
// a plain value; encoding/json writes its members in the order of the
// specification. The zero value is not a valid resource.
// Source: FHIR R4 (4.0.1), AuditEvent.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type AuditEvent struct {
	// ResourceType is "AuditEvent", and ID a UUID that follows from the record.
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	// Meta names the profile; nil if none is claimed.
	Meta    *Meta    `json:"meta,omitempty"`
	Type    Coding   `json:"type"`
	Subtype []Coding `json:"subtype,omitempty"`
	// Action is C, R, U, D or E.
	Action string `json:"action,omitempty"`
	// Period is when it happened, Recorded when the log took it.
	Period   *Period `json:"period,omitempty"`
	Recorded string  `json:"recorded"`
	// Outcome is "0" for success, "4" for a refusal and "8" for a failure;
	// OutcomeDesc has codes that say more.
	Outcome        string            `json:"outcome,omitempty"`
	OutcomeDesc    string            `json:"outcomeDesc,omitempty"`
	PurposeOfEvent []CodeableConcept `json:"purposeOfEvent,omitempty"`
	Agent          []Agent           `json:"agent"`
	Source         Source            `json:"source"`
	Entity         []Entity          `json:"entity,omitempty"`
}

// Meta is the metadata of a resource.
//
// Controls: none, it is a part of a format.
type Meta struct {
	Profile []string `json:"profile,omitempty"`
}

// A Coding is a code of a code system.
//
// Controls: none, it is a part of a format.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// A CodeableConcept is a concept by its codes.
//
// Controls: none, it is a part of a format.
type CodeableConcept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// A Period is a time between two instants.
//
// Controls: none, it is a part of a format.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// An Identifier is a value that is unique in its system.
//
// Controls: none, it is a part of a format.
type Identifier struct {
	System   string     `json:"system,omitempty"`
	Value    string     `json:"value,omitempty"`
	Assigner *Reference `json:"assigner,omitempty"`
}

// A Reference points to a resource, by address or by identifier.
//
// Controls: none, it is a part of a format.
type Reference struct {
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *Identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

// An Agent took part in the event.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Agent struct {
	Type         *CodeableConcept  `json:"type,omitempty"`
	Who          *Reference        `json:"who,omitempty"`
	Requestor    bool              `json:"requestor"`
	Network      *Network          `json:"network,omitempty"`
	PurposeOfUse []CodeableConcept `json:"purposeOfUse,omitempty"`
}

// A Network is where an agent was reached. Type is "1" machine name, "2" IP
// address, "3" telephone, "4" e-mail or "5" URI.
//
// Controls: none, it is a part of a format.
type Network struct {
	Extension []Extension `json:"extension,omitempty"`
	Address   string      `json:"address,omitempty"`
	Type      string      `json:"type,omitempty"`
}

// An Extension is one whose value is a code.
//
// Controls: none, it is a part of a format.
type Extension struct {
	URL       string `json:"url"`
	ValueCode string `json:"valueCode,omitempty"`
}

// A Source is who recorded the event.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Source struct {
	Site     string    `json:"site,omitempty"`
	Observer Reference `json:"observer"`
	Type     []Coding  `json:"type,omitempty"`
}

// An Entity is what the event was about. Query is base64 of the pattern of a
// route, never of a query string.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Entity struct {
	What   *Reference `json:"what,omitempty"`
	Type   *Coding    `json:"type,omitempty"`
	Role   *Coding    `json:"role,omitempty"`
	Query  []byte     `json:"query,omitempty"`
	Detail []Detail   `json:"detail,omitempty"`
}

// A Detail is a property of an Entity.
//
// Controls: none, it is a part of a format.
type Detail struct {
	Type        string `json:"type"`
	ValueString string `json:"valueString"`
}
