package deid

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oneOfEach has a field of each paragraph, (A) to (R).
type oneOfEach struct {
	Name       string    `phi:"name"`
	Street     string    `phi:"street"`
	Seen       time.Time `phi:"date"`
	Phone      string    `phi:"phone"`
	Fax        string    `phi:"fax"`
	Email      string    `phi:"email"`
	SSN        string    `phi:"ssn"`
	MRN        string    `phi:"mrn"`
	HealthPlan string    `phi:"healthplan"`
	Account    string    `phi:"account"`
	License    string    `phi:"license"`
	Vehicle    string    `phi:"vehicle"`
	Device     string    `phi:"device"`
	URL        string    `phi:"url"`
	IP         string    `phi:"ip"`
	Biometric  []byte    `phi:"biometric"`
	Photo      []byte    `phi:"photo"`
	Other      string    `phi:"other"`
}

// Each of the 18 kinds has a named test, over FHIR where FHIR R4 has a place
// for it and over a Go struct always.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestEighteenKinds(t *testing.T) {
	const patient = `{"resourceType":"Patient","active":true,%s}`
	const ident = `"identifier":[{"type":{"coding":[{"code":"%s"}]},"value":"%s"}]`
	id := func(code, value string) string { return fmt.Sprintf(patient, fmt.Sprintf(ident, code, value)) }
	for _, c := range []struct{ letter, name, field, secret, src string }{
		{"A", "names", "Name", "Quillfeather", fmt.Sprintf(patient, `"name":[{"family":"Quillfeather"}]`)},
		{"B", "geography", "Street", "Larkspur Lane", fmt.Sprintf(patient, `"address":[{"line":["Larkspur Lane"]}]`)},
		{"C", "dates", "Seen", "2023-11-05", `{"resourceType":"Encounter","status":"finished","period":{"start":"2023-11-05"}}`},
		{"D", "telephone", "Phone", "360-555-0188", fmt.Sprintf(patient, `"telecom":[{"system":"phone","value":"360-555-0188"}]`)},
		{"E", "fax", "Fax", "360-555-0147", fmt.Sprintf(patient, `"telecom":[{"system":"fax","value":"360-555-0147"}]`)},
		{"F", "email", "Email", "xq@mail.example", fmt.Sprintf(patient, `"telecom":[{"system":"email","value":"xq@mail.example"}]`)},
		{"G", "social security", "SSN", "987-65-4329", id("SS", "987-65-4329")},
		{"H", "medical record", "MRN", "MRN-88412077", id("MR", "MRN-88412077")},
		{"I", "health plan", "HealthPlan", "HPB-5521903X", id("MB", "HPB-5521903X")},
		{"J", "account", "Account", "ACCT-7730041", id("AN", "ACCT-7730041")},
		{"K", "license", "License", "WDL-Q771P9Z02", id("DL", "WDL-Q771P9Z02")},
		{"L", "vehicle", "Vehicle", "1HGCM82633A004352", id("VIN", "1HGCM82633A004352")},
		{"M", "device", "Device", "CGM-40981-TT", `{"resourceType":"Device","status":"active","serialNumber":"CGM-40981-TT"}`},
		{"N", "URL", "URL", "https://quill.example", fmt.Sprintf(patient, `"telecom":[{"system":"url","value":"https://quill.example"}]`)},
		{"O", "IP address", "IP", "203.0.113.207", ""},
		{"P", "biometric", "Biometric", "voiceprint-3391", ""},
		{"Q", "photograph", "Photo", "RkFDRUZBQ0U=", fmt.Sprintf(patient, `"photo":[{"data":"RkFDRUZBQ0U="}]`)},
		{"R", "other", "Other", "TATTOO-raven", id("XX", "TATTOO-raven")},
	} {
		t.Run(c.letter+" "+c.name, func(t *testing.T) {
			e := engine(t, nil)
			if c.src != "" {
				out, report := transform(t, e, c.src)
				require.NotContains(t, out, c.secret)
				require.NotContains(t, reportText(t, report), c.secret)
				require.Equal(t, 1, report.N(c.letter, Removed, Year))
			}
			in := oneOfEach{Seen: time.Date(2023, 11, 5, 9, 41, 0, 0, time.UTC)}
			if c.letter != "C" {
				in.Seen = time.Time{}
			}
			setField(&in, c.field, c.secret)
			out, report, err := Struct(context.Background(), e, in)
			require.NoError(t, err)
			require.NotContains(t, fmt.Sprintf("%v %s %s", out, out.Photo, out.Biometric), c.secret)
			require.Equal(t, 1, report.N(c.letter, Removed, Year))
			require.Len(t, report.Counts, 1)
			require.Equal(t, "oneOfEach."+c.field, report.Counts[0].Path)
			require.Contains(t, reportText(t, report), "("+c.letter+") ")
		})
	}
}

func setField(v *oneOfEach, name, s string) {
	for field, p := range map[string]*string{"Name": &v.Name, "Street": &v.Street, "Phone": &v.Phone, "Fax": &v.Fax, "Email": &v.Email,
		"SSN": &v.SSN, "MRN": &v.MRN, "HealthPlan": &v.HealthPlan, "Account": &v.Account, "License": &v.License, "Vehicle": &v.Vehicle,
		"Device": &v.Device, "URL": &v.URL, "IP": &v.IP, "Other": &v.Other} {
		if field == name {
			*p = s
		}
	}
	switch name {
	case "Biometric":
		v.Biometric = []byte(s)
	case "Photo":
		v.Photo = []byte(s)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestYears(t *testing.T) {
	for in, want := range map[string]string{
		"1961-08-17": `"1961"`, "1961-08": `"1961"`, "1961": `"1961"`, "2024-02-29T23:59:59.999+14:00": `"2024"`, "2024-02-29 10:00": `"2024"`,
		"1937": `"1937"`, "1936": "", "1936-12-31": "", "1901-01-01": "", "2046": `"2046"`, "2047": "",
		"6789-01": "", "17/08/1961": "", "1961-8-17": "", "Aug 1961": "", "19610817": "", "196": "", "1961-13-01": "", "2023-02-29": "",
		"1961-08-17Tquillfeather": "", "1961-08-17T10:00 Xq": "", "1961T10:00": "", "": "", "0961": "", "1961-08-17T": "",
	} {
		out, _ := transform(t, engine(t, nil), `{"resourceType":"Patient","active":true,"birthDate":"`+in+`"}`)
		if want == "" {
			require.NotContains(t, out, "birthDate", in)
		} else {
			require.Contains(t, out, `"birthDate":`+want+"}", in)
		}
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestAgesOver89(t *testing.T) {
	obs := func(code, value string) string {
		return `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]},` + value + `}`
	}
	const over = `"valueQuantity":` + overAge
	for _, c := range []struct{ src, want string }{
		{obs("30525-0", `"valueQuantity":{"value":89,"unit":"years","code":"a"}`), `"valueQuantity":{"value":89,"unit":"years","code":"a"}`},
		{obs("30525-0", `"valueQuantity":{"value":90,"unit":"years","code":"a"}`), over},
		{obs("30525-0", `"valueQuantity":{"value":1.01e2,"unit":"a"}`), over},
		{obs("30525-0", `"valueQuantity":{"value":93}`), over},
		{obs("30525-0", `"valueQuantity":{"value":1116,"unit":"months","code":"mo"}`), over},
		{obs("30525-0", `"valueQuantity":{"value":612,"unit":"months","code":"mo"}`), `"value":612`},
		{obs("30525-0", `"valueInteger":93`), `"valueInteger":90`},
		{obs("30525-0", `"valueInteger":43`), `"valueInteger":43`},
		{obs("8302-2", `"valueInteger":93`), `"valueInteger":93`},
		{obs("8302-2", `"valueQuantity":{"value":93,"unit":"years"}`), over},
		{obs("8302-2", `"valueQuantity":{"value":193,"unit":"cm"}`), `"value":193`},
		{obs("8302-2", `"valueQuantity":{"value":400,"unit":"d"}`), `"value":400`},
		{obs("8302-2", `"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueQuantity":{"value":95}}]`), over},
		{`{"resourceType":"Condition","onsetAge":{"value":91,"unit":"yr"}}`, `"onsetAge":` + overAge},
		{`{"resourceType":"Condition","onsetRange":{"low":{"value":70,"unit":"yr"},"high":{"value":92,"unit":"yr"}}}`, `"high":` + overAge},
	} {
		out, _ := transform(t, engine(t, nil), c.src)
		require.Contains(t, out, c.want, c.src)
	}
	for _, src := range []string{
		obs("30525-0", `"valueQuantity":{"value":93,"unit":"moons"}`),
		obs("30525-0", `"valueQuantity":{"value":"93","unit":"a"}`),
		obs("30525-0", `"valueQuantity":{"unit":"a"}`),
		obs("30525-0", `"valueString":"93 years old"`),
		`{"resourceType":"Condition","onsetAge":{"value":91,"unit":"Quillfeather"}}`,
	} {
		out, _ := transform(t, engine(t, nil), src)
		require.NotContains(t, out, "9", src)
	}
}

// A number can be a social security number as well as a measurement.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestNumbers(t *testing.T) {
	for raw, stays := range map[string]bool{
		"7.10": true, "-3.5e-2": true, "0.02462106442270927": true, "99999999": true, "98065": false,
		"987654329": false, "-987654329": false, "9.87654329E8": false, "3605550188": false, "1e400": false, "0.1234567890123456789012345": false,
	} {
		out, _ := transform(t, engine(t, nil), `{"resourceType":"Observation","status":"final","valueQuantity":{"value":`+raw+`,"unit":"mg/dL"},`+
			`"contained":[{"resourceType":"Patient","address":[{"postalCode":"98065"}]}]}`)
		require.Equal(t, stays, strings.Contains(out, `"value":`+raw+`,`), raw)
	}
}

// The age at an event and the year of the event tell the year of birth, so of
// somebody over 89 the ages go; of others in the same bundle they stay.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestAgesOfSomebodyOver89(t *testing.T) {
	condition := func(subject string) string {
		return `{"resource":{"resourceType":"Condition","recordedDate":"1990","onsetAge":{"value":61,"unit":"a"}` + subject + `}}`
	}
	const people = `{"fullUrl":"http://h.example/fhir/Patient/old","resource":{"resourceType":"Patient","id":"old","birthDate":"1929"}},` +
		`{"fullUrl":"http://h.example/fhir/Patient/young","resource":{"resourceType":"Patient","id":"young","birthDate":"1961"}},`
	for subject, stays := range map[string]bool{
		`,"subject":{"reference":"http://h.example/fhir/Patient/old"}`:   false,
		`,"subject":{"reference":"http://h.example/fhir/Patient/young"}`: true,
		`,"subject":{"reference":"http://h.example/fhir/Patient/else"}`:  false,
		``: false,
	} {
		out, _ := transform(t, engine(t, nil), `{"resourceType":"Bundle","type":"batch","entry":[`+people+condition(subject)+`]}`)
		require.Equal(t, stays, strings.Contains(out, `"value":61`), subject)
		require.NotContains(t, out, "1929")
		require.Contains(t, out, "1961")
	}
}
