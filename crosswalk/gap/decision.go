package gap

import (
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// A Choice is what 164.306(d)(3)(ii) allows for an addressable specification.
// There is no other: addressable is not optional.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(1)(ii)(B).
type Choice string

// Implemented is (A). Alternative is (B): documented why the specification is
// not reasonable and appropriate, and an equivalent measure in its place.
// NotReasonable is (B) where no equivalent measure is reasonable and
// appropriate either, and the standard is met without one.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(1)(ii)(B).
const (
	Implemented   Choice = "implemented"
	Alternative   Choice = "alternative"
	NotReasonable Choice = "not reasonable"
)

// Factors are the four that 164.306(b)(2) requires to be taken into account,
// each in the organisation's own words. Cost alone decides nothing.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B), 164.316(b)(1).
type Factors struct {
	// Organisation is (i): size, complexity and capabilities.
	Organisation string `json:"organisation,omitempty"`
	// Infrastructure is (ii): technical infrastructure, hardware, and software
	// security capabilities.
	Infrastructure string `json:"infrastructure,omitempty"`
	// Costs is (iii): the costs of security measures.
	Costs string `json:"costs,omitempty"`
	// Risks is (iv): probability and criticality of potential risks to ePHI.
	Risks string `json:"risks,omitempty"`
}

// A Record is the content of a [Decision], and its form in a file. By itself
// it decides nothing: only [Decide] and reading a file make a Decision of it.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i), 164.308(a)(1)(ii)(B).
type Record struct {
	// Specification is one of the 22 addressable ones.
	Specification safeguard.Control `json:"specification"`
	Choice        Choice            `json:"choice"`
	// Contribution is the likely contribution of the specification to
	// protecting ePHI (164.306(d)(3)(i)), and Factors what was weighed. Both
	// are needed in full unless the specification is implemented.
	Contribution string  `json:"contribution,omitempty"`
	Factors      Factors `json:"factors,omitzero"`
	// Measure is what was implemented: the specification, or the equivalent
	// measure of an Alternative. A NotReasonable has none.
	Measure string `json:"measure,omitempty"`
	// Rationale is why it would not be reasonable and appropriate to
	// implement the specification; needed unless it is implemented.
	Rationale string `json:"rationale,omitempty"`
	// WithoutMeasure is why no equivalent measure is reasonable and
	// appropriate either, and how the standard is met; for NotReasonable only.
	WithoutMeasure string `json:"without_measure,omitempty"`
	// ApprovedBy decided it, on ApprovedOn. It is in effect from EffectiveFrom
	// to LastInEffect, which is left out while it is in effect.
	ApprovedBy    string    `json:"approved_by"`
	ApprovedOn    risk.Date `json:"approved_on"`
	EffectiveFrom risk.Date `json:"effective_from"`
	LastInEffect  risk.Date `json:"last_in_effect,omitzero"`
	// ReviewBy is when it is looked at again.
	ReviewBy risk.Date `json:"review_by"`
	// Evidence says where it is shown, Risks name entries of a register.
	Evidence []string `json:"evidence,omitempty"`
	Risks    []string `json:"risks,omitempty"`
}

// A Decision is an organisation's decision on one addressable specification
// (164.306(d)(3)). One that is not implemented and has no rationale cannot be
// represented: the fields are closed, [Decide] and UnmarshalJSON refuse it, and
// the zero Decision cannot be written. It is immutable and safe for concurrent
// use.
//
// It is a record. Whether the reasons are good, the organisation answers for.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i), 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type Decision struct{ r *Record }

// Decide makes a Decision. The error is an *[Error] that names the field.
//
// Texts must say something: at least 12 letters or digits, so that "n/a" and
// "TBD" do not pass for a reason.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
func Decide(r Record) (Decision, error) {
	r = r.clone()
	if e := r.validate(); e != nil {
		return Decision{}, e
	}
	return Decision{&r}, nil
}

func (r Record) clone() Record {
	r.Evidence = slices.Clone(r.Evidence)
	r.Risks = slices.Clone(r.Risks)
	return r
}

// Record returns the content, zero for the zero Decision.
func (d Decision) Record() Record {
	if d.r == nil {
		return Record{}
	}
	return d.r.clone()
}

// Specification returns what was decided on.
func (d Decision) Specification() safeguard.Control {
	if d.r == nil {
		return ""
	}
	return d.r.Specification
}

// IsZero reports whether d is no decision.
func (d Decision) IsZero() bool { return d.r == nil }

// InEffect reports whether the decision is in effect on a day.
func (d Decision) InEffect(on risk.Date) bool {
	if d.r == nil || on.Before(d.r.EffectiveFrom) {
		return false
	}
	return d.r.LastInEffect.IsZero() || !d.r.LastInEffect.Before(on)
}

// RetainUntil returns the last day of the six years for which the record has
// to be kept, and no date while the decision is in effect: the end of the
// years is not known then. See [RetainUntil].
func (d Decision) RetainUntil() risk.Date {
	if d.r == nil {
		return risk.Date{}
	}
	return RetainUntil(d.r.ApprovedOn, d.r.LastInEffect)
}

// RetainUntil returns the last day for which documentation has to be kept: six
// years from its creation or from when it last was in effect, whichever is
// later (164.316(b)(2)(i)). It returns no date if either is missing, because
// what is in effect has to be kept.
//
// Controls: HIPAA 164.316(b)(2)(i).
func RetainUntil(created, lastInEffect risk.Date) risk.Date {
	if created.IsZero() || lastInEffect.IsZero() {
		return risk.Date{}
	}
	if lastInEffect.Before(created) {
		return created.AddYears(6)
	}
	return lastInEffect.AddYears(6)
}

// MarshalJSON writes the Record. The zero Decision is an error.
func (d Decision) MarshalJSON() ([]byte, error) {
	if d.r == nil {
		return nil, fault("", "a decision without content cannot be written")
	}
	return compact(d.r)
}

// UnmarshalJSON reads what MarshalJSON writes, as strictly as [Parse], and
// refuses what [Decide] refuses. d is unchanged after an error.
func (d *Decision) UnmarshalJSON(b []byte) error {
	r := &Record{}
	if err := strictjson.Decode(b, r); err != nil {
		return parsed(err)
	}
	if e := r.validate(); e != nil {
		return parsed(strictjson.Locate(b, r, e.Path, e.Text, e.Err))
	}
	d.r = r
	return nil
}
