package risk_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// SP 800-30's tables are looked up, not multiplied.
func ExampleOf() {
	likelihood := risk.Likelihood(risk.VeryHigh, risk.Moderate) // it will be tried; it may succeed
	fmt.Println("likelihood:", likelihood)
	fmt.Println("risk:", risk.Of(likelihood, risk.High))
	fmt.Println("very likely and harmless:", risk.Of(risk.VeryHigh, risk.VeryLow))
	fmt.Println("nobody has rated the impact:", risk.Of(likelihood, risk.Unrated))
	// Output:
	// likelihood: High
	// risk: High
	// very likely and harmless: Very Low
	// nobody has rated the impact: not rated
}

// A file is strict, and an error says where.
func ExampleParse() {
	_, err := risk.Parse([]byte(`{
  "organisation": "Practice",
  "version": 1,
  "date": "2026-02-29",
  "status": "draft"
}`))
	fmt.Println(err)
	_, err = risk.Parse([]byte(`{
  "organisation": "Practice",
  "version": 1,
  "date": "2026-02-28",
  "status": "draft",
  "vulnerabilities": [{"id": "w1", "description": "one password for all",
    "controls": ["164.312(a)(2)(I)"]}]
}`))
	fmt.Println(err)
	// Output:
	// risk: register: 4:11: date: risk: date: not a date in the form YYYY-MM-DD
	// risk: register: 7:18: vulnerabilities[0].controls[0]: crosswalk: id: "164.312(a)(2)(I)" is not a known provision; did you mean 164.312(a)(2)(i)?
}

// The regulation's cap and that of enforcement discretion are kept apart.
func ExampleExpose() {
	e, err := risk.Expose([]risk.Violations{
		{Control: "164.312(d)", Year: 2026, Tier: risk.DidNotKnow, Count: 40},
	})
	fmt.Println("regulation:", e.Regulation, err)
	fmt.Println("discretion:", e.Discretion)
	// Output:
	// regulation: $5,800 to $2,190,294 <nil>
	// discretion: $5,800 to $36,505
}

// A draft from the phi tags of a program says what is still to be answered.
func ExampleNew() {
	date, _ := risk.ParseDate("2026-11-21")
	r, err := risk.New("Practice", date, &risk.Options{Fields: []risk.Field{
		{Type: "example.org/clinic/chart.Patient", Path: "MRN", Kind: "mrn"},
		{Type: "example.org/clinic/chart.Patient", Path: "Note", Kind: "text"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range r.Assets {
		fmt.Println(a.ID, len(a.Fields))
	}
	for _, open := range r.Open() {
		fmt.Println("-", open.Text)
	}
	// Output:
	// example.org.clinic.chart 2
	// - not said which systems are in it
	// - no date for the next review
	// - management has not said which risk it accepts
	// - example.org.clinic.chart has no owner
	// - example.org.clinic.chart counts as holding ePHI and no risk names it
}
