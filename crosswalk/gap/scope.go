package gap

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// An Exclusion says why a conditional provision does not apply to the
// organisation, who says so and since when.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Exclusion struct {
	Control safeguard.Control `json:"control"`
	Reason  string            `json:"reason"`
	By      string            `json:"by"`
	On      risk.Date         `json:"on"`
}

// Condition returns to whom a provision of the Security Rule applies, and ""
// for those that apply to every covered entity and business associate, which
// no [Exclusion] can take away. An addressable specification applies too; what
// can be done about it is a [Decision].
//
// Controls: HIPAA 164.308(a)(8).
func Condition(id safeguard.Control) string {
	switch id {
	case safeguard.IsolatingClearinghouseFunctions:
		return "a health care clearinghouse that is part of a larger organisation"
	case safeguard.BusinessAssociateContractsStandard, safeguard.WrittenContract,
		safeguard.BusinessAssociateArrangements, safeguard.BusinessAssociateContracts:
		return "an organisation that lets another create, receive, maintain or transmit ePHI for it"
	case safeguard.OtherArrangements:
		return "an organisation with an arrangement of 164.504(e)(3), such as between government entities"
	case safeguard.SubcontractorContracts:
		return "a business associate with a subcontractor"
	case safeguard.GroupHealthPlans, safeguard.PlanSponsorSafeguards, safeguard.PlanAdequateSeparation,
		safeguard.PlanAgents, safeguard.PlanIncidentReports:
		return "a group health plan"
	}
	return ""
}

// Applicable returns the provisions of the Security Rule without the excluded
// ones, in the order of the regulation. The slice belongs to the caller.
func (a *Assessment) Applicable() []crosswalk.Requirement {
	var applicable []crosswalk.Requirement
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		if !a.excludes(r.ID) {
			applicable = append(applicable, r)
		}
	}
	return applicable
}

func (a *Assessment) excludes(id safeguard.Control) bool {
	return slices.ContainsFunc(a.Exclusions, func(x Exclusion) bool { return x.Control == id })
}

// Subcategories returns the outcomes of the assessment's edition that are
// paired with an applicable provision, in the order of their ids. The slice
// belongs to the caller.
func (a *Assessment) Subcategories() []crosswalk.Subcategory {
	f := a.Edition.Framework()
	paired := map[string]bool{}
	for _, r := range a.Applicable() {
		for p := range crosswalk.ByControl(f, r.ID) {
			paired[p.Ref] = true
		}
	}
	var outcomes []crosswalk.Subcategory
	for s := range crosswalk.Subcategories(f) {
		if paired[s.ID] {
			outcomes = append(outcomes, s)
		}
	}
	return outcomes
}

// Options are the choices of [New]. The zero value is the default for each.
//
// Controls: HIPAA 164.308(a)(8).
type Options struct {
	// Edition is CSF11 by default, whose pairs are NIST's own.
	Edition Edition
	// Scale is MaturityScale by default.
	Scale Scale
	// Target is by default the third step: Maturity3, or Tier3.
	Target Score
	// Exclusions are none by default: everything applies.
	Exclusions []Exclusion
}

// New returns the draft of a first assessment, in which every provision that
// applies and every outcome paired with one is listed and none is assessed.
// The error is an *[Error].
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 ID.IM-03.
func New(organisation string, date risk.Date, opts *Options) (*Assessment, error) {
	if opts == nil {
		opts = &Options{}
	}
	a := &Assessment{
		Organisation: organisation, Version: 1, Date: date, Status: risk.Draft,
		Edition: opts.Edition, Scale: opts.Scale, Target: opts.Target, Exclusions: slices.Clone(opts.Exclusions),
	}
	if a.Edition == "" {
		a.Edition = CSF11
	}
	if a.Scale == "" {
		a.Scale = MaturityScale
	}
	if a.Target == NotAssessed {
		a.Target = thirdStep(a.Scale)
	}
	if err := a.Validate(); err != nil {
		return nil, err
	}
	for _, r := range a.Applicable() {
		a.Provisions = append(a.Provisions, Provision{Control: r.ID})
	}
	for _, s := range a.Subcategories() {
		a.Outcomes = append(a.Outcomes, Outcome{Subcategory: s.ID})
	}
	return a, a.Validate()
}

func thirdStep(s Scale) Score {
	if s == TierScale {
		return Tier3
	}
	return Maturity3
}

func (v *validator) exclusions() *Error {
	for i, x := range v.a.Exclusions {
		at := fmt.Sprintf("exclusions[%d]", i)
		if e := v.provision(at+".control", x.Control); e != nil {
			return e
		}
		switch {
		case Condition(x.Control) == "":
			return fault(at+".control", string(x.Control)+" applies to every covered entity and business associate")
		case v.seen["exclusion "+string(x.Control)]:
			return fault(at+".control", string(x.Control)+" stands twice")
		case !says(x.Reason):
			return fault(at+".reason", "must say why the organisation is not "+Condition(x.Control))
		case blank(x.By):
			return fault(at+".by", "missing")
		case x.On.IsZero() || v.a.Date.Before(x.On):
			return fault(at+".on", "must be on or before the date of the assessment")
		}
		v.seen["exclusion "+string(x.Control)] = true
	}
	return nil
}
