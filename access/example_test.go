package access_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// A scheduler asks for a chart, to book a visit: the decision says which
// fields, and the projection lets no other through.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func Example() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Patient": ["read"]},
	  "roles": {"scheduler": {"allow": [
	    {"id": "R-1", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"],
	     "fields": ["Patient.name", "Patient.telecom"], "because": "books visits and calls back"}
	  ]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"sam": {"scheduler"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "sam", Kind: safeguard.Person})
	chart := []byte(`{"resourceType": "Patient", "name": "A. Example", "telecom": "555-0100", "diagnosis": "asthma"}`)

	decision := guard.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Operations})
	fmt.Println(decision.Explain())
	visible, err := decision.Project(nil, chart)
	fmt.Println(string(visible), err)

	decision = guard.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Marketing})
	fmt.Println(decision.Explain())
	_, err = decision.Project(nil, chart)
	fmt.Println(err)
	// Output:
	// allowed: by R-1
	// {"resourceType":"Patient","name":"A. Example","telecom":"555-0100","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}]}} <nil>
	// denied: access.purpose: needed is the purpose HOPERAT
	// access: project: the decision does not allow it
}

// A mistake in a policy is refused with its place.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func ExampleParsePolicy() {
	_, err := access.ParsePolicy([]byte(`{
  "version": 1,
  "resources": {"Patient": ["read"]},
  "roles": {"nurse": {"allow": [
    {"id": "N-1", "resource": "Patient", "actions": ["raed"], "purposes": ["TREAT"],
     "fields": ["Patient.name"], "because": "care"}
  ]}}
}`))
	fmt.Println(err)
	// Output:
	// access: policy: 5:54: Patient declares no action "raed"
}
