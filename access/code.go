package access

import "github.com/safeguard-sdk/safeguard"

// Codes of decisions and of what the Mux refuses. They are stable, hold no
// PHI, and go into the audit record and into the answer. Those of a decision
// stand in the order of its gates.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
const (
	CodeAllowed         = "access.allowed"
	CodeNoPrincipal     = "access.no-principal"     // nobody is identified
	CodeNoPurpose       = "access.no-purpose"       // none, or no purpose-of-use code
	CodeRoleSource      = "access.role-source"      // the account or its roles could not be found out
	CodeInactive        = "access.inactive"         // no account, or one that may not be used
	CodeTraining        = "access.training"         // a course is missing or too old
	CodeUnknownRole     = "access.unknown-role"     // a role that the policy does not have
	CodeNoRole          = "access.no-role"          // the caller has no role
	CodeRoleInactive    = "access.role-inactive"    // a role is to be active that is not granted, or none is
	CodeSeparation      = "access.separation"       // roles that nobody may have, or use, together
	CodeScope           = "access.scope"            // the scope of the token does not cover it
	CodeUndeclared      = "access.undeclared"       // the policy has no such resource or action
	CodeDenyRule        = "access.deny-rule"        // a deny rule
	CodeNoRule          = "access.no-rule"          // no allow rule of the caller's roles
	CodePurpose         = "access.purpose"          // there is a rule, for another purpose
	CodeRelationSource  = "access.relation-source"  // the relationships could not be found out
	CodeRelationship    = "access.relationship"     // there is a rule, for somebody nearer to the patient
	CodeTenant          = "access.tenant"           // the data is of another tenant, or it is not known of which
	CodeLabel           = "access.label"            // the data is more confidential or sensitive than any rule goes
	CodeEmergencySource = "access.emergency-source" // whether the glass is broken could not be found out
	CodeEmergency       = "access.emergency"        // the purpose is BTG and the glass is not broken
	CodeConsentSource   = "access.consent-source"   // the consent could not be found out
	CodeConsent         = "access.consent"          // the patient has not consented
	CodeConditionSource = "access.condition-source" // a condition could not be found out
	CodeCondition       = "access.condition"        // a condition does not hold
	CodeThrottle        = "access.throttle"         // too many patients' data taken out
	CodeTerminated      = "access.terminated"       // cut off while it was under way
	CodeChanged         = "access.changed"          // the decision fell between check and output
	CodeNoPatient       = "access.no-patient"       // the route names a patient, the request does not
	CodeQuery           = "access.query"            // the search looks at what may not be seen
	CodeWrite           = "access.write"            // the write is of what may not be seen
	CodeNoRoute         = "access.no-route"         // no route has such a pattern
	CodeUnverified      = "access.unverified"       // VerifyRoutes has not passed
	CodeRawWrite        = "access.raw-write"        // the handler wrote past the projection
	CodeProjection      = "access.projection"       // the answer could not be projected
	CodeNoAnswer        = "access.no-answer"        // the handler answered nothing
	CodeUndecided       = "access.undecided"        // a public route touched PHI
	CodeNoRecord        = "access.no-record"        // a change could not be recorded before it happens
	CodeNoEntry         = "access.no-audit-handler" // audit.Handler is not outside
)

// code is a code as an index, for counters. Those from codeNoRule to
// codeCondition are how far a rule came: the further, the greater.
type code uint8

const (
	codeAllowed code = iota
	codeNoPrincipal
	codeNoPurpose
	codeRoleSource
	codeInactive
	codeTraining
	codeUnknownRole
	codeNoRole
	codeRoleInactive
	codeSeparation
	codeScope
	codeUndeclared
	codeDenyRule
	codeNoRule
	codePurpose
	codeRelationSource
	codeRelationship
	codeTenant
	codeLabel
	codeEmergencySource
	codeEmergency
	codeConsentSource
	codeConsent
	codeConditionSource
	codeCondition
	codeThrottle
	codeTerminated
	codeChanged
	codeNoPatient
	codeQuery
	codeWrite
	codeNoRoute
	codeUnverified
	codeRawWrite
	codeProjection
	codeNoAnswer
	codeUndecided
	codeNoRecord
	codeNoEntry
	codes
)

func (c code) String() string {
	return [codes]string{
		CodeAllowed, CodeNoPrincipal, CodeNoPurpose, CodeRoleSource, CodeInactive, CodeTraining, CodeUnknownRole, CodeNoRole,
		CodeRoleInactive, CodeSeparation, CodeScope, CodeUndeclared, CodeDenyRule, CodeNoRule, CodePurpose, CodeRelationSource,
		CodeRelationship, CodeTenant, CodeLabel, CodeEmergencySource, CodeEmergency, CodeConsentSource, CodeConsent,
		CodeConditionSource, CodeCondition, CodeThrottle, CodeTerminated, CodeChanged, CodeNoPatient, CodeQuery, CodeWrite, CodeNoRoute,
		CodeUnverified,
		CodeRawWrite, CodeProjection, CodeNoAnswer, CodeUndecided, CodeNoRecord, CodeNoEntry,
	}[c]
}

// codeOf returns the code of a decision by its name.
func codeOf(name string) (code, bool) {
	for c := codeAllowed; c <= codeThrottle; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

// controls returns the provisions that a decision with this code serves.
func (c code) controls() []safeguard.Control {
	switch c {
	case codeAllowed:
		return []safeguard.Control{safeguard.AccessControl, safeguard.AccessAuthorization, safeguard.MinimumNecessaryUses}
	case codeNoPrincipal:
		return []safeguard.Control{safeguard.UniqueUserIdentification, safeguard.PersonOrEntityAuthentication}
	case codeNoPurpose, codePurpose:
		return []safeguard.Control{safeguard.AccessControl, safeguard.MinimumNecessary, safeguard.MinimumNecessaryUses}
	case codeInactive, codeChanged, codeTerminated:
		return []safeguard.Control{safeguard.AccessControl, safeguard.TerminationProcedures}
	case codeTraining:
		return []safeguard.Control{safeguard.AccessControl, safeguard.WorkforceClearanceProcedure, safeguard.SecurityAwarenessAndTraining}
	case codeEmergency, codeEmergencySource:
		return []safeguard.Control{safeguard.AccessControl, safeguard.EmergencyAccessProcedure}
	case codeRelationship, codeLabel, codeCondition, codeScope:
		return []safeguard.Control{safeguard.AccessControl, safeguard.MinimumNecessaryUses}
	case codeThrottle:
		return []safeguard.Control{safeguard.AccessControl, safeguard.InformationSystemActivityReview, safeguard.MinimumNecessary}
	case codeWrite:
		return []safeguard.Control{safeguard.AccessControl, safeguard.Integrity, safeguard.MinimumNecessary}
	case codeQuery, codeRawWrite, codeProjection, codeNoAnswer, codeUndecided:
		return []safeguard.Control{safeguard.AccessControl, safeguard.MinimumNecessary}
	case codeNoEntry, codeNoRecord:
		return []safeguard.Control{safeguard.AuditControls}
	}
	return []safeguard.Control{safeguard.AccessControl, safeguard.AccessAuthorization}
}
