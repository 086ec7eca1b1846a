// Command smart tells what package access/smart does: applications with
// different scopes ask for the same data on behalf of the same clinician. It
// needs no flag and no service, and ends by itself.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/smart"
)

const policy = `{"version":1,"resources":{"Observation":["read","search"],"Patient":["read"]},
 "roles":{"clinician":{"allow":[{"id":"C-1","resource":"Observation","actions":["read","search"],"purposes":["TREAT"],
  "fields":["Observation.id","Observation.category","Observation.valueString"],"because":"treats the patient"}]}}}`

const results = `{"resourceType":"Bundle","type":"searchset","total":3,"entry":[` +
	`{"resource":{"resourceType":"Observation","id":"glucose","category":[{"coding":[{"code":"laboratory"}]}],"subject":{"reference":"Patient/p-1"},"valueString":"5.4"}},` +
	`{"resource":{"resourceType":"Observation","id":"pulse","category":[{"coding":[{"code":"vital-signs"}]}],"subject":{"reference":"Patient/p-1"},"valueString":"72"}},` +
	`{"resource":{"resourceType":"Observation","id":"of-another","category":[{"coding":[{"code":"laboratory"}]}],"subject":{"reference":"Patient/p-2"},"valueString":"9"}}]}`

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	parsed, err := access.ParsePolicy([]byte(policy))
	if err != nil {
		return err
	}
	guard, err := access.New(parsed, &access.Options{Roles: access.Assignments{"carla": {"clinician"}}})
	if err != nil {
		return err
	}
	launch, err := smart.ParseContext([]byte(`{"access_token":"…","patient":"p-1","fhirContext":[{"reference":"ImagingStudy/7"}]}`))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "An application was launched for %v, in a %v.\n\n", launch.Patient, launch)

	for _, scope := range []string{
		"user/Observation.rs", "patient/Observation.read", "patient/*.s?category=laboratory", "patient/Observation.cud",
		"user/Observation.s?date=2026", "system/*.cruds", "openid fhirUser launch/patient",
	} {
		if err := search(out, guard, launch, scope); err != nil {
			return err
		}
	}

	fmt.Fprintln(out, "\nScopes that other implementations let pass:")
	for _, scope := range []string{"patient/Patient.", "patient/Observation.dus", "user/*.rs?code:in=http://example.org/v"} {
		_, err := smart.Parse(scope)
		fmt.Fprintf(out, "  %-42s %v\n", scope, err)
	}
	return nil
}

// search asks for the results of a search under scopes.
func search(out io.Writer, guard *access.Guard, launch smart.Context, scope string) error {
	scopes, err := smart.Parse(scope)
	if err != nil {
		return err
	}
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "carla", Kind: safeguard.Person})
	ctx = access.WithScope(ctx, scopes.Scope(launch.Patient, nil))
	d := guard.Decide(ctx, access.Request{Resource: "Observation", Action: "search", Purpose: safeguard.Treatment, Patient: launch.Patient})
	fmt.Fprintf(out, "%s\n  means %s\n  %s\n", scope, scopes, d.Code)
	if !d.Allowed {
		return nil
	}
	answer, err := d.Project(nil, []byte(results))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %s\n", answer)
	return nil
}
