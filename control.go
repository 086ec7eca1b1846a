package safeguard

// A Control names one provision of 45 CFR Part 164 that a piece of code can
// serve: a standard or implementation specification of the Security Rule
// (164.308 to 164.316), or a section of the Privacy or the Breach
// Notification Rule that the product touches.
//
// The value is the citation in the spelling of the Code of Federal
// Regulations, for instance "164.312(a)(2)(iii)"; case matters in it. A
// Control is a name only. Titles, the Required or Addressable designation and
// the maps to NIST's frameworks live in package crosswalk, which no run-time
// package imports. The zero value names nothing.
//
// Controls: none, it is the vocabulary in which the others are named.
type Control string

// Administrative safeguards, 45 CFR 164.308.
//
// Controls: none, names of the provisions.
const (
	SecurityManagementProcess          Control = "164.308(a)(1)(i)"
	RiskAnalysis                       Control = "164.308(a)(1)(ii)(A)"
	RiskManagement                     Control = "164.308(a)(1)(ii)(B)"
	SanctionPolicy                     Control = "164.308(a)(1)(ii)(C)"
	InformationSystemActivityReview    Control = "164.308(a)(1)(ii)(D)"
	AssignedSecurityResponsibility     Control = "164.308(a)(2)"
	WorkforceSecurity                  Control = "164.308(a)(3)(i)"
	AuthorizationAndSupervision        Control = "164.308(a)(3)(ii)(A)"
	WorkforceClearanceProcedure        Control = "164.308(a)(3)(ii)(B)"
	TerminationProcedures              Control = "164.308(a)(3)(ii)(C)"
	InformationAccessManagement        Control = "164.308(a)(4)(i)"
	IsolatingClearinghouseFunctions    Control = "164.308(a)(4)(ii)(A)"
	AccessAuthorization                Control = "164.308(a)(4)(ii)(B)"
	AccessEstablishmentAndModification Control = "164.308(a)(4)(ii)(C)"
	SecurityAwarenessAndTraining       Control = "164.308(a)(5)(i)"
	SecurityReminders                  Control = "164.308(a)(5)(ii)(A)"
	ProtectionFromMaliciousSoftware    Control = "164.308(a)(5)(ii)(B)"
	LoginMonitoring                    Control = "164.308(a)(5)(ii)(C)"
	PasswordManagement                 Control = "164.308(a)(5)(ii)(D)"
	SecurityIncidentProcedures         Control = "164.308(a)(6)(i)"
	IncidentResponse                   Control = "164.308(a)(6)(ii)"
	ContingencyPlan                    Control = "164.308(a)(7)(i)"
	DataBackupPlan                     Control = "164.308(a)(7)(ii)(A)"
	DisasterRecoveryPlan               Control = "164.308(a)(7)(ii)(B)"
	EmergencyModeOperationPlan         Control = "164.308(a)(7)(ii)(C)"
	ContingencyTesting                 Control = "164.308(a)(7)(ii)(D)"
	CriticalityAnalysis                Control = "164.308(a)(7)(ii)(E)"
	Evaluation                         Control = "164.308(a)(8)"
	BusinessAssociateContractsStandard Control = "164.308(b)(1)"
	WrittenContract                    Control = "164.308(b)(3)"
)

// Physical safeguards, 45 CFR 164.310.
//
// Controls: none, names of the provisions.
const (
	FacilityAccessControls               Control = "164.310(a)(1)"
	ContingencyOperations                Control = "164.310(a)(2)(i)"
	FacilitySecurityPlan                 Control = "164.310(a)(2)(ii)"
	AccessControlAndValidationProcedures Control = "164.310(a)(2)(iii)"
	MaintenanceRecords                   Control = "164.310(a)(2)(iv)"
	WorkstationUse                       Control = "164.310(b)"
	WorkstationSecurity                  Control = "164.310(c)"
	DeviceAndMediaControls               Control = "164.310(d)(1)"
	MediaDisposal                        Control = "164.310(d)(2)(i)"
	MediaReuse                           Control = "164.310(d)(2)(ii)"
	MediaAccountability                  Control = "164.310(d)(2)(iii)"
	MediaBackup                          Control = "164.310(d)(2)(iv)"
)

// Technical safeguards, 45 CFR 164.312.
//
// Controls: none, names of the provisions.
const (
	AccessControl                Control = "164.312(a)(1)"
	UniqueUserIdentification     Control = "164.312(a)(2)(i)"
	EmergencyAccessProcedure     Control = "164.312(a)(2)(ii)"
	AutomaticLogoff              Control = "164.312(a)(2)(iii)"
	EncryptionAndDecryption      Control = "164.312(a)(2)(iv)"
	AuditControls                Control = "164.312(b)"
	Integrity                    Control = "164.312(c)(1)"
	MechanismToAuthenticateEPHI  Control = "164.312(c)(2)"
	PersonOrEntityAuthentication Control = "164.312(d)"
	TransmissionSecurity         Control = "164.312(e)(1)"
	IntegrityControls            Control = "164.312(e)(2)(i)"
	TransmissionEncryption       Control = "164.312(e)(2)(ii)"
)

// Organizational requirements, 45 CFR 164.314.
//
// Controls: none, names of the provisions.
const (
	BusinessAssociateArrangements Control = "164.314(a)(1)"
	BusinessAssociateContracts    Control = "164.314(a)(2)(i)"
	OtherArrangements             Control = "164.314(a)(2)(ii)"
	SubcontractorContracts        Control = "164.314(a)(2)(iii)"
	GroupHealthPlans              Control = "164.314(b)(1)"
	PlanSponsorSafeguards         Control = "164.314(b)(2)(i)"
	PlanAdequateSeparation        Control = "164.314(b)(2)(ii)"
	PlanAgents                    Control = "164.314(b)(2)(iii)"
	PlanIncidentReports           Control = "164.314(b)(2)(iv)"
)

// Policies, procedures and documentation, 45 CFR 164.316.
//
// Controls: none, names of the provisions.
const (
	PoliciesAndProcedures     Control = "164.316(a)"
	Documentation             Control = "164.316(b)(1)"
	DocumentationTimeLimit    Control = "164.316(b)(2)(i)"
	DocumentationAvailability Control = "164.316(b)(2)(ii)"
	DocumentationUpdates      Control = "164.316(b)(2)(iii)"
)

// Privacy Rule sections that the product touches, 45 CFR 164 Subpart E.
//
// Controls: none, names of the provisions.
const (
	MinimumNecessary             Control = "164.502(b)(1)"
	MinimumNecessaryExceptions   Control = "164.502(b)(2)"
	DeidentifiedUses             Control = "164.502(d)"
	Authorizations               Control = "164.508"
	Research                     Control = "164.512(i)"
	DeidentificationStandard     Control = "164.514(a)"
	ExpertDetermination          Control = "164.514(b)(1)"
	SafeHarbor                   Control = "164.514(b)(2)(i)"
	SafeHarborActualKnowledge    Control = "164.514(b)(2)(ii)"
	ReidentificationCodes        Control = "164.514(c)"
	MinimumNecessaryRequirements Control = "164.514(d)(1)"
	MinimumNecessaryUses         Control = "164.514(d)(2)"
	MinimumNecessaryDisclosures  Control = "164.514(d)(3)"
	MinimumNecessaryRequests     Control = "164.514(d)(4)"
	EntireMedicalRecord          Control = "164.514(d)(5)"
	LimitedDataSet               Control = "164.514(e)"
	AccountingRight              Control = "164.528(a)"
	AccountingContent            Control = "164.528(b)(2)"
	AccountingProvision          Control = "164.528(c)"
	PrivacyDocumentation         Control = "164.530(j)"
)

// Breach Notification Rule, 45 CFR 164 Subpart D.
//
// Controls: none, names of the provisions.
const (
	BreachExclusions           Control = "164.402(1)"
	BreachRiskAssessment       Control = "164.402(2)"
	BreachNoticeToIndividuals  Control = "164.404(a)(1)"
	BreachDiscovery            Control = "164.404(a)(2)"
	BreachNoticeTimeliness     Control = "164.404(b)"
	BreachNoticeContent        Control = "164.404(c)"
	BreachWrittenNotice        Control = "164.404(d)(1)"
	BreachSubstituteNoticeFew  Control = "164.404(d)(2)(i)"
	BreachSubstituteNoticeMany Control = "164.404(d)(2)(ii)"
	BreachUrgentNotice         Control = "164.404(d)(3)"
	BreachNoticeToMedia        Control = "164.406"
	BreachMediaTimeliness      Control = "164.406(b)"
	BreachNoticeToSecretary    Control = "164.408(b)"
	BreachAnnualReport         Control = "164.408(c)"
	BreachNoticeByAssociate    Control = "164.410"
	BreachAssociateTimeliness  Control = "164.410(b)"
	BreachDelayWritten         Control = "164.412(a)"
	BreachDelayOral            Control = "164.412(b)"
	BreachAdministrative       Control = "164.414(a)"
	BreachBurdenOfProof        Control = "164.414(b)"
)
