package fhir_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fhir"
)

// A search that found two patients is two AuditEvents.
func ExampleProjector_Project() {
	p, err := fhir.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	record := audit.Event{
		ID: "r-1", Source: "urn:clinic:charts", Type: audit.TypeSearched, Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC),
		Data: []byte(`{"entry":"e-1","part":0,"route":"GET /charts","resource":"Chart","action":"search","patients":["p1.aaaa","p1.bbbb"]}`),
	}
	events, err := p.Project(context.Background(), record, &audit.Ended{Entry: "e-1", Outcome: audit.Completed, Status: 200})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range events {
		fmt.Println(e.Meta.Profile[0], e.Entity[2].What.Identifier.Value)
	}
	fmt.Printf("%s\n", events[0].Entity[0].Query)
	// Output:
	// https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery p1.aaaa
	// https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery p1.bbbb
	// GET /charts
}

// An empty Bundle has no empty array.
func ExampleWriteBundle() {
	none := func(func(fhir.AuditEvent, error) bool) {}
	fmt.Println(fhir.WriteBundle(os.Stdout, fhir.Collection, none))
	// Output:
	// {"resourceType":"Bundle","type":"collection"}
	// <nil>
}
