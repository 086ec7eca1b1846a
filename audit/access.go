package audit

import (
	"github.com/safeguard-sdk/safeguard"
)

// An Access is the data of an access record; see [IsAccess].
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
type Access struct {
	// Entry is the id that all records of one request share; Part counts them
	// from 0.
	Entry string `json:"entry"`
	Part  int    `json:"part"`
	// Principal is who acted; nil for nobody.
	Principal *Actor `json:"principal,omitempty"`
	// Source is the token of the client's network address.
	Source string `json:"source,omitempty"`
	// Method is the HTTP method or the kind of job, Route the matched pattern.
	Method string `json:"method,omitempty"`
	Route  string `json:"route,omitempty"`
	// Resource, Action and Purpose are what was asked, and why.
	Resource string            `json:"resource,omitempty"`
	Action   string            `json:"action,omitempty"`
	Purpose  safeguard.Purpose `json:"purpose,omitempty"`
	// Patients are tokens.
	Patients []string `json:"patients,omitempty"`
	// Decision is the access decision, Denied the codes of refusals.
	Decision *Decision `json:"decision,omitempty"`
	Denied   []string  `json:"denied,omitempty"`
	// Fields are the names of fields in the answer, Opened the sealed columns
	// that were opened.
	Fields []string `json:"fields,omitempty"`
	Opened []string `json:"opened,omitempty"`
	// Flags are codes of the program about the access, such as "same-surname",
	// "coworker", "vip" or "after-hours": see [Entry.Flag].
	Flags []string `json:"flags,omitempty"`
	// Explained is the code of the relationship that explains the access, such
	// as "appointment", "care-team" or "referral": see [Entry.Explain].
	Explained string `json:"explained,omitempty"`
	// BreakGlass says that the access was an emergency override.
	BreakGlass bool `json:"breakglass,omitempty"`
	// Disclosure is set in records of [TypeDisclosed].
	Disclosure *Disclosure `json:"disclosure,omitempty"`
}

// A Disclosure is what the accounting of disclosures needs to know of one:
// the recipient, the purpose and a brief description, each as an id or a code
// of the organisation's own registers, never as free text. The date, and the
// patients as tokens, stand in the record around it.
//
// Whether a disclosure must be accounted for follows from Basis: the rule
// excludes treatment, payment and operations, the individual, incidental uses,
// authorizations, directories, national security, correctional institutions
// and limited data sets (164.528(a)(1)).
//
// Controls: HIPAA 164.528(a), 164.528(b)(2).
type Disclosure struct {
	// Recipient is the id of the recipient in the organisation's register.
	Recipient string `json:"recipient"`
	// Basis is a code: one of the exclusions "treatment", "payment",
	// "operations", "individual", "incidental", "authorization", "directory",
	// "national-security", "correctional", "limited-data-set", or one of
	// "required-by-law", "public-health", "abuse", "oversight", "judicial",
	// "law-enforcement", "decedents", "donation", "research", "threat",
	// "government", "workers-compensation", "hhs", "other".
	Basis string `json:"basis"`
	// Purpose is the code of a purpose statement in the register.
	Purpose string `json:"purpose,omitempty"`
	// What is the code of the brief description of what was disclosed.
	What string `json:"what,omitempty"`
	// Request is the id of the written request, if that stands for the purpose
	// (164.528(b)(2)(iv)).
	Request string `json:"request,omitempty"`
}

// An Actor is a Principal as it stands in a record.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
type Actor struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Tenant  string `json:"tenant,omitempty"`
	Method  string `json:"method,omitempty"`
	Session string `json:"session,omitempty"`
	// OnBehalfOf is the person for whom a service or an agent acts.
	OnBehalfOf string `json:"onbehalfof,omitempty"`
}

// An Ended is the data of a [TypeEnded] record. A request without one was cut
// off by the end of the process.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Ended struct {
	Entry string `json:"entry"`
	// Parts is how many access records there are.
	Parts int `json:"parts"`
	// Outcome is one of the Outcome constants.
	Outcome Outcome `json:"outcome"`
	// Status is the HTTP status that was sent, 0 if none was.
	Status int `json:"status,omitempty"`
	// Bytes counts the body as the handler wrote it.
	Bytes int64 `json:"bytes"`
	// Milliseconds is how long the Entry was open.
	Milliseconds int64 `json:"ms"`
}

// An Outcome says how an Entry ended.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Outcome string

// The outcomes of an Entry.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	// Completed: the handler returned and its answer was handed over, which
	// may be a denial; the status and the decision tell.
	Completed Outcome = "completed"
	// Refused: nothing of the handler's answer left.
	Refused Outcome = "refused"
	// Aborted: a part of the answer may have left before it was cut off.
	Aborted Outcome = "aborted"
	// Panicked: the handler panicked. The value is not recorded.
	Panicked Outcome = "panicked"
)
