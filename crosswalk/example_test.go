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
