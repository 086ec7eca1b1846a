package deid

// fhirMaps says, for each resource and data type of FHIR R4 that is mapped,
// what happens to each of its elements. What is not listed is removed. One
// line a type; "name{ ... }" is a backbone element. The rules:
//
//	id ref fullurl requrl     replaced by random codes
//	bool num ordinal          kept if a truth value, a plain measurement, at most 9999
//	code lang mime currency   kept if a word of a closed list
//	profile                   kept without its version, if one of HL7's
//	coding concept            kept if of a public code system
//	quantity age unit ucum    kept, ages over 89 aggregated
//	date birth date.death     the year, unless it tells an age over 89
//	address state zip country state, country and first three ZIP digits
//	identifier telecom        removed, under the paragraph of their sort
//	provider proname          removed, or by policy kept
//	ext subext exturl exttext sex  followed for the extensions listed below
//	contained resource        followed
//	-kind                     removed as that kind
//	Capitalised               the data type of that name
const fhirMaps = `
Quantity value:num comparator:code unit:unit system:ucum code:unit
Period start:date end:date
Range low:quantity high:quantity
AgeRange low:age high:age
Ratio numerator:quantity denominator:quantity
Money value:num currency:currency
Address use:code type:code text:-street line:-street city:-city district:-county state:state postalCode:zip country:country period:Period
Meta profile:profile security:coding tag:coding lastUpdated:-date versionId:-other source:-url
Reference reference:literal type:restype identifier:identifier display:-name
Timing event:date repeat{ boundsDuration:quantity boundsRange:Range boundsPeriod:Period count:ordinal countMax:ordinal duration:num durationMax:num durationUnit:unit frequency:ordinal frequencyMax:ordinal period:num periodMax:num periodUnit:unit } code:concept
Dosage sequence:ordinal text:-text additionalInstruction:concept patientInstruction:-text timing:Timing asNeededBoolean:bool asNeededCodeableConcept:concept site:concept route:concept method:concept doseAndRate{ type:concept doseRange:Range doseQuantity:quantity rateRatio:Ratio rateRange:Range rateQuantity:quantity } maxDosePerPeriod:Ratio maxDosePerAdministration:quantity maxDosePerLifetime:quantity
HumanName use:code text:proname family:proname given:proname prefix:proname suffix:proname period:Period
Extension url:exturl extension:subext valueCode:sex valueCoding:coding valueString:exttext
Attachment contentType:mime language:lang data:-text url:-url size:num hash:-other title:-text creation:date

Bundle type:code total:num timestamp:-date link:-url signature:-other entry{ link:-url fullUrl:fullurl resource:resource search{ mode:code score:num } request{ method:code url:requrl ifNoneMatch:-other ifModifiedSince:-date ifMatch:-other ifNoneExist:-other } response:-other }
Patient active:bool name:-name telecom:telecom gender:code birthDate:birth deceasedBoolean:bool deceasedDateTime:date.death address:address maritalStatus:concept multipleBirthBoolean:bool multipleBirthInteger:ordinal photo:-photo contact{ relationship:concept name:-name telecom:telecom address:address gender:code organization:ref period:Period } communication{ language:concept preferred:bool } generalPractitioner:ref managingOrganization:ref link{ other:ref type:code }
RelatedPerson active:bool patient:ref relationship:concept name:-name telecom:telecom gender:code birthDate:birth address:address photo:-photo period:Period communication{ language:concept preferred:bool }
Practitioner active:bool name:provider telecom:telecom address:address gender:code birthDate:birth photo:-photo qualification{ identifier:identifier code:concept period:Period issuer:ref } communication:concept
PractitionerRole active:bool period:Period practitioner:ref organization:ref code:concept specialty:concept location:ref healthcareService:ref telecom:telecom availabilityExceptions:-text endpoint:ref
Organization active:bool type:concept name:provider alias:-name telecom:telecom address:address partOf:ref contact:-name endpoint:ref
Location status:code operationalStatus:coding name:provider alias:-name description:-text mode:code type:concept telecom:telecom address:address physicalType:concept position:-geo managingOrganization:ref partOf:ref endpoint:ref
Observation basedOn:ref partOf:ref status:code category:concept code:concept subject:ref focus:ref encounter:ref effectiveDateTime:date effectivePeriod:Period effectiveTiming:Timing effectiveInstant:-date issued:-date performer:ref valueQuantity:quantity valueCodeableConcept:concept valueString:-text valueBoolean:bool valueInteger:num valueRange:Range valueRatio:Ratio valueTime:-date valueDateTime:date valuePeriod:Period dataAbsentReason:concept interpretation:concept note:-text bodySite:concept method:concept specimen:ref device:ref referenceRange{ low:quantity high:quantity type:concept appliesTo:concept age:Range text:-text } hasMember:ref derivedFrom:ref component{ code:concept valueQuantity:quantity valueCodeableConcept:concept valueString:-text valueBoolean:bool valueInteger:num valueRange:Range valueRatio:Ratio valueTime:-date valueDateTime:date valuePeriod:Period dataAbsentReason:concept interpretation:concept referenceRange{ low:quantity high:quantity type:concept appliesTo:concept age:Range text:-text } }
Encounter status:code statusHistory{ status:code period:Period } class:coding classHistory{ class:coding period:Period } type:concept serviceType:concept priority:concept subject:ref episodeOfCare:ref basedOn:ref participant{ type:concept period:Period individual:ref } appointment:ref period:Period length:quantity reasonCode:concept reasonReference:ref diagnosis{ condition:ref use:concept rank:ordinal } account:ref hospitalization{ preAdmissionIdentifier:identifier origin:ref admitSource:concept reAdmission:concept dietPreference:concept specialCourtesy:concept specialArrangement:concept destination:ref dischargeDisposition:concept } location{ location:ref status:code physicalType:concept period:Period } serviceProvider:ref partOf:ref
Condition clinicalStatus:concept verificationStatus:concept category:concept severity:concept code:concept bodySite:concept subject:ref encounter:ref onsetDateTime:date onsetAge:age onsetPeriod:Period onsetRange:AgeRange onsetString:-text abatementDateTime:date abatementAge:age abatementPeriod:Period abatementRange:AgeRange abatementString:-text recordedDate:date recorder:ref asserter:ref stage{ summary:concept assessment:ref type:concept } evidence{ code:concept detail:ref } note:-text
DiagnosticReport basedOn:ref status:code category:concept code:concept subject:ref encounter:ref effectiveDateTime:date effectivePeriod:Period issued:-date performer:ref resultsInterpreter:ref specimen:ref result:ref imagingStudy:ref media:-photo conclusion:-text conclusionCode:concept presentedForm:Attachment
DocumentReference masterIdentifier:identifier status:code docStatus:code type:concept category:concept subject:ref date:-date author:ref authenticator:ref custodian:ref relatesTo{ code:code target:ref } description:-text securityLabel:concept content{ attachment:Attachment format:coding } context{ encounter:ref event:concept period:Period facilityType:concept practiceSetting:concept sourcePatientInfo:ref related:ref }
Procedure basedOn:ref partOf:ref status:code statusReason:concept category:concept code:concept subject:ref encounter:ref performedDateTime:date performedPeriod:Period performedString:-text performedAge:age performedRange:AgeRange recorder:ref asserter:ref performer{ function:concept actor:ref onBehalfOf:ref } location:ref reasonCode:concept reasonReference:ref bodySite:concept outcome:concept report:ref complication:concept complicationDetail:ref followUp:concept note:-text focalDevice{ action:concept manipulated:ref } usedReference:ref usedCode:concept
Immunization status:code statusReason:concept vaccineCode:concept patient:ref encounter:ref occurrenceDateTime:date occurrenceString:-text recorded:date primarySource:bool reportOrigin:concept location:ref manufacturer:ref lotNumber:-device expirationDate:date site:concept route:concept doseQuantity:quantity performer{ function:concept actor:ref } note:-text reasonCode:concept reasonReference:ref isSubpotent:bool subpotentReason:concept reaction{ date:date detail:ref reported:bool } protocolApplied{ authority:ref targetDisease:concept doseNumberPositiveInt:ordinal seriesDosesPositiveInt:ordinal }
Medication code:concept status:code manufacturer:ref form:concept amount:Ratio ingredient{ itemCodeableConcept:concept itemReference:ref isActive:bool strength:Ratio } batch:-device
MedicationRequest status:code statusReason:concept intent:code category:concept priority:code doNotPerform:bool reportedBoolean:bool reportedReference:ref medicationCodeableConcept:concept medicationReference:ref subject:ref encounter:ref supportingInformation:ref authoredOn:date requester:ref performer:ref performerType:concept recorder:ref reasonCode:concept reasonReference:ref basedOn:ref courseOfTherapyType:concept insurance:ref note:-text dosageInstruction:Dosage dispenseRequest{ dispenseInterval:quantity validityPeriod:Period numberOfRepeatsAllowed:ordinal quantity:quantity expectedSupplyDuration:quantity performer:ref } substitution{ allowedBoolean:bool allowedCodeableConcept:concept reason:concept } priorPrescription:ref
MedicationStatement basedOn:ref partOf:ref status:code statusReason:concept category:concept medicationCodeableConcept:concept medicationReference:ref subject:ref context:ref effectiveDateTime:date effectivePeriod:Period dateAsserted:date informationSource:ref derivedFrom:ref reasonCode:concept reasonReference:ref note:-text dosage:Dosage
MedicationAdministration partOf:ref status:code statusReason:concept category:concept medicationCodeableConcept:concept medicationReference:ref subject:ref context:ref effectiveDateTime:date effectivePeriod:Period performer{ function:concept actor:ref } reasonCode:concept reasonReference:ref request:ref device:ref note:-text dosage{ text:-text site:concept route:concept method:concept dose:quantity rateRatio:Ratio rateQuantity:quantity }
AllergyIntolerance clinicalStatus:concept verificationStatus:concept type:code category:code criticality:code code:concept patient:ref encounter:ref onsetDateTime:date onsetAge:age onsetPeriod:Period onsetRange:AgeRange onsetString:-text recordedDate:date recorder:ref asserter:ref lastOccurrence:date note:-text reaction{ substance:concept manifestation:concept description:-text onset:date severity:code exposureRoute:concept note:-text }
ServiceRequest basedOn:ref replaces:ref requisition:identifier status:code intent:code category:concept priority:code doNotPerform:bool code:concept orderDetail:concept quantityQuantity:quantity subject:ref encounter:ref occurrenceDateTime:date occurrencePeriod:Period asNeededBoolean:bool authoredOn:date requester:ref performerType:concept performer:ref locationCode:concept locationReference:ref reasonCode:concept reasonReference:ref insurance:ref supportingInfo:ref specimen:ref bodySite:concept note:-text patientInstruction:-text
Specimen accessionIdentifier:identifier status:code type:concept subject:ref receivedTime:date parent:ref request:ref collection{ collector:ref collectedDateTime:date collectedPeriod:Period duration:quantity quantity:quantity method:concept bodySite:concept } condition:concept note:-text
CareTeam status:code category:concept name:-text subject:ref encounter:ref period:Period participant{ role:concept member:ref onBehalfOf:ref period:Period } reasonCode:concept reasonReference:ref managingOrganization:ref telecom:telecom note:-text
CarePlan basedOn:ref replaces:ref partOf:ref status:code intent:code category:concept title:-text description:-text subject:ref encounter:ref period:Period created:date author:ref contributor:ref careTeam:ref addresses:ref supportingInfo:ref goal:ref activity{ outcomeCodeableConcept:concept outcomeReference:ref progress:-text reference:ref detail{ code:concept reasonCode:concept reasonReference:ref goal:ref status:code statusReason:concept doNotPerform:bool scheduledTiming:Timing scheduledPeriod:Period scheduledString:-text location:ref performer:ref productCodeableConcept:concept productReference:ref dailyAmount:quantity quantity:quantity description:-text } } note:-text
Coverage status:code type:concept policyHolder:ref subscriber:ref subscriberId:-healthplan beneficiary:ref dependent:-healthplan relationship:concept period:Period payor:ref class:-healthplan order:ordinal network:-healthplan contract:ref
Device definition:ref udiCarrier:-device status:code statusReason:concept distinctIdentifier:-device manufacturer:-device manufactureDate:date expirationDate:date lotNumber:-device serialNumber:-device deviceName:-device modelNumber:-device partNumber:-device type:concept version:-device patient:ref owner:ref contact:telecom location:ref url:-url note:-text safety:concept parent:ref
ImagingStudy status:code modality:coding subject:ref encounter:ref started:date basedOn:ref referrer:ref interpreter:ref endpoint:ref numberOfSeries:ordinal numberOfInstances:ordinal procedureReference:ref procedureCode:concept location:ref reasonCode:concept reasonReference:ref note:-text description:-text series{ uid:-other number:ordinal modality:coding description:-text numberOfInstances:ordinal endpoint:ref bodySite:coding laterality:coding specimen:ref started:date performer{ function:concept actor:ref } instance{ uid:-other sopClass:-other number:ordinal title:-text } }
Provenance target:ref occurredPeriod:Period occurredDateTime:date recorded:-date policy:-url location:ref reason:concept activity:concept agent{ type:concept role:concept who:ref onBehalfOf:ref } entity{ role:code what:ref } signature:-other
Claim status:code type:concept subType:concept use:code patient:ref billablePeriod:Period created:date enterer:ref insurer:ref provider:ref priority:concept related:-account prescription:ref referral:ref facility:ref careTeam{ sequence:ordinal provider:ref responsible:bool role:concept qualification:concept } supportingInfo:-text diagnosis{ sequence:ordinal diagnosisCodeableConcept:concept diagnosisReference:ref type:concept } procedure{ sequence:ordinal type:concept date:date procedureCodeableConcept:concept procedureReference:ref } insurance{ sequence:ordinal focal:bool coverage:ref businessArrangement:-account preAuthRef:-account } item{ sequence:ordinal careTeamSequence:ordinal diagnosisSequence:ordinal procedureSequence:ordinal informationSequence:ordinal revenue:concept category:concept productOrService:concept modifier:concept servicedDate:date servicedPeriod:Period locationCodeableConcept:concept quantity:quantity unitPrice:Money net:Money encounter:ref } total:Money
`

// domainElements are the elements that every mapped resource has.
const domainElements = `resourceType:restype id:id meta:Meta implicitRules:-url language:lang text:-text contained:contained extension:ext identifier:identifier`

// extensions are the extensions that are followed: the race, ethnicity and
// sex that Safe Harbor does not list as identifiers. All others are removed.
const extensions = `
http://hl7.org/fhir/us/core/StructureDefinition/us-core-race
http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity
http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex
http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex
`

// resourceTypes are the types of FHIR R4, which a reference may name.
const resourceTypes = ` Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse
AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam
CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication
CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage
CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric
DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis
Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable
ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse
HealthcareService ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation
ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure MeasureReport Media Medication
MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement
MedicinalProduct MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder Observation
ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters Patient
PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure Provenance
Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition
ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot
Specimen SpecimenDefinition StructureDefinition StructureMap Subscription Substance SupplyDelivery SupplyRequest
Task TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription `
