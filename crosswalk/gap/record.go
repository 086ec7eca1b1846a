package gap

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

func (r *Record) validate() *Error {
	req, ok := crosswalk.Get(r.Specification)
	switch {
	case !ok:
		_, err := crosswalk.ParseID(string(r.Specification))
		return &Error{Path: "specification", Text: err.Error(), Err: err}
	case req.Designation == crosswalk.Required:
		return fault("specification", string(req.ID)+" is required: there is nothing to decide")
	case req.Designation != crosswalk.Addressable:
		return fault("specification", string(req.ID)+" is no addressable specification")
	case blank(r.ApprovedBy):
		return fault("approved_by", "missing")
	}
	if e := r.dates(); e != nil {
		return e
	}
	switch r.Choice {
	case Implemented:
		return r.implemented()
	case Alternative, NotReasonable:
		return r.reasoned()
	}
	return fault("choice", fmt.Sprintf("must be %q, %q or %q", Implemented, Alternative, NotReasonable))
}

func (r *Record) dates() *Error {
	switch {
	case r.ApprovedOn.IsZero():
		return fault("approved_on", "missing")
	case r.EffectiveFrom.IsZero():
		return fault("effective_from", "missing")
	case r.EffectiveFrom.Before(r.ApprovedOn):
		return fault("effective_from", "is before the approval: a decision is not backdated")
	case !r.LastInEffect.IsZero() && r.LastInEffect.Before(r.EffectiveFrom):
		return fault("last_in_effect", "is before effective_from")
	case r.ReviewBy.IsZero():
		return fault("review_by", "missing")
	case !r.ApprovedOn.Before(r.ReviewBy):
		return fault("review_by", "must be after the approval")
	}
	return nil
}

func (r *Record) implemented() *Error {
	switch {
	case !says(r.Measure):
		return fault("measure", "must say how the specification is implemented")
	case !blank(r.Rationale):
		return fault("rationale", "is for a specification that is not implemented")
	case !blank(r.WithoutMeasure):
		return fault("without_measure", "is for the choice not reasonable")
	}
	return nil
}

// reasoned checks the documentation of 164.306(d)(3)(ii)(B).
func (r *Record) reasoned() *Error {
	for _, f := range []struct{ path, text, what string }{
		{"rationale", r.Rationale, "must say why it would not be reasonable and appropriate to implement the specification (164.306(d)(3)(ii)(B)(1))"},
		{"contribution", r.Contribution, "must say what the specification would likely contribute to protecting ePHI (164.306(d)(3)(i))"},
		{"factors.organisation", r.Factors.Organisation, "must weigh size, complexity and capabilities (164.306(b)(2)(i))"},
		{"factors.infrastructure", r.Factors.Infrastructure, "must weigh technical infrastructure, hardware and software security capabilities (164.306(b)(2)(ii))"},
		{"factors.costs", r.Factors.Costs, "must weigh the costs of security measures (164.306(b)(2)(iii))"},
		{"factors.risks", r.Factors.Risks, "must weigh probability and criticality of potential risks (164.306(b)(2)(iv))"},
	} {
		if !says(f.text) {
			return fault(f.path, f.what)
		}
	}
	switch {
	case r.Choice == Alternative && !says(r.Measure):
		return fault("measure", "must say which equivalent measure is implemented (164.306(d)(3)(ii)(B)(2))")
	case r.Choice == Alternative && !blank(r.WithoutMeasure):
		return fault("without_measure", "is for the choice not reasonable")
	case r.Choice == NotReasonable && !blank(r.Measure):
		return fault("measure", "with an equivalent measure the choice is alternative")
	case r.Choice == NotReasonable && !says(r.WithoutMeasure):
		return fault("without_measure", "must say why no equivalent measure is reasonable and appropriate, and how the standard is met")
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// says reports whether a text can be a reason at all.
func says(s string) bool {
	n := 0
	for _, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	return n >= 12
}
