package smart_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/smart"
)

// Scopes of both versions mean the same in one form.
func ExampleParse() {
	scopes, err := smart.Parse("patient/Observation.read patient/Condition.s patient/Condition.r launch/patient")
	fmt.Println(scopes, err)
	_, err = smart.Parse("patient/Observation.dus")
	fmt.Println(err)
	// Output:
	// patient/Condition.rs patient/Observation.rs launch/patient <nil>
	// smart: scope: not usable: scope 1: its permissions are no part of cruds, in this order
}

// An application gets what both the user's roles and its scopes let it.
func ExampleScopes_Scope() {
	policy, err := access.ParsePolicy([]byte(`{"version":1,
		"resources":{"Observation":["read"],"Condition":["read"]},
		"roles":{"clinician":{"allow":[{"id":"C-1","resource":"Observation","actions":["read"],"purposes":["TREAT"],
		 "fields":["Observation.code"],"because":"treats"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"carla": {"clinician"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	scopes, err := smart.Parse("patient/*.rs")
	if err != nil {
		fmt.Println(err)
		return
	}
	ada, bob := safeguard.NewPatient("p-1"), safeguard.NewPatient("p-2")
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "carla", Kind: safeguard.Person})
	ctx = access.WithScope(ctx, scopes.Scope(ada, nil))
	for _, r := range []access.Request{
		{Resource: "Observation", Action: "read", Purpose: safeguard.Treatment, Patient: ada},
		{Resource: "Observation", Action: "read", Purpose: safeguard.Treatment, Patient: bob},
		{Resource: "Condition", Action: "read", Purpose: safeguard.Treatment, Patient: ada},
	} {
		fmt.Println(r.Resource, guard.Decide(ctx, r).Code)
	}
	// Output:
	// Observation access.allowed
	// Observation access.scope
	// Condition access.no-rule
}
