package access

import (
	"slices"
	"strings"
)

// fhirElements returns the elements of the most used FHIR R4 (4.0.1)
// resources, without those that all have. A name that ends in [x] stands for
// every type of a choice.
func fhirElements(resource string) []string {
	return strings.Fields(map[string]string{
		"AllergyIntolerance":       "identifier clinicalStatus verificationStatus type category criticality code patient encounter onset[x] recordedDate recorder asserter lastOccurrence note reaction",
		"Appointment":              "identifier status cancelationReason serviceCategory serviceType specialty appointmentType reasonCode reasonReference priority description supportingInformation start end minutesDuration slot created comment patientInstruction basedOn participant requestedPeriod",
		"CarePlan":                 "identifier instantiatesCanonical instantiatesUri basedOn replaces partOf status intent category title description subject encounter period created author contributor careTeam addresses supportingInfo goal activity note",
		"CareTeam":                 "identifier status category name subject encounter period participant reasonCode reasonReference managingOrganization telecom note",
		"Claim":                    "identifier status type subType use patient billablePeriod created enterer insurer provider priority fundsReserve related prescription originalPrescription payee referral facility careTeam supportingInfo diagnosis procedure insurance accident item total",
		"Condition":                "identifier clinicalStatus verificationStatus category severity code bodySite subject encounter onset[x] abatement[x] recordedDate recorder asserter stage evidence note",
		"Consent":                  "identifier status scope category patient dateTime performer organization source[x] policy policyRule verification provision",
		"Coverage":                 "identifier status type policyHolder subscriber subscriberId beneficiary dependent relationship period payor class order network costToBeneficiary subrogation contract",
		"DiagnosticReport":         "identifier basedOn status category code subject encounter effective[x] issued performer resultsInterpreter specimen result imagingStudy media conclusion conclusionCode presentedForm",
		"DocumentReference":        "masterIdentifier identifier status docStatus type category subject date author authenticator custodian relatesTo description securityLabel content context",
		"Encounter":                "identifier status statusHistory class classHistory type serviceType priority subject episodeOfCare basedOn participant appointment period length reasonCode reasonReference diagnosis account hospitalization location serviceProvider partOf",
		"ExplanationOfBenefit":     "identifier status type subType use patient billablePeriod created enterer insurer provider priority fundsReserveRequested fundsReserve related prescription originalPrescription payee referral facility claim claimResponse outcome disposition preAuthRef preAuthRefPeriod careTeam supportingInfo diagnosis procedure precedence insurance accident item addItem adjudication total payment formCode form processNote benefitPeriod benefitBalance",
		"Goal":                     "identifier lifecycleStatus achievementStatus category priority description subject start[x] target statusDate statusReason expressedBy addresses note outcomeCode outcomeReference",
		"Immunization":             "identifier status statusReason vaccineCode patient encounter occurrence[x] recorded primarySource reportOrigin location manufacturer lotNumber expirationDate site route doseQuantity performer note reasonCode reasonReference isSubpotent subpotentReason education programEligibility fundingSource reaction protocolApplied",
		"Location":                 "identifier status operationalStatus name alias description mode type telecom address physicalType position managingOrganization partOf hoursOfOperation availabilityExceptions endpoint",
		"Medication":               "identifier code status manufacturer form amount ingredient batch",
		"MedicationAdministration": "identifier instantiates partOf status statusReason category medication[x] subject context supportingInformation effective[x] performer reasonCode reasonReference request device note dosage eventHistory",
		"MedicationRequest":        "identifier status statusReason intent category priority doNotPerform reported[x] medication[x] subject encounter supportingInformation authoredOn requester performer performerType recorder reasonCode reasonReference instantiatesCanonical instantiatesUri basedOn groupIdentifier courseOfTherapyType insurance note dosageInstruction dispenseRequest substitution priorPrescription detectedIssue eventHistory",
		"MedicationStatement":      "identifier basedOn partOf status statusReason category medication[x] subject context effective[x] dateAsserted informationSource derivedFrom reasonCode reasonReference note dosage",
		"Observation":              "identifier basedOn partOf status category code subject focus encounter effective[x] issued performer value[x] dataAbsentReason interpretation note bodySite method specimen device referenceRange hasMember derivedFrom component",
		"Organization":             "identifier active type name alias telecom address partOf contact endpoint",
		"Patient":                  "identifier active name telecom gender birthDate deceased[x] address maritalStatus multipleBirth[x] photo contact communication generalPractitioner managingOrganization link",
		"Practitioner":             "identifier active name telecom address gender birthDate photo qualification communication",
		"Procedure":                "identifier instantiatesCanonical instantiatesUri basedOn partOf status statusReason category code subject encounter performed[x] recorder asserter performer location reasonCode reasonReference bodySite outcome report complication complicationDetail followUp note focalDevice usedReference usedCode",
		"RelatedPerson":            "identifier active patient relationship name telecom gender birthDate address photo period communication",
		"ServiceRequest":           "identifier instantiatesCanonical instantiatesUri basedOn replaces requisition status intent category priority doNotPerform code orderDetail quantity[x] subject encounter occurrence[x] asNeeded[x] authoredOn requester performerType performer locationCode locationReference reasonCode reasonReference insurance supportingInfo specimen bodySite note patientInstruction relevantHistory",
		"Specimen":                 "identifier accessionIdentifier status type subject receivedTime parent request collection processing container condition note",
	}[resource])
}

// commonElements are those of every FHIR resource.
const commonElements = " id meta implicitRules language text contained extension modifierExtension resourceType "

// inFHIR reports whether a resource has an element, or the sibling of one.
func inFHIR(elements []string, key string) bool {
	key = strings.TrimPrefix(key, "_")
	return strings.Contains(commonElements, " "+key+" ") || slices.ContainsFunc(elements, func(e string) bool {
		stem, choice := strings.CutSuffix(e, "[x]")
		rest, begins := strings.CutPrefix(key, stem)
		return e == key || choice && begins && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z'
	})
}

// fhirFields finds top-level elements that a FHIR resource does not have. A
// resource that has the name of one and mostly other fields is none.
func (l *linter) fhirFields() {
	written := l.pathsByResource()
	for _, r := range l.doc.resources {
		elements := fhirElements(r.text)
		if elements == nil {
			continue
		}
		known, strange := 0, []spot(nil)
		for _, f := range written[r.text] {
			key, _, _ := strings.Cut(f.text[len(r.text)+1:], ".")
			if inFHIR(elements, key) {
				known++
			} else {
				strange = append(strange, f)
			}
		}
		if len(strange) > known {
			continue
		}
		for _, f := range strange {
			l.report("L41", f.at, "field "+f.text, "if the data is FHIR R4, its %s has no such element, and whoever needs it does not see it; plain JSON may have it", r.text)
		}
	}
}

// pathsByResource returns every path that is written anywhere, the first of
// each, by its resource.
func (l *linter) pathsByResource() map[string][]spot {
	paths := map[string][]spot{}
	seen := map[string]bool{}
	add := func(fields []spot) {
		for _, f := range fields {
			if resource, key, _ := strings.Cut(f.text, "."); key != "" && !seen[f.text] {
				seen[f.text] = true
				paths[resource] = append(paths[resource], f)
			}
		}
	}
	for _, c := range l.doc.categories {
		add(c.items)
	}
	for _, r := range l.doc.rules {
		add(r.fields)
	}
	return paths
}
