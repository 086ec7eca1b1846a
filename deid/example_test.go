package deid_test

import (
	"context"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/deid"
)

// A patient goes in, the record of the run says what was done, and only a
// person can say the rest.
func ExampleEngine_FHIR() {
	engine, err := deid.New(&deid.Options{AsOf: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		panic(err)
	}
	src := `{"resourceType":"Patient","name":[{"family":"Quillfeather"}],"gender":"female","birthDate":"1961-08-17",
	"address":[{"city":"Snoqualmie","state":"WA","postalCode":"98065"}],"telecom":[{"system":"fax","value":"360-555-0147"}]}`
	out, report, err := engine.FHIR(context.Background(), nil, []byte(src))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", out)
	for _, c := range report.Counts {
		fmt.Println(c.Paragraph, c.Kind, c.Action, c.Path)
	}
	fmt.Println(report.Status())
	// Output:
	// {"resourceType":"Patient","gender":"female","birthDate":"1961","address":[{"state":"WA","postalCode":"980"}]}
	// A name removed Patient.name
	// B city removed Patient.address.city
	// B state kept Patient.address.state
	// B zip zip3 Patient.address.postalCode
	// C birthdate year Patient.birthDate
	// E fax removed Patient.telecom
	// Safe-Harbor-transformed
}

// A field without a tag, in a struct that has tags, counts as PHI.
func ExampleStruct() {
	type visit struct {
		MRN      string    `phi:"mrn"`
		Admitted time.Time `phi:"admission"`
		Age      int       `phi:"age"`
		A1c      float64   `phi:"clinical"`
		Comment  string
	}
	engine, err := deid.New(&deid.Options{AsOf: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		panic(err)
	}
	in := visit{"88412077", time.Date(2023, 11, 5, 9, 41, 0, 0, time.UTC), 93, 7.1, "lives above the bakery"}
	out, _, err := deid.Struct(context.Background(), engine, in)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%q %s %d %v %q\n", out.MRN, out.Admitted.Format("2006"), out.Age, out.A1c, out.Comment)
	// Output: "" 2023 90 7.1 ""
}
