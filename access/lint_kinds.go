package access

import "github.com/safeguard-sdk/safeguard"

// LintRules returns every kind of mistake that [Policy.Lint] finds, by id. An
// id keeps its meaning for ever.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func LintRules() []LintRule {
	var (
		review    = []safeguard.Control{safeguard.AccessEstablishmentAndModification}
		minimum   = []safeguard.Control{safeguard.MinimumNecessaryUses}
		whole     = []safeguard.Control{safeguard.EntireMedicalRecord}
		necessary = []safeguard.Control{safeguard.MinimumNecessary, safeguard.MinimumNecessaryExceptions}
		access    = []safeguard.Control{safeguard.AccessAuthorization}
		emergency = []safeguard.Control{safeguard.EmergencyAccessProcedure}
		training  = []safeguard.Control{safeguard.SecurityAwarenessAndTraining}
	)
	return []LintRule{
		{"L00", SeverityNote, "the policy is too large to compare everything", review},
		{"L01", SeverityWarning, "an allow rule that a deny rule wholly overrides", review},
		{"L02", SeverityWarning, "an allow rule that another one makes superfluous", review},
		{"L03", SeverityWarning, "a deny rule that takes nothing away", review},
		{"L04", SeverityWarning, "a deny rule within another", review},
		{"L05", SeverityWarning, "the same rule under two ids", review},
		{"L06", SeverityWarning, "a purpose or action of an allow rule that is always denied", review},
		{"L07", SeverityWarning, "search of records that the role may not read", review},
		{"L08", SeverityWarning, "a change of fields that the role may not read", minimum},
		{"L09", SeverityWarning, "a field that a rule gives and a deny rule of the same role takes away", review},
		{"L10", SeverityWarning, "a role without rules", access},
		{"L11", SeverityNote, "a role that no test plays", review},
		{"L12", SeverityWarning, "a chain of inheritance longer than 5", access},
		{"L13", SeverityWarning, "a role is inherited twice", access},
		{"L14", SeverityNote, "a role that is only another name for one that it inherits", access},
		{"L15", SeverityWarning, "a rule for nearly every purpose", minimum},
		{"L16", SeverityWarning, "a patient's own request, and no relationship says whose", minimum},
		{"L17", SeverityNote, "the whole record of every patient", whole},
		{"L18", SeverityNote, "a role that brings most others together", access},
		{"L20", SeverityWarning, "a category that no rule uses", minimum},
		{"L21", SeverityWarning, "a category that lists a path within another of its own", minimum},
		{"L22", SeverityWarning, "a label that no rule and no consent names", access},
		{"L23", SeverityWarning, "an action that no rule allows", access},
		{"L24", SeverityWarning, "a resource without rules", access},
		{"L25", SeverityWarning, "a consent requirement that no rule can meet", access},
		{"L30", SeverityError, "the whole record without a justification that says something", whole},
		{"L31", SeverityWarning, "a reason that says nothing", minimum},
		{"L32", SeverityNote, "the reason of another rule, word for word", minimum},
		{"L33", SeverityWarning, "a justification that only repeats a reason", whole},
		{"L34", SeverityWarning, "an exemption of disclosures on something that looks like an internal use", necessary},
		{"L35", SeverityWarning, "the authorization exemption without a consent requirement", necessary},
		{"L36", SeverityWarning, "the whole record for search", whole},
		{"L37", SeverityWarning, "marketing without a consent requirement", necessary},
		{"L38", SeverityWarning, "research without a consent requirement", necessary},
		{"L39", SeverityWarning, "a direct identifier for research", necessary},
		{"L40", SeverityWarning, "a place where FHIR repeats other data, and the reason does not speak of it", minimum},
		{"L41", SeverityNote, "a field that the FHIR R4 resource of that name does not have", minimum},
		{"L42", SeverityWarning, "a field that the same rule lists twice", minimum},
		{"L43", SeverityWarning, "a rule to read or search that shows nothing", minimum},
		{"L50", SeverityWarning, "the highest confidentiality without a sensitivity code", access},
		{"L51", SeverityError, "42 CFR Part 2 data without a consent requirement", access},
		{"L52", SeverityWarning, "a ceiling below that of data without labels", access},
		{"L53", SeverityWarning, "sensitive data below the confidentiality that it usually has", access},
		{"L60", SeverityWarning, "a separation that nobody can break", access},
		{"L61", SeverityNote, "a role that is one role away from breaking a separation", access},
		{"L62", SeverityError, "a test allows what a separation forbids", access},
		{"L63", SeverityWarning, "a dynamic separation within a static one", access},
		{"L64", SeverityError, "a role that can never be active", access},
		{"L70", SeverityWarning, "break-glass for longer than an hour", emergency},
		{"L71", SeverityWarning, "review of break-glass later than after three days", emergency},
		{"L72", SeverityWarning, "a role may break the glass and has no emergency rule", emergency},
		{"L73", SeverityWarning, "an emergency rule of a role that may not break the glass", emergency},
		{"L74", SeverityWarning, "many unreviewed emergencies", emergency},
		{"L75", SeverityWarning, "break-glass on a sign-in long ago", emergency},
		{"L76", SeverityWarning, "an emergency rule that waits for a relationship", emergency},
		{"L77", SeverityWarning, "an emergency rule for less sensitive data than another rule of the role", emergency},
		{"L80", SeverityWarning, "training that counts for more than two years", training},
		{"L81", SeverityWarning, "more than 30 days of grace for training", training},
		{"L90", SeverityWarning, "two names that nearly match", access},
		{"L91", SeverityWarning, "two names that differ in case", access},
		{"L92", SeverityWarning, "a field that nearly matches one of another rule", access},
		{"L93", SeverityNote, "a rule about organisations, and the tenant is not required", access},
		{"L100", SeverityNote, "no tests", review},
		{"L101", SeverityWarning, "tests that only expect one answer", review},
		{"L102", SeverityNote, "a test of a denial that does not say why", review},
		{"L103", SeverityNote, "a test of an access that does not say what is seen", review},
		{"L104", SeverityNote, "two tests of the same case", review},
		{"L105", SeverityNote, "a deny rule that no test meets", review},
	}
}
