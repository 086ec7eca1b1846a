package gap

import (
	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// An Assessment is one version of an organisation's evaluation against the
// Security Rule (164.308(a)(8)): which provisions apply, how far each of them
// and of the NIST outcomes paired with them is in place, what is decided about
// the addressable ones, and which gaps somebody closes until when.
//
// It is plain data and not safe for concurrent changes. It records what people
// found; it finds nothing itself and certifies nothing. It must hold no PHI.
//
// Controls: HIPAA 164.308(a)(8), 164.308(a)(1)(ii)(B), 164.316(b)(1); NIST CSF 2.0 ID.IM-03, ID.IM-04, ID.RA-06.
type Assessment struct {
	// Organisation is whose assessment it is, Scope which systems, places and
	// people it covers.
	Organisation string `json:"organisation"`
	Scope        string `json:"scope,omitempty"`
	// Version counts from 1, and Preceding names the one before.
	Version   int             `json:"version"`
	Date      risk.Date       `json:"date"`
	Preceding *risk.Preceding `json:"preceding,omitempty"`
	// Reason says why there is a new version.
	Reason string `json:"reason,omitempty"`
	// Status is draft or final. A final assessment names who approved it, when,
	// and has no open point.
	Status     risk.Status `json:"status"`
	ApprovedBy string      `json:"approved_by,omitempty"`
	ApprovedOn risk.Date   `json:"approved_on,omitzero"`
	// Edition is the Cybersecurity Framework whose outcomes are assessed, and
	// Scale what scores are given on.
	Edition Edition `json:"edition"`
	Scale   Scale   `json:"scale"`
	// Target is what everything is to reach that has no target of its own.
	Target Score `json:"target"`
	// Exclusions are the provisions that do not apply; see [Condition].
	Exclusions []Exclusion `json:"exclusions,omitempty"`
	// Provisions and Outcomes are the results. One that is left out is not
	// assessed, and so below its target.
	Provisions []Provision `json:"provisions,omitempty"`
	Outcomes   []Outcome   `json:"outcomes,omitempty"`
	// Decisions are those on addressable specifications, former ones too.
	Decisions []Decision `json:"decisions,omitempty"`
	Gaps      []Gap      `json:"gaps,omitempty"`
	// ReviewMonths is the longest time between reviews, 1 to 12; zero is 3.
	// The rule says "periodic" and names no period.
	ReviewMonths int `json:"review_months,omitempty"`
	// Reviews are those made of this version, Triggers what called for one.
	Reviews  []Review  `json:"reviews,omitempty"`
	Triggers []Trigger `json:"triggers,omitempty"`
}

// A Result is how far something is in place, as somebody found it.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 ID.IM-03.
type Result struct {
	Score Score `json:"score,omitzero"`
	// Target replaces the assessment's; below that it takes a Reason.
	Target Score  `json:"target,omitzero"`
	Reason string `json:"reason,omitempty"`
	// Finding says what was found, Evidence where it is shown.
	Finding  string   `json:"finding,omitempty"`
	Evidence []string `json:"evidence,omitempty"`
	// By assessed it, On that day. Both are needed with a score.
	By string    `json:"by,omitempty"`
	On risk.Date `json:"on,omitzero"`
}

// A Provision is the result for a standard or implementation specification of
// the Security Rule. Where an equivalent measure takes the place of an
// addressable one, the measure is what is scored.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
type Provision struct {
	Control safeguard.Control `json:"control"`
	Result  Result            `json:"result,omitzero"`
}

// An Outcome is the result for a subcategory of the Cybersecurity Framework.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
type Outcome struct {
	Subcategory string `json:"subcategory"`
	Result      Result `json:"result,omitzero"`
}

// A Gap is a documented shortfall and what is done about it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B), 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 ID.RA-06.
type Gap struct {
	ID string `json:"id"`
	// Controls and Outcomes are what falls short; at least one provision. A
	// gap also stands for the outcomes that are paired with its provisions,
	// except those paired with every provision: they have to be named.
	Controls []safeguard.Control `json:"controls"`
	Outcomes []string            `json:"outcomes,omitempty"`
	Finding  string              `json:"finding"`
	// Likelihood and Impact rank the gap by SP 800-30, table I-2. Risks name
	// entries of a risk register.
	Likelihood risk.Level `json:"likelihood,omitzero"`
	Impact     risk.Level `json:"impact,omitzero"`
	Risks      []string   `json:"risks,omitempty"`
	// Owner carries out Plan until Due.
	Owner string    `json:"owner,omitempty"`
	Plan  string    `json:"plan,omitempty"`
	Due   risk.Date `json:"due,omitzero"`
	// Closed is when it was closed, and Evidence shows it.
	Closed   risk.Date `json:"closed,omitzero"`
	Evidence []string  `json:"evidence,omitempty"`
}

// Risk returns the level of risk by SP 800-30, table I-2; unrated if likelihood
// or impact is, and then ranked above all others.
func (g Gap) Risk() risk.Level { return risk.Of(g.Likelihood, g.Impact) }

// Open reports whether the gap is not closed.
func (g Gap) Open() bool { return g.Closed.IsZero() }

// A Review is one of the assessment, by somebody on a day.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(2)(iii); NIST CSF 2.0 ID.IM-03.
type Review struct {
	On risk.Date `json:"on"`
	By string    `json:"by"`
	// Triggers are the ids of those that it has looked at.
	Triggers []string `json:"triggers,omitempty"`
	Note     string   `json:"note,omitempty"`
}

// A TriggerKind says what kind of change calls for a review.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.RA-07.
type TriggerKind string

// What calls for a review on the day on which it is added or happens. The rule
// says "environmental or operational changes"; the kinds are this package's.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.RA-07.
const (
	System   TriggerKind = "system"
	Vendor   TriggerKind = "vendor"
	Role     TriggerKind = "role"
	AIModel  TriggerKind = "ai model"
	Incident TriggerKind = "incident"
	Other    TriggerKind = "other"
)

// A Trigger is a change that calls for a review.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.RA-07.
type Trigger struct {
	ID   string      `json:"id"`
	Kind TriggerKind `json:"kind"`
	Name string      `json:"name"`
	On   risk.Date   `json:"on"`
}
