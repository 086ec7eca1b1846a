package deid

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func observation(code, value string) string {
	return `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"` + code + `"}]},` + value + `}`
}

func bundle(resources ...string) string {
	return `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + strings.Join(resources, `},{"resource":`) + `}]}`
}

// Each of these once came out as it stands.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestAgesInDisguise(t *testing.T) {
	condition := func(member string) string {
		return `{"resourceType":"Condition","severity":{"text":"x"},` + member + `}`
	}
	for secret, src := range map[string]string{
		"95":       condition(`"onsetRange":{"low":{"value":95}}`),
		"96":       condition(`"abatementRange":{"high":{"value":96,"unit":"Jahre"}}`),
		"97":       `{"resourceType":"Procedure","status":"completed","performedRange":{"low":{"value":97}}}`,
		"98":       `{"resourceType":"AllergyIntolerance","type":"allergy","onsetRange":{"low":{"value":98}}}`,
		"1140":     condition(`"onsetRange":{"low":{"value":1140,"unit":"mo"}}`),
		"1141":     condition(`"onsetAge":{"value":1141,"unit":"months","code":"h"}`),
		"94":       condition(`"onsetAge":{"value":94,"unit":"years","code":"wk"}`),
		"93":       condition(`"onsetAge":{"value":93,"unit":"wk","code":"a"}`),
		"9.5":      condition(`"onsetAge":{"value":9.5,"unit":"decades","code":"wk"}`),
		"92":       condition(`"onsetAge":{"value":92,"unit":"moons","code":"mo"}`),
		"34675":    condition(`"onsetAge":{"value":34675,"code":"d"}`),
		"971":      observation("424144002", `"valueInteger":971`),
		"91":       observation("424144002", `"valueInteger":91`),
		"99":       observation("445518008", `"valueQuantity":{"value":99,"unit":"yrs."}`),
		"101":      observation("397669002", `"valueQuantity":{"value":101,"unit":"year(s)"}`),
		"102":      observation("1234567", `"valueQuantity":{"value":102,"unit":"Years old"}`),
		"103":      observation("1234567", `"valueQuantity":{"value":103,"unit":"y/o"}`),
		"1236":     observation("1234567", `"valueQuantity":{"value":1236,"unit":"months"}`),
		"1237":     observation("424144002", `"component":[{"valueQuantity":{"value":1237,"unit":"months"}}]`),
		"104":      observation("424144002", `"valueRange":{"low":{"value":104}}`),
		"105":      `{"resourceType":"Observation","status":"final","code":[{"coding":[{"code":"30525-0"}]}],"valueInteger":[105]}`,
		"106":      observation("30525-0", `"valueRatio":{"numerator":{"value":106}}`),
		"107":      observation("30525-0", `"valueQuantity":{"value":107,"unit":" "}`),
		"1930":     observation("80904-6", `"valueInteger":1930`),
		"1931":     observation("80904-6", `"valueQuantity":{"value":1931}`),
		"19300412": observation("21112-8", `"valueInteger":19300412`),
		"1.932e3":  observation("80904-6", `"valueInteger":1.932e3`),
		"1933":     observation("184099003", `"valueDateTime":"1933-04-12"`),
	} {
		out, report, err := engine(t, nil).FHIR(t.Context(), nil, []byte(src))
		require.NoError(t, err, src)
		require.True(t, json.Valid(out))
		require.NotContains(t, strings.ReplaceAll(string(out), "\"code\":\""+secret, ""), secret, src)
		require.Equal(t, 1, report.N("C", Aggregated, Removed, OldYear), src)
	}
	for keep, src := range map[string]string{
		`"valueInteger":1961`:       observation("80904-6", `"valueInteger":1961`),
		`"valueInteger":64`:         observation("424144002", `"valueInteger":64`),
		`"value":64,"unit":"Jahre"`: condition(`"onsetAge":{"value":64,"unit":"Jahre"}`),
		`"value":120`:               observation("1234567", `"valueQuantity":{"value":120,"unit":"{events}/year"}`),
		`"value":121`:               observation("1234567", `"valueQuantity":{"value":121,"unit":"packs per year"}`),
		`"value":122`:               observation("1234567", `"valueQuantity":{"value":122,"unit":"doses a day"}`),
		`"low":{"value":7}`:         condition(`"onsetRange":{"low":{"value":7}}`),
	} {
		out, _ := transform(t, engine(t, nil), src)
		if !strings.Contains(src, "Jahre") { // which is no unit that may stay as a word
			require.Contains(t, out, keep)
		}
		require.Contains(t, out, strings.Split(keep, ",")[0])
	}
}

// The age at an event and the year of the event come to an age by now, also
// where no patient is in the document, as in every line of an export.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestAgeAndYear(t *testing.T) {
	const subject = `"subject":{"reference":"Patient/1"}`
	for i, c := range []struct {
		src   string
		stays bool
	}{
		{`{"resourceType":"Condition","onsetAge":{"value":70,"unit":"a"},"recordedDate":"2000-01-02"}`, false},
		{`{"resourceType":"Condition","onsetAge":{"value":70,"unit":"a"},"recordedDate":"2007-01-02"}`, true},
		{`{"resourceType":"Condition","onsetAge":{"value":840,"unit":"mo"},"recordedDate":"2000-01-02"}`, false},
		{`{"resourceType":"Condition","onsetAge":{"value":70,"unit":"a"}}`, true},
		{`{"resourceType":"Condition","onsetAge":{"value":70,"unit":"a"},"recordedDate":"1930"}`, true}, // which does not stay
		{`{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"424144002"}]},"valueInteger":70,"effectivePeriod":{"start":"2000"}}`, false},
		{`{"resourceType":"Observation","status":"final","valueQuantity":{"value":70,"unit":"years"},"effectiveInstant":"2000-01-01T00:00:00Z"}`, false},
		{bundle(`{"resourceType":"Condition","onsetAge":{"value":70,"unit":"a"}}`, `{"resourceType":"Encounter","status":"finished","period":{"start":"2000"}}`), false},
		{bundle(`{"resourceType":"Condition",`+subject+`,"onsetAge":{"value":70,"unit":"a"},"recordedDate":"2000"}`, `{"resourceType":"Patient","id":"1","birthDate":"1940"}`), true},
	} {
		out, _ := transform(t, engine(t, nil), c.src)
		require.Equal(t, c.stays, strings.Contains(out, "70") || strings.Contains(out, "840"), "%d %s", i, out)
	}
}

// Whoever may be over 89 is treated as if.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestWhoMayBeOver89(t *testing.T) {
	condition := func(ref string) string {
		return `{"resourceType":"Condition","subject":{"reference":"` + ref + `"},"recordedDate":"2020","onsetAge":{"value":63,"unit":"a"}}`
	}
	patient := func(id, more string) string {
		return `{"resourceType":"Patient","id":"` + id + `","active":true` + more + `}`
	}
	entry := func(url, resource string) string { return `{"fullUrl":"` + url + `","resource":` + resource + `}` }
	entries := func(list ...string) string {
		return `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(list, ",") + `]}`
	}
	const young, old = `,"birthDate":"1961"`, `,"birthDate":"1930"`
	link := func(to string) string { return `,"link":[{"other":{"reference":"` + to + `"},"type":"refer"}]` }
	for name, c := range map[string]struct {
		src   string
		stays bool
	}{
		"young":             {bundle(patient("1", young), condition("Patient/1")), true},
		"no birth date":     {bundle(patient("1", ""), condition("Patient/1")), false},
		"digits":            {bundle(patient("1", `,"birthDate":"19300101"`), condition("Patient/1")), false},
		"slashes":           {bundle(patient("1", `,"birthDate":"04/12/1961"`), condition("Patient/1")), false},
		"no string":         {bundle(patient("1", `,"birthDate":1961`), condition("Patient/1")), false},
		"one id, old first": {bundle(patient("1", old), patient("1", young), condition("Patient/1")), false},
		"one id, old last":  {bundle(patient("1", young), patient("1", old), condition("Patient/1")), false},
		"two servers": {entries(entry("http://a.example/Patient/1", patient("1", young)), entry("http://b.example/Patient/1", patient("1", old)),
			entry("urn:uuid:c", condition("Patient/1"))), false},
		"linked":           {bundle(patient("1", young+link("Patient/2")), patient("2", old), condition("Patient/1")), false},
		"linked back":      {bundle(patient("1", young), patient("2", old+link("Patient/1")), condition("Patient/1")), false},
		"linked by links":  {bundle(patient("1", young+link("Patient/2")), patient("2", young+link("Patient/3")), patient("3", old), condition("Patient/1")), false},
		"linked to young":  {bundle(patient("1", young+link("Patient/2")), patient("2", young), condition("Patient/1")), true},
		"linked elsewhere": {bundle(patient("1", young+link("Patient/9")), condition("Patient/1")), true},
		"contained, old":   {`{"resourceType":"Condition","subject":{"reference":"#p"},"recordedDate":"2020","onsetAge":{"value":63,"unit":"a"},"contained":[` + patient("p", old) + `]}`, false},
		"contained, young": {`{"resourceType":"Condition","subject":{"reference":"#p"},"recordedDate":"2020","onsetAge":{"value":63,"unit":"a"},"contained":[` + patient("p", young) + `]}`, true},
		"contained, no id": {`{"resourceType":"Condition","subject":{"reference":"#p"},"recordedDate":"2020","onsetAge":{"value":63,"unit":"a"},"contained":[{"resourceType":"Patient","birthDate":"1930","active":true}]}`, false},
	} {
		out, _ := transform(t, engine(t, nil), c.src)
		require.Equal(t, c.stays, strings.Contains(out, `"value":63`), "%s: %s", name, out)
		require.NotContains(t, out, "1930", name)
	}
}

// What is in a container without an id is not what is in another one.
//
// Controls: HIPAA 164.514(c).
func TestContainedResourcesOfOthers(t *testing.T) {
	codes := new(Codes)
	e := engine(t, &Options{Codes: codes})
	src := `{"resourceType":"Condition","subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]}`
	out, _ := transform(t, e, bundle(src, src))
	require.JSONEq(t, bundle(fmt.Sprintf(`{"resourceType":"Condition","subject":{"reference":"#code-%d"},"contained":[{"resourceType":"Patient","id":"code-%d"}]}`, 1, 1),
		fmt.Sprintf(`{"resourceType":"Condition","subject":{"reference":"#code-%d"},"contained":[{"resourceType":"Patient","id":"code-%d"}]}`, 2, 2)), number(out))
}

// Every code of the lists is one: it has its check digit.
//
// Controls: none, the lists.
func TestAgeCodesAreCodes(t *testing.T) {
	for code := range strings.FieldsSeq(ageCodes + birthCodes) {
		require.True(t, isLOINC(code) || isSNOMED(code), code)
	}
	require.NotContains(t, ageCodes, "45392-8", "which is a first name")
}
