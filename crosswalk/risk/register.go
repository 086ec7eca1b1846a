package risk

import "github.com/safeguard-sdk/safeguard"

// A Status says whether a document is still being written. Only a final one
// is an organisation's word.
//
// Controls: HIPAA 164.316(b)(1).
type Status string

// A draft may have open points; a final document has an approver, a date and
// none.
//
// Controls: HIPAA 164.316(b)(1).
const (
	Draft Status = "draft"
	Final Status = "final"
)

// A Preceding names the version before, which OCR asks for beside the current
// one.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.308(a)(8).
type Preceding struct {
	Version int  `json:"version"`
	Date    Date `json:"date"`
	// SHA256 is the hash of the file that WriteJSON wrote, in lower-case
	// hexadecimal.
	SHA256 string `json:"sha256"`
}

// A Register is one version of an organisation's risk analysis and of what it
// does about it: what holds ePHI, what threatens it, how likely and how bad
// that is without measures, today and after the planned measures, and who
// answers for it (164.308(a)(1)(ii)(A) and (B)).
//
// It is plain data and not safe for concurrent changes. It describes; it
// cannot tell whether an analysis is accurate and thorough, as the rule wants
// it. It must hold no PHI.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B), 164.316(b)(1); NIST CSF 2.0 ID.RA-01, ID.RA-03, ID.RA-04, ID.RA-05, ID.RA-06.
type Register struct {
	// Organisation is whose register it is, Scope which systems, places and
	// people are in it, and what is not.
	Organisation string `json:"organisation"`
	Scope        string `json:"scope,omitempty"`
	// Version counts from 1, and Preceding names the one before.
	Version   int        `json:"version"`
	Date      Date       `json:"date"`
	Preceding *Preceding `json:"preceding,omitempty"`
	// Reason says why there is a new version: a period, a change, an incident.
	Reason string `json:"reason,omitempty"`
	// Status is Draft or Final. A final register names who approved it, when.
	Status     Status `json:"status"`
	ApprovedBy string `json:"approved_by,omitempty"`
	ApprovedOn Date   `json:"approved_on,omitzero"`
	// ReviewBy is when the register is due for review.
	ReviewBy Date `json:"review_by,omitzero"`
	// Acceptable is the highest residual risk that management accepts without
	// a decision of its own.
	Acceptable Level `json:"acceptable,omitzero"`

	Assets          []Asset         `json:"assets,omitempty"`
	Flows           []Flow          `json:"flows,omitempty"`
	Threats         []Threat        `json:"threats,omitempty"`
	Vulnerabilities []Vulnerability `json:"vulnerabilities,omitempty"`
	Measures        []Measure       `json:"measures,omitempty"`
	Risks           []Risk          `json:"risks,omitempty"`
}

// A Source is a type of threat source of SP 800-30, table D-2.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-03.
type Source string

// Somebody who means it; somebody who errs; equipment, controls or software
// that fail; nature and what the organisation depends on.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-03.
const (
	Adversarial   Source = "adversarial"
	Accidental    Source = "accidental"
	Structural    Source = "structural"
	Environmental Source = "environmental"
)

// A Threat is an event and the type of its source.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-03.
type Threat struct {
	ID     string `json:"id"`
	Source Source `json:"source"`
	Event  string `json:"event"`
}

// A Vulnerability is a weakness, or a condition that predisposes to harm.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-01.
type Vulnerability struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	// Severity is that of SP 800-30, table F-2.
	Severity Level `json:"severity,omitzero"`
	// Controls are the provisions that it bears on.
	Controls []safeguard.Control `json:"controls,omitempty"`
}

// A Measure is a security measure that lowers risk.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type Measure struct {
	ID          string              `json:"id"`
	Description string              `json:"description"`
	Controls    []safeguard.Control `json:"controls,omitempty"`
	// Since is when it was put in place; without it the measure is planned
	// and lowers residual risk only.
	Since Date `json:"since,omitzero"`
	// Evidence says where its working is shown.
	Evidence []string `json:"evidence,omitempty"`
}

// A Rating is an assessment of one risk by SP 800-30.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.RA-04, ID.RA-05.
type Rating struct {
	// Initiation is how likely the event is initiated or occurs (tables G-2
	// and G-3), Adverse how likely it then does harm (G-4), and Impact how
	// much (H-3).
	Initiation Level `json:"initiation,omitzero"`
	Adverse    Level `json:"adverse,omitzero"`
	Impact     Level `json:"impact,omitzero"`
	// Basis says what the levels rest on.
	Basis string `json:"basis,omitempty"`
}

// Likelihood returns the overall likelihood by table G-5.
func (r Rating) Likelihood() Level { return Likelihood(r.Initiation, r.Adverse) }

// Risk returns the level of risk by table I-2; Unrated if anything is.
func (r Rating) Risk() Level { return Of(r.Likelihood(), r.Impact) }

// A Treatment is what is done about a risk (the responses of NIST SP 800-39).
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type Treatment string

// The rule wants risk reduced to a reasonable and appropriate level; accepting
// one above [Register.Acceptable] takes a name, a date and a reason.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
const (
	Mitigate Treatment = "mitigate"
	Avoid    Treatment = "avoid"
	Share    Treatment = "share"
	Transfer Treatment = "transfer"
	Accept   Treatment = "accept"
)

// A Risk is a threat that meets vulnerabilities of assets.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-05, ID.RA-06.
type Risk struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Threat, Assets and Vulnerabilities are ids of the register.
	Threat          string   `json:"threat"`
	Assets          []string `json:"assets"`
	Vulnerabilities []string `json:"vulnerabilities,omitempty"`
	// Controls are the provisions that the risk is about.
	Controls []safeguard.Control `json:"controls,omitempty"`
	// Inherent is the risk without any measure, Current with those in place,
	// Residual with the planned ones too. None may be higher than the one
	// before, and a lower one takes a measure that explains it.
	Inherent Rating `json:"inherent,omitzero"`
	Current  Rating `json:"current,omitzero"`
	Residual Rating `json:"residual,omitzero"`
	// Measures are ids of the register, in place and planned.
	Measures  []string  `json:"measures,omitempty"`
	Treatment Treatment `json:"treatment,omitempty"`
	// Owner answers for the risk; Plan says what is done until Due, and Done
	// when it was.
	Owner string `json:"owner,omitempty"`
	Plan  string `json:"plan,omitempty"`
	Due   Date   `json:"due,omitzero"`
	Done  Date   `json:"done,omitzero"`
	// AcceptedBy, AcceptedOn and Reason are for the treatment Accept.
	AcceptedBy string `json:"accepted_by,omitempty"`
	AcceptedOn Date   `json:"accepted_on,omitzero"`
	Reason     string `json:"reason,omitempty"`
	// Violations are what a penalty could be computed from, if somebody wants
	// to see the exposure; see [Expose].
	Violations []Violations `json:"violations,omitempty"`
}
