package access_test

import (
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

const deskPolicy = `{
  "version": 1,
  "resources": {"Patient": ["read"]},
  "roles": {
    "desk": {"allow": [
      {"id": "R-1", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"],
       "fields": ["Patient.name", "Patient.telecom"], "because": "books visits and calls back"}]}
  },
  "tests": [
    {"name": "no number", "as": ["desk"], "do": "read", "on": "Patient", "purpose": "HOPERAT",
     "expect": "allow", "sees": ["Patient.name"], "not_sees": ["Patient.identifier"]},
    {"name": "no care", "as": ["desk"], "do": "read", "on": "Patient", "purpose": "TREAT",
     "expect": "deny", "code": "access.purpose"}
  ]
}`

// A change of a policy is tested, linted and compared before it counts.
func ExampleDiff() {
	older, err := access.ParsePolicy([]byte(deskPolicy))
	if err != nil {
		fmt.Println(err)
		return
	}
	newer, err := access.ParsePolicy([]byte(strings.Replace(deskPolicy, `"Patient.telecom"`, `"Patient.telecom", "Patient.identifier"`, 1)))
	if err != nil {
		fmt.Println(err)
		return
	}
	d := access.Diff(older, newer)
	fmt.Println("widened:", d.Widened())
	for _, c := range d.Cells {
		fmt.Println(c.Role, "may see now", c.Gained, "by", c.NewRules)
	}
	for _, f := range newer.Test() {
		fmt.Println(f)
	}
	// Output:
	// widened: true
	// desk may see now [Patient.identifier] by [R-1]
	// 11:64: test "no number": want Patient.identifier is not seen, got it is, or a part: Patient.identifier, Patient.name, Patient.telecom by R-1
}

// Lint finds what parses and is probably not meant.
func ExamplePolicy_Lint() {
	p, err := access.ParsePolicy([]byte(strings.Replace(deskPolicy, `["Patient.name", "Patient.telecom"]`, `"all", "justification": "n/a"`, 1)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range p.Lint() {
		fmt.Println(m)
	}
	// Output:
	// 6:14: note L17: rule R-1: gives the whole record of every patient; a relationship or a condition would say of whom
	// 7:42: error L30: rule R-1: "n/a" justifies nothing; 164.514(d)(5) asks why the entire record is reasonably necessary
}

// The matrix answers for every role, resource, action and purpose, and Who for
// one field.
func ExamplePolicy_Matrix() {
	p, err := access.ParsePolicy([]byte(deskPolicy))
	if err != nil {
		fmt.Println(err)
		return
	}
	purposes := []safeguard.Purpose{safeguard.Treatment, safeguard.Operations}
	for c := range p.Matrix(&access.MatrixOptions{Purposes: purposes}).Cells() {
		fmt.Println(c.Role, c.Action, c.Resource, c.Purpose, c.Effect, c.Fields)
	}
	for _, r := range p.Who("Patient.telecom.value") {
		fmt.Println(r.Role, r.Action, r.Purpose, r.Rules)
	}
	// Output:
	// desk read Patient TREAT deny []
	// desk read Patient HOPERAT allow [Patient.name Patient.telecom]
	// desk read HOPERAT [R-1]
}

// Explain says what the policy decides of a case that nobody has asked.
func ExamplePolicy_Explain() {
	p, err := access.ParsePolicy([]byte(deskPolicy))
	if err != nil {
		fmt.Println(err)
		return
	}
	e := p.Explain(access.Case{Roles: []string{"desk"}, Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	fmt.Println(e.Sentence)
	for _, r := range e.Rules {
		fmt.Println(r.ID, r.Outcome)
	}
	// Output:
	// denied: access.purpose: needed is the purpose HOPERAT
	// R-1 access.purpose
}
