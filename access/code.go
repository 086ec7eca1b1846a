package access

import "github.com/safeguard-sdk/safeguard"

// Codes of decisions and of what the Mux refuses. They are stable, hold no
// PHI, and go into the audit record and into the answer.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
const (
	CodeAllowed        = "access.allowed"
	CodeNoPrincipal    = "access.no-principal"     // nobody is identified
	CodeNoPurpose      = "access.no-purpose"       // none, or no purpose-of-use code
	CodeUndeclared     = "access.undeclared"       // the policy has no such resource or action
	CodeRoleSource     = "access.role-source"      // the roles could not be found out
	CodeUnknownRole    = "access.unknown-role"     // a role that the policy does not have
	CodeNoRole         = "access.no-role"          // the caller has no role
	CodeRelationSource = "access.relation-source"  // the relationships could not be found out
	CodeDenyRule       = "access.deny-rule"        // a deny rule
	CodeNoRule         = "access.no-rule"          // no allow rule of the caller's roles
	CodePurpose        = "access.purpose"          // there is a rule, for another purpose
	CodeRelationship   = "access.relationship"     // there is a rule, for somebody nearer to the patient
	CodeChanged        = "access.changed"          // the decision fell between check and output
	CodeNoPatient      = "access.no-patient"       // the route names a patient, the request does not
	CodeNoRoute        = "access.no-route"         // no route has such a pattern
	CodeUnverified     = "access.unverified"       // VerifyRoutes has not passed
	CodeRawWrite       = "access.raw-write"        // the handler wrote past the projection
	CodeProjection     = "access.projection"       // the answer could not be projected
	CodeNoAnswer       = "access.no-answer"        // the handler answered nothing
	CodeUndecided      = "access.undecided"        // a public route touched PHI
	CodeNoRecord       = "access.no-record"        // a change could not be recorded before it happens
	CodeNoEntry        = "access.no-audit-handler" // audit.Handler is not outside
)

// code is a code as an index, for counters.
type code uint8

const (
	codeAllowed code = iota
	codeNoPrincipal
	codeNoPurpose
	codeUndeclared
	codeRoleSource
	codeUnknownRole
	codeNoRole
	codeRelationSource
	codeDenyRule
	codeNoRule
	codePurpose
	codeRelationship
	codeChanged
	codeNoPatient
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
		CodeAllowed, CodeNoPrincipal, CodeNoPurpose, CodeUndeclared, CodeRoleSource, CodeUnknownRole,
		CodeNoRole, CodeRelationSource, CodeDenyRule, CodeNoRule, CodePurpose, CodeRelationship, CodeChanged,
		CodeNoPatient, CodeNoRoute, CodeUnverified, CodeRawWrite, CodeProjection, CodeNoAnswer,
		CodeUndecided, CodeNoRecord, CodeNoEntry,
	}[c]
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
	case codeChanged:
		return []safeguard.Control{safeguard.AccessControl, safeguard.TerminationProcedures}
	case codeRawWrite, codeProjection, codeNoAnswer, codeUndecided:
		return []safeguard.Control{safeguard.AccessControl, safeguard.MinimumNecessary}
	case codeNoEntry, codeNoRecord:
		return []safeguard.Control{safeguard.AuditControls}
	}
	return []safeguard.Control{safeguard.AccessControl, safeguard.AccessAuthorization}
}
