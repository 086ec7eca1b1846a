package gap_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func date(s string) risk.Date {
	d, err := risk.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Addressable is not optional: without reasons there is no decision.
func ExampleDecide() {
	record := gap.Record{
		Specification: safeguard.EncryptionAndDecryption, Choice: gap.Alternative,
		Measure:    "the appliance is bolted into a locked and watched room",
		ApprovedBy: "security officer", ApprovedOn: date("2026-11-02"), EffectiveFrom: date("2026-11-02"), ReviewBy: date("2027-05-02"),
	}
	_, err := gap.Decide(record)
	fmt.Println(err)

	record.Rationale = "the appliance cannot encrypt and is replaced in a year"
	record.Contribution = "stolen disks would not show charts"
	record.Factors = gap.Factors{
		Organisation:   "two clinicians and one technician",
		Infrastructure: "one appliance without disk encryption",
		Costs:          "a new appliance costs a yearly budget",
		Risks:          "theft is unlikely, its impact high",
	}
	d, err := gap.Decide(record)
	fmt.Println(d.Specification(), d.Record().Choice, err)

	record.LastInEffect = date("2027-10-31")
	d, err = gap.Decide(record)
	fmt.Println("kept until", d.RetainUntil(), err)
	// Output:
	// gap: assessment: rationale: must say why it would not be reasonable and appropriate to implement the specification (164.306(d)(3)(ii)(B)(1))
	// 164.312(a)(2)(iv) alternative <nil>
	// kept until 2033-10-31 <nil>
}

// The four steps: what applies, what is paired with it, how far it is in place,
// which gaps there are.
func ExampleNew() {
	a, err := gap.New("Practice", date("2026-11-21"), &gap.Options{Exclusions: []gap.Exclusion{{
		Control: safeguard.GroupHealthPlans, Reason: "the practice sponsors no group health plan", By: "security officer", On: date("2026-11-20"),
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(a.Applicable()), "provisions apply,", len(a.Subcategories()), "outcomes are paired with them")

	for i := range a.Provisions {
		a.Provisions[i].Result = gap.Result{Score: gap.Maturity3, By: "auditor", On: date("2026-11-20")}
		if a.Provisions[i].Control == safeguard.AuditControls {
			a.Provisions[i].Result.Score = gap.Maturity2
		}
	}
	a.Outcomes, a.Gaps = nil, []gap.Gap{{
		ID: "G-1", Controls: []safeguard.Control{safeguard.AuditControls}, Finding: "nobody reviews the records",
		Likelihood: risk.High, Impact: risk.VeryHigh,
	}}
	below := map[bool]int{}
	for _, s := range a.Shortfalls() {
		below[s.Control != ""]++
		if s.Control != "" {
			fmt.Printf("%s is at %s, target %s, gap %s, risk %s\n", s.Control, s.Score, s.Target, s.Gap, s.Risk)
		}
	}
	fmt.Println("provisions below target:", below[true], "outcomes below target or not assessed:", below[false])
	fmt.Println("next review:", a.NextReview())
	// Output:
	// 67 provisions apply, 106 outcomes are paired with them
	// 164.312(b) is at 2 (written down), target 3 (done as written, with evidence), gap G-1, risk Very High
	// provisions below target: 1 outcomes below target or not assessed: 106
	// next review: 2027-02-21
}
