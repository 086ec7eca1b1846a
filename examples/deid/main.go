// Command deid tells the story of package deid: what becomes of one FHIR
// bundle and one Go value under Safe Harbor, and what the record of the run
// may and may not say.
//
// Controls: none, an example.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/deid"
)

// bundle is synthetic. Nobody in it exists.
const bundle = `{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"https://ehr.example/fhir/Patient/mrn-88412077","resource":{"resourceType":"Patient","id":"mrn-88412077",
  "name":[{"family":"Quillfeather","given":["Xanthippe"]}],"telecom":[{"system":"phone","value":"360-555-0188"}],
  "gender":"female","birthDate":"1961-08-17",
  "address":[{"line":["4417 Larkspur Lane"],"city":"Snoqualmie","state":"WA","postalCode":"98065-1234","country":"US"}]}},
 {"fullUrl":"https://ehr.example/fhir/Observation/obs-1","resource":{"resourceType":"Observation","id":"obs-1","status":"final",
  "code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"Hemoglobin A1c"}],"text":"Hemoglobin A1c"},
  "subject":{"reference":"Patient/mrn-88412077","display":"Xanthippe Quillfeather"},
  "effectiveDateTime":"2023-11-05T09:41:00-08:00",
  "valueQuantity":{"value":7.10,"unit":"%","system":"http://unitsofmeasure.org","code":"%"},
  "note":[{"text":"Lives above the bakery on Larkspur Lane."}]}}]}`

// Visit declares once what each of its fields is.
type Visit struct {
	MRN      string    `phi:"mrn"`
	Patient  string    `phi:"name"`
	Zip      string    `phi:"zip"`
	Admitted time.Time `phi:"admission"`
	Age      int       `phi:"age"`
	A1c      float64   `phi:"clinical"`
	Note     string    `phi:"text"`
	AddedNow string    // nobody said what it is
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	engine, err := deid.New(nil)
	if err != nil {
		return err
	}
	fmt.Println("1. A FHIR bundle goes in with a name, a phone number, an address, dates and a note.")
	out, report, err := engine.FHIR(ctx, nil, []byte(bundle))
	if err != nil {
		return err
	}
	fmt.Printf("   What comes out keeps codes, measurements, years, the state and three ZIP digits:\n\n%s\n\n", out)

	fmt.Println("2. The record of the run counts, and holds no value:")
	for _, c := range report.Counts {
		fmt.Printf("   (%1s) %-10s %-8s %dx %s\n", c.Paragraph, c.Kind, c.Action, c.N, c.Path)
	}
	fmt.Printf("   policy %s, ZIP table %s\n\n", report.Policy, report.ZipTable)

	fmt.Println("3. It does not claim what software cannot know:")
	fmt.Println("   status:", report.Status())
	if err := report.Attest(deid.Attestation{By: "privacy officer, example clinic", At: time.Now()}); err != nil {
		return err
	}
	fmt.Printf("   after a person attested: %s\n\n", report.Status())

	fmt.Println("4. A Go value is treated as its tags say; what has no tag goes:")
	visit := Visit{"88412077", "X. Quillfeather", "82190", time.Date(2023, 11, 5, 9, 41, 0, 0, time.UTC), 93, 7.1, "as above", "Larkspur Lane"}
	clean, _, err := deid.Struct(ctx, engine, visit)
	if err != nil {
		return err
	}
	fmt.Printf("   %+v\n\n", clean)

	fmt.Println("5. Malformed input is refused whole, and the error repeats nothing of it:")
	_, _, err = engine.FHIR(ctx, nil, []byte(strings.Replace(bundle, `"gender":"female"`, `"gender":"female","gender":"Xanthippe"`, 1)))
	fmt.Println("  ", err)

	fmt.Println("\n6. The same record, as a page for the file:")
	return report.WriteMarkdown(os.Stdout)
}
