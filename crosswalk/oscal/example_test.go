package oscal_test

import (
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

// A service states what its code names, and checks that the document resolves
// against the catalog before it hands both to an auditor.
//
// Controls: HIPAA 164.308(a)(8).
func Example() {
	info := oscal.Info{Version: "2026.11", Modified: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Scope: "https://clinic.example"}
	catalog, err := oscal.Catalog(info)
	if err != nil {
		fmt.Println(err)
		return
	}
	components, err := oscal.Components(info, []oscal.Claim{
		{Component: "example.com/clinic/charts", Symbol: "Server.Show", Control: safeguard.AuditControls},
		{Component: "example.com/clinic/charts", Symbol: "TestShowIsRecorded", Control: safeguard.AuditControls, Test: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(catalog.Name(), catalog.Model())
	fmt.Println(components.Name(), components.Model())
	fmt.Println("problems:", len(oscal.Check(catalog, components)))
	fmt.Println("without the catalog:", oscal.Check(components)[0])
	// Output:
	// hipaa-catalog.json catalog
	// component-definition.json component-definition
	// problems: 0
	// without the catalog: component-definition.json: components[0].control-implementations[0].source: names no catalog among the documents
}
