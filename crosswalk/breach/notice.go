package breach

// An Individual is a person whose PHI was, or is reasonably believed to have
// been, reached.
//
// Controls: HIPAA 164.404(a)(1), 164.414(b).
type Individual struct {
	// Ref is the entity's own reference, not a name. It is printed.
	Ref string `json:"ref"`
	// State is where the person lives, as two letters: a State, DC or a
	// territory; "ZZ" for elsewhere. Empty is unknown.
	State string `json:"state,omitempty"`
	// Unreachable is true if contact information is insufficient or out of
	// date, so that substitute notice is due. It is not due for the next of kin
	// of the deceased.
	Unreachable bool `json:"unreachable,omitempty"`
	Deceased    bool `json:"deceased,omitempty"`
}

// An Estimate is how many individuals there may be.
//
// Controls: HIPAA 164.406, 164.408(b).
type Estimate struct {
	Individuals int `json:"individuals"`
	// Residents are numbers by State, as in [Individual].
	Residents map[string]int `json:"residents,omitempty"`
	// Basis says how the number was found.
	Basis string `json:"basis,omitempty"`
}

// A Statement is what a law enforcement official said: that a notification
// would impede a criminal investigation or damage national security.
//
// Controls: HIPAA 164.412(a), 164.412(b).
type Statement struct {
	Form StatementForm `json:"form"`
	// Given is the day of the statement.
	Given Date `json:"given"`
	// Until is the day on which the time that a written statement specifies
	// ends. An oral one has none: it holds for no longer than 30 days.
	Until Date `json:"until,omitzero"`
	// Official and Agency identify who made it, Recorded who documented it.
	Official string     `json:"official"`
	Agency   string     `json:"agency,omitempty"`
	Recorded string     `json:"recorded,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// A StatementForm is how the statement was made.
//
// Controls: HIPAA 164.412(a), 164.412(b).
type StatementForm string

// A written statement specifies a time; an oral one must be documented.
//
// Controls: HIPAA 164.412(a), 164.412(b).
const (
	Written StatementForm = "written"
	Oral    StatementForm = "oral"
)

// A Notice is one notification that was sent.
//
// Controls: HIPAA 164.404(a)(1), 164.404(d)(1), 164.414(b).
type Notice struct {
	Audience Audience `json:"audience"`
	// Jurisdiction is the State whose media were notified.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	Sent         Date   `json:"sent"`
	// By is who sent it and Method how, for instance "first-class mail".
	By     string `json:"by"`
	Method string `json:"method,omitempty"`
	// To are the Refs of the individuals that it went to. If it went to all
	// that the file names, All is their number instead; it must agree, so that
	// nobody who is added later passes for notified.
	To  []string `json:"to,omitempty"`
	All int      `json:"all,omitempty"`
	// Substitute is true for a substitute notice (164.404(d)(2)).
	Substitute bool `json:"substitute,omitempty"`
	// Content are the elements that it holds.
	Content  []Element  `json:"content,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// An Audience is who a notification is for.
//
// Controls: HIPAA 164.404(a)(1), 164.406, 164.408(b), 164.410.
type Audience string

// Who is to be notified. ToSecretary is the Secretary of HHS, at the time or in
// the yearly report.
//
// Controls: HIPAA 164.404(a)(1), 164.406, 164.408(b), 164.408(c), 164.410.
const (
	ToIndividuals   Audience = "individuals"
	ToMedia         Audience = "media"
	ToSecretary     Audience = "secretary"
	ToCoveredEntity Audience = "covered entity"
)

// An Element is a part of the content that a notice to individuals or media
// needs, to the extent possible.
//
// Controls: HIPAA 164.404(c).
type Element string

// The five elements of 164.404(c)(1)(A) to (E).
//
// Controls: HIPAA 164.404(c).
const (
	WhatHappened Element = "what happened"
	KindsOfPHI   Element = "kinds of PHI"
	ToDo         Element = "steps to take"
	Response     Element = "response"
	Contact      Element = "contact"
)

func elements() []Element {
	return []Element{WhatHappened, KindsOfPHI, ToDo, Response, Contact}
}
