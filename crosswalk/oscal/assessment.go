package oscal

import (
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// An Assessment is what was looked at and what was found, for [Results]. IDs
// are the caller's own, unique by kind; they name things across documents of
// one scope.
//
// Controls: HIPAA 164.308(a)(8).
type Assessment struct {
	// Title and Description head the result.
	Title       string
	Description string
	// Start and End are when it was done; End may be zero.
	Start, End time.Time
	// Reviewed are the provisions that were looked at; those of the findings
	// are added.
	Reviewed []safeguard.Control
	Record
}

// A Record holds what results and plans have in common.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(8); NIST CSF 2.0 ID.RA-01.
type Record struct {
	Observations []Observation
	Findings     []Finding
	Risks        []Risk
}

// An Observation is something that was seen, by a person or by a program.
//
// Controls: HIPAA 164.308(a)(8).
type Observation struct {
	ID          string
	Title       string
	Description string
	// Methods are how it was made, at least one.
	Methods []Method
	// Collected is when, Expires until when it may be relied on (or zero).
	Collected, Expires time.Time
	Evidence           []Evidence
}

// A Method is how an observation was made.
//
// Controls: HIPAA 164.308(a)(8).
type Method string

// OSCAL's methods.
//
// Controls: HIPAA 164.308(a)(8).
const (
	Examine       Method = "EXAMINE"
	Interview     Method = "INTERVIEW"
	Test          Method = "TEST"
	UnknownMethod Method = "UNKNOWN"
)

// Evidence is a thing on record.
//
// Controls: HIPAA 164.316(b)(1).
type Evidence struct {
	Description string
	// Href is where it is, relative to the document or absolute.
	Href string
	// SHA256 is its hash in hexadecimal, if known.
	SHA256 string
}

// A Finding is the judgement on one provision.
//
// Controls: HIPAA 164.308(a)(8).
type Finding struct {
	// ID is the Control if empty.
	ID          string
	Control     safeguard.Control
	Description string
	// Satisfied is the assessor's judgement on the objective; the zero value is
	// not satisfied.
	Satisfied bool
	// Status is the organisation's word on implementation; empty says nothing.
	Status Status
	// StatusRemarks are its reasons, which an addressable specification needs
	// unless it is implemented.
	StatusRemarks string
	// Observations and Risks are IDs of this record.
	Observations []string
	Risks        []string
}

// A Status is how far something is implemented, in OSCAL's words.
//
// Controls: HIPAA 164.308(a)(8).
type Status string

// OSCAL's states of implementation. An equivalent measure for an addressable
// specification (164.306(d)(3)) is an alternative.
//
// Controls: HIPAA 164.308(a)(8).
const (
	Implemented   Status = "implemented"
	Partial       Status = "partial"
	Planned       Status = "planned"
	Alternative   Status = "alternative"
	NotApplicable Status = "not-applicable"
)

// A Risk is a risk that was identified.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-01.
type Risk struct {
	ID          string
	Title       string
	Description string
	// Statement says what may happen and what follows; Description if empty.
	Statement string
	// Status is open if empty.
	Status RiskStatus
	// Likelihood, Impact and Level are words of the scale in use, for instance
	// those of NIST SP 800-30. Empty ones are left out.
	Likelihood, Impact, Level string
	// Deadline is when it is to be dealt with (or zero).
	Deadline     time.Time
	Remediations []Remediation
	// Observations are IDs of this record.
	Observations []string
}

// A RiskStatus is where a risk stands.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type RiskStatus string

// OSCAL's states of a risk.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
const (
	RiskOpen               RiskStatus = "open"
	RiskInvestigating      RiskStatus = "investigating"
	RiskRemediating        RiskStatus = "remediating"
	RiskDeviationRequested RiskStatus = "deviation-requested"
	RiskDeviationApproved  RiskStatus = "deviation-approved"
	RiskClosed             RiskStatus = "closed"
)

// A Remediation is what is or could be done about a risk.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type Remediation struct {
	Title       string
	Description string
	// Owner is who does it; may be empty.
	Owner string
	// Lifecycle is planned if empty.
	Lifecycle Lifecycle
	// Milestones are its steps.
	Milestones []Milestone
}

// A Lifecycle says how far a remediation is.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B).
type Lifecycle string

// OSCAL's stages of a remediation.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B).
const (
	Recommendation Lifecycle = "recommendation"
	PlannedWork    Lifecycle = "planned"
	Completed      Lifecycle = "completed"
)

// A Milestone is a step with a day.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B).
type Milestone struct {
	Title string
	Due   time.Time
}

// A Plan is what will be done, for [PlanOfAction].
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type Plan struct {
	// System identifies the system that the plan is for; the scope if empty.
	System string
	Items  []PlanItem
	Record
}

// A PlanItem is one thing to be done.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type PlanItem struct {
	ID          string
	Title       string
	Description string
	// Owner and Due are who does it and by when; both are required.
	Owner string
	Due   time.Time
	// Findings, Observations and Risks are IDs of the plan's record.
	Findings     []string
	Observations []string
	Risks        []string
}
