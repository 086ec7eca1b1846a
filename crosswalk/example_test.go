package crosswalk_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// What the rule says of automatic logoff, and what NIST pairs it with.
func Example() {
	r, _ := crosswalk.Get(safeguard.AutomaticLogoff)
	fmt.Printf("%s %s (%s %s)\n", r.ID, r.Title, r.Designation, r.Level)
	for p := range crosswalk.ByControl(crosswalk.CSF11, r.ID) {
		fmt.Println(p.Framework, p.Ref, p.Provenance)
	}
	for p := range crosswalk.ByControl(crosswalk.CSF20, r.ID) {
		fmt.Println(p.Framework, p.Ref, p.Provenance, "via", p.Via())
	}
	// Output:
	// 164.312(a)(2)(iii) Automatic logoff (Addressable specification)
	// NIST CSF 1.1 ID.GV-3 official
	// NIST CSF 1.1 PR.AC-1 official
	// NIST CSF 1.1 PR.DS-1 official
	// NIST CSF 1.1 PR.DS-5 official
	// NIST CSF 1.1 PR.MA-2 official
	// NIST CSF 2.0 GV.OC-03 derived via [ID.GV-3]
	// NIST CSF 2.0 ID.AM-08 derived via [PR.MA-2]
	// NIST CSF 2.0 PR.AA-01 derived via [PR.AC-1]
	// NIST CSF 2.0 PR.AA-05 derived via [PR.AC-1]
	// NIST CSF 2.0 PR.DS-01 derived via [PR.DS-1 PR.DS-5]
	// NIST CSF 2.0 PR.DS-02 derived via [PR.DS-5]
	// NIST CSF 2.0 PR.DS-10 derived via [PR.DS-5]
	// NIST CSF 2.0 PR.PS-02 derived via [PR.MA-2]
}

// A near miss is refused; the error says which id was probably meant.
func ExampleParseID() {
	_, err := crosswalk.ParseID("164_308_a_1_ii_a")
	fmt.Println(err)
	// Output:
	// crosswalk: id: "164_308_a_1_ii_a" is not a known provision; did you mean 164.308(a)(1)(ii)(A)?
}

// A citation of a whole paragraph stands for a standard and its
// specifications.
func ExampleExpand() {
	ids, err := crosswalk.Expand("164.312(c)")
	fmt.Println(ids, err)
	// Output:
	// [164.312(c)(1) 164.312(c)(2)] <nil>
}

// What other tools write, read through the table of known spellings.
func ExampleParseAlias() {
	for _, s := range []string{"164_312_a_2_iii", "45 CFR § 164.312(a)(2)(iii)", "hipaa-164.312-a-2-iii", "164.308(b)(4)"} {
		id, err := crosswalk.ParseAlias(s)
		fmt.Println(id, err)
	}
	// Output:
	// 164.312(a)(2)(iii) <nil>
	// 164.312(a)(2)(iii) <nil>
	// 164.312(a)(2)(iii) <nil>
	// 164.308(b)(3) <nil>
}

// What the rule says, and what is good practice and not the rule.
func ExamplePractices() {
	r, _ := crosswalk.Get(safeguard.AutomaticLogoff)
	fmt.Println("The rule:", r.Text)
	for p := range crosswalk.Practices(r.ID) {
		fmt.Println("It is silent:", p.Silent)
		fmt.Println("Good practice:", p.Advice)
	}
	// Output:
	// The rule: Implement electronic procedures that terminate an electronic session after a predetermined time of inactivity.
	// It is silent: It names no time; 164.306(b) leaves it to the risk analysis.
	// Good practice: 15 minutes without activity and 12 hours in all where the risk is high; at most 1 hour and 24 hours elsewhere.
}

// What NIST has and the reconstructed OCR crosswalk has not, and the reverse.
func ExampleOCRRow() {
	for row := range crosswalk.OCR2016() {
		if len(row.OnlyHere())+len(row.OnlyNIST()) > 0 {
			fmt.Println(row.Subcategory, row.OnlyHere(), row.OnlyNIST())
		}
	}
	// Output:
	// ID.AM-4 [] [164.314(a)(2)(iii)]
	// ID.BE-2 [] [164.310(a)(2)(i)]
	// ID.RA-6 [] [164.314(a)(2)(iii)]
	// PR.AC-3 [164.308(b)(3)] []
	// PR.AT-3 [] [164.314(a)(2)(iii)]
	// RC.CO-3 [] [164.314(a)(2)(iii)]
	// RS.CO-3 [] [164.314(a)(2)(iii)]
}
