package evidence

import (
	"slices"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard"
)

// A Filler says who can fill a schema. The zero value is nobody.
//
// Controls: HIPAA 164.316(b)(1).
type Filler uint8

// FromRecords are filled by [Collect] from the records of the service's log,
// FromObservations from what its components report of themselves,
// FromComponent by a component that hands over a [Table], and FromPerson by
// somebody of the organisation.
//
// Controls: HIPAA 164.316(b)(1).
const (
	FromRecords Filler = iota + 1
	FromObservations
	FromComponent
	FromPerson
)

// String returns "records", "observations", "component", "person" or
// "unknown".
func (f Filler) String() string {
	switch f {
	case FromRecords:
		return "records"
	case FromObservations:
		return "observations"
	case FromComponent:
		return "component"
	case FromPerson:
		return "person"
	}
	return "unknown"
}

// A Schema fixes what a table of a pack holds, so that whoever fills it and
// whoever reads it mean the same. The zero value is no schema.
//
// Controls: HIPAA 164.316(b)(1).
type Schema struct {
	// Name is for instance "access.terminations".
	Name string
	// Title says what the rows are.
	Title string
	// Filler says who can fill it.
	Filler Filler
	// Columns are the headings. Every row has as many cells.
	Columns []string

	// Component and Control select the observations that fill it, for
	// FromObservations: the import path below this module, and a provision
	// that the observation names, any if empty.
	Component string
	Control   safeguard.Control
	// Limits say what such a table never shows.
	Limits string
}

// Schemas returns every schema in the order of names. The slice belongs to
// the caller.
//
// Controls: HIPAA 164.316(b)(1).
func Schemas() []Schema {
	out := slices.Clone(schemas())
	for i := range out {
		out[i].Columns = slices.Clone(out[i].Columns)
	}
	return out
}

var schemas = sync.OnceValue(func() []Schema {
	all := slices.Concat(recordSchemas(), observationSchemas(), componentSchemas(), personSchemas())
	slices.SortFunc(all, func(a, b Schema) int { return strings.Compare(a.Name, b.Name) })
	return all
})

// GetSchema returns the schema with the given name, and false if there is
// none.
//
// Controls: HIPAA 164.316(b)(1).
func GetSchema(name string) (Schema, bool) {
	i, ok := slices.BinarySearchFunc(schemas(), name, func(s Schema, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return Schema{}, false
	}
	s := schemas()[i]
	s.Columns = slices.Clone(s.Columns)
	return s, true
}

func columns(names string) []string { return strings.Split(names, "|") }

func recordSchemas() []Schema {
	fill := func(name, title, cols, limits string) Schema {
		return Schema{Name: name, Title: title, Filler: FromRecords, Columns: columns(cols), Limits: limits}
	}
	return []Schema{
		fill("access.authentication", "How those who acted were authenticated", "Method|Kind|Principals|Requests",
			"It shows the method that the service named, not how well it proves an identity."),
		fill("access.decisions", "Access decisions and refusals by policy and code", "Policy|Effect|Code|Times|First|Last",
			"It shows what was decided on routes that the service wraps."),
		fill("access.emergency", "Requests under an emergency purpose of use", "Record|Time|Principal|Purpose|Route|Effect|Code",
			"It shows purposes that were declared; an emergency without such a purpose is not among them."),
		fill("access.newcomers", "Principals whose first record in the log falls in the period", "Principal|Kind|Tenant|First",
			"It shows first use, not who granted access, nor who was hired."),
		fill("access.services", "Programs that acted under an identity of their own", "Principal|Tenant|First|Last|Requests|Refusals",
			"It shows accounts that acted, not those that exist."),
		fill("audit.integrity", "The signed tree over the log, recomputed from its records", "Log|Records covered|Root (SHA-256)|Checked against|Repairs recorded",
			"It shows that the records are those that were signed, not that they are true, and nothing of data outside the log."),
		fill("audit.kept", "How far back the log reaches", "Log|First record|Last record|Records|Days",
			"Six years are asked of required documentation (164.316(b)(2)(i)); the rule names no time for a log."),
		fill("audit.principals", "Unique identities that acted", "Principal|Kind|Tenant|First|Last|Requests|Refusals",
			"It shows identities that acted, not how they were assigned, nor that nobody shares one."),
		fill("audit.records", "Records of the log by type", "Type|Records|First|Last",
			"It shows that activity was recorded, not that anybody examined it."),
		fill("audit.routes", "Recorded requests by route and outcome", "Method|Route|Requests|Refusals|Completed|Refused|Aborted|Panicked|No end",
			"It shows routes that the service wraps and that were used in the period."),
		fill("audit.unauthenticated", "Requests of nobody, by the code of their refusal", "Code|Requests|First|Last",
			"It shows attempts at this service; those at a sign-in elsewhere are not among them."),
		fill("crypto.opened", "Sealed columns that were opened", "Column|Times|First|Last",
			"It shows which sealed columns were opened, not that no other column holds ePHI."),
		fill("session.expirations", "Requests refused because the session had ended by its limits", "Record|Time|Principal|Session|Route|Code",
			"A session that nobody used again ended all the same and left no such record."),
	}
}

func observationSchemas() []Schema {
	fill := func(name, title, component string, control safeguard.Control) Schema {
		return Schema{
			Name: name, Title: title, Filler: FromObservations, Component: component, Control: control,
			Columns: columns("Component|Statement|Kind|Name|Value"),
			Limits:  "Self-reported by the running service; not an attestation.",
		}
	}
	return []Schema{
		fill("access.policy", "Policy in force", "access", safeguard.AccessAuthorization),
		fill("access.routes", "Routes and their exceptions", "access", safeguard.MinimumNecessary),
		fill("audit.ledger", "Durability and signatures of the log", "audit/ledger", ""),
		fill("audit.settings", "How requests are recorded", "audit", safeguard.AuditControls),
		fill("crypto.keys", "Keys and where they lie", "crypto/keyset", safeguard.EncryptionAndDecryption),
		fill("crypto.settings", "How values are sealed", "crypto", safeguard.EncryptionAndDecryption),
		fill("session.settings", "Limits of sessions", "session", safeguard.AutomaticLogoff),
		fill("tls.settings", "What connections are accepted and made", "crypto/tlsconf", safeguard.TransmissionSecurity),
	}
}

func componentSchemas() []Schema {
	fill := func(name, title, cols string) Schema {
		return Schema{Name: name, Title: title, Filler: FromComponent, Columns: columns(cols)}
	}
	return []Schema{
		fill("access.accounts", "Privileged, default, shared, service and emergency accounts", "Account|Class|Roles|Approved by|Approved|Last used"),
		fill("access.emergency.reviews", "Reviews of emergency access", "Record|Opened|Reason|Reviewer|Reviewed|Finding"),
		fill("access.emergency.roster", "Who may initiate emergency access", "Principal|Approved by|From|Until"),
		fill("access.grants", "Grants of access", "Principal|Role|Granted by|Approved by|Request|From|Until"),
		fill("access.matrix", "Roles and what each may see", "Role|Resource|Action|Purposes|Relationship|Fields"),
		fill("access.recertifications", "Reviews of rights of access", "Campaign|Principal|Role|Decision|Reviewer|Decided"),
		fill("access.terminations", "Terminations and transfers", "Principal|Event|Told|Denied from|Seconds to deny|Told by|Approved by"),
		fill("audit.alerts", "Alerts on recorded activity", "Alert|Rule|Raised|Handled by|Handled|Finding"),
		fill("audit.drills", "Drills that restored the log", "Drill|Date|Records|Root expected|Root restored|Equal|Done by|Certified by"),
		fill("audit.reviews", "Reviews of recorded activity", "From record|To record|Items|Flagged|Reviewer|Signed|Finding"),
		fill("breach.incidents", "Incidents and what came of them", "Incident|Discovered|What happened|Assessment|Conclusion|Mitigation|Notified|Closed"),
		fill("crypto.drills", "Drills that restored data and keys", "Drill|Date|What|Hash expected|Hash restored|Equal|Done by|Certified by"),
		fill("crypto.fields", "Fields that hold ePHI and whether they are sealed", "Type|Field|Class|Sealed|Table|Column"),
		fill("egress.vendors", "Recipients of ePHI and their agreements", "Recipient|Purpose|Agreement|Agreed|Until|Last sent"),
		fill("gap.assessment", "Evaluation of the safeguards", "Provision|Maturity|Gap|Risk|Owner|Due|Plan"),
		fill("gap.decisions", "Decisions on addressable specifications", "Provision|Decision|Rationale|Equivalent measure|Approver|Decided|In effect from|Last in effect|Review due"),
		fill("phi.inventory", "Where the program's types hold PHI", "Type|Field|Kind|Class"),
		fill("risk.assets", "Systems that hold ePHI", "Asset|ePHI|Criticality|Owner|Reviewed"),
		fill("risk.measures", "Measures against assessed risks", "Risk|Measure|Status|Owner|Due|Done"),
		fill("risk.previous", "Preceding risk analyses and what changed", "Assessment|Made|Approved by|Change since"),
		fill("risk.register", "Assessed risks", "Risk|Asset|Threat|Vulnerability|Likelihood|Impact|Inherent|Current|Residual|Owner"),
		fill("tls.peers", "Connections by peer, version and suite", "Peer|Direction|Version|Suite|Connections|First|Last"),
	}
}

func personSchemas() []Schema {
	fill := func(name, title, cols string) Schema {
		return Schema{Name: name, Title: title, Filler: FromPerson, Columns: columns(cols)}
	}
	return []Schema{
		fill("ba.registry", "Business associates and their contracts", "Associate|Service|ePHI|Contract|Signed|Safeguards clause|Subcontractor clause|Incident clause|Reviewed"),
		fill("contingency.tests", "Tests of the contingency plan", "Date|Test|Participants|Result|Corrective action|Certified by"),
		fill("facility.access", "Who may enter where ePHI systems stand", "Person|Area|Approved by|Reviewed|Until"),
		fill("facility.maintenance", "Repairs and changes of physical security", "Date|Component|Change|Done by|Reviewed by"),
		fill("facility.visits", "Visitors", "Date|Visitor|Area|Escorted by|Left"),
		fill("media.disposals", "Disposal, sanitization and reuse of media", "Date|Item|Method|Verified by|Use afterwards"),
		fill("media.movements", "Movements of hardware and media", "Date|Item|From|To|Person|Approved by|Backup made"),
		fill(adoptedSchema, "Policies that were adopted", "Policy|Title|Approver|Approved|In effect from|Last in effect|Keep until|Text adopted (SHA-256)"),
		fill("workforce.reminders", "Security reminders", "Date|Subject|Audience|Sent by"),
		fill("workforce.sanctions", "Sanctions", "Case|Date|Violation|Sanction|Decided by|Outcome"),
		fill("workforce.training", "Training", "Member|Role|Topic|Due|Completed"),
		fill("workstations", "Workstations", "Location|Type|Class|Permitted use|ePHI|Updated"),
	}
}
