package fhir

// The systems of identifiers that come from records: tokens of patients, tokens
// of network addresses, ids of principals and ids of the organisation's
// register of recipients.
//
// Controls: none, names of a format.
const (
	PatientTokens = "urn:safeguard:token:patient"
	SourceTokens  = "urn:safeguard:token:source"
	Principals    = "urn:safeguard:principal"
	Recipients    = "urn:safeguard:recipient"
)

// The profiles of BALP 1.1.4 that this package claims.
//
// Controls: none, names of a format.
const (
	ProfileCreate        = profiles + "Create"
	ProfilePatientCreate = profiles + "PatientCreate"
	ProfileRead          = profiles + "Read"
	ProfilePatientRead   = profiles + "PatientRead"
	ProfileUpdate        = profiles + "Update"
	ProfilePatientUpdate = profiles + "PatientUpdate"
	ProfileDelete        = profiles + "Delete"
	ProfilePatientDelete = profiles + "PatientDelete"
	ProfileQuery         = profiles + "Query"
	ProfilePatientQuery  = profiles + "PatientQuery"

	ProfileDisclosureSource    = profiles + "PrivacyDisclosure.Source"
	ProfileDisclosureRecipient = profiles + "PrivacyDisclosure.Recipient"
)

const (
	profiles = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
	terms    = "http://terminology.hl7.org/CodeSystem/"

	dcm         = "http://dicom.nema.org/resources/ontology/DCM"
	eventType   = terms + "audit-event-type"
	entityType  = terms + "audit-entity-type"
	objectRole  = terms + "object-role"
	actReason   = terms + "v3-ActReason"
	partType    = terms + "v3-ParticipationType"
	provenance  = terms + "provenance-participant-type"
	lifecycle   = terms + "iso-21089-lifecycle"
	sourceType  = terms + "security-source-type"
	interaction = "http://hl7.org/fhir/restful-interaction"
	balpEntity  = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
	absent      = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
)

// rest returns the type of every event but disclosures, exports and imports.
func rest() Coding { return Coding{eventType, "rest", "Restful Operation"} }

func exported() Coding { return Coding{dcm, "110106", "Export"} }
func imported() Coding { return Coding{dcm, "110107", "Import"} }
func disclosed() Coding {
	return Coding{lifecycle, "disclose", "Disclose Record Lifecycle Event"}
}

func sender() Coding      { return Coding{dcm, "110153", "Source Role ID"} }
func receiver() Coding    { return Coding{dcm, "110152", "Destination Role ID"} }
func application() Coding { return Coding{dcm, "110150", "Application"} }
func custodian() Coding   { return Coding{provenance, "custodian", "Custodian"} }
func author() Coding      { return Coding{partType, "AUT", "author (originator)"} }
func informed() Coding    { return Coding{partType, "IRCP", "information recipient"} }

// one returns a concept of one code.
func one(c Coding) *CodeableConcept { return &CodeableConcept{Coding: []Coding{c}} }
