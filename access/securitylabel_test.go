package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// labelPolicy has a rule up to N, one up to R that shows less, and one for
// psychiatry that shows only the id.
const labelPolicy = `{"version":1,"labels":["PSY","HIV","42CFRPart2"],"resources":{"Patient":["read"],"Observation":["read"]},"roles":{"r":{"allow":[
  {"id":"N","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.a","Patient.b","Patient.contained","Patient.contained.resourceType"],"because":"b"},
  {"id":"R","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.a"],"labels":{"max":"R"},"because":"b"},
  {"id":"P","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.id"],"labels":{"max":"R","sensitivity":["PSY"]},"because":"b"},
  {"id":"M","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.meta"],"labels":{"max":"R","sensitivity":["PSY"]},"because":"b"},
  {"id":"O","resource":"Observation","actions":["read"],"purposes":["TREAT"],"fields":["Observation.a"],"because":"b"}]}}}`

func labelled(t testing.TB) access.Decision {
	return read(t, guard(t, labelPolicy, access.Assignments{"a": {"r"}}), "a", safeguard.Treatment)
}

// label returns a coding of a security label.
func label(code string) string {
	system := "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	if len(code) == 1 {
		system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	}
	return fmt.Sprintf(`{"system":%q,"code":%q}`, system, code)
}

// reason returns a coding of v3-ActReason.
func reason(code string) string {
	return fmt.Sprintf(`{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":%q}`, code)
}

func meta(codings ...string) string {
	return `"meta":{"security":[` + strings.Join(codings, ",") + `]}`
}

// Labels in a document decide by which rules it is seen, wherever they stand,
// and what is above every ceiling is withheld whole. What cannot be read counts
// as above.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestSecurityLabels(t *testing.T) {
	const data = `"id":"1","a":"A","b":"B"`
	const all, restricted, psychiatry = `"id":"1","a":"A","b":"B"`, `"id":"1","a":"A"`, `"id":"1"`
	coding := func(system, code string) string { return fmt.Sprintf(`{"system":%q,"code":%q}`, system, code) }
	for name, c := range map[string]struct{ meta, want string }{
		"none":                   {``, all},
		"no security":            {`"meta":{"versionId":"1"}`, all},
		"empty":                  {meta(), all},
		"null":                   {`"meta":{"security":null}`, all},
		"null meta":              {`"meta":null`, all},
		"normal":                 {meta(label("N")), all},
		"unrestricted":           {meta(label("U")), all},
		"restricted":             {meta(label("R")), restricted},
		"the highest counts":     {meta(label("U"), label("R"), label("N")), restricted},
		"very restricted":        {meta(label("V")), ""},
		"psychiatry":             {meta(label("PSY")), psychiatry},
		"restricted psychiatry":  {meta(label("R"), label("PSY")), psychiatry},
		"one that no rule has":   {meta(label("HIV")), ""},
		"one of two":             {meta(label("PSY"), label("HIV")), ""},
		"law":                    {meta(label("42CFRPart2")), ""},
		"not of the policy":      {meta(label("SDV")), ""},
		"another case":           {meta(coding("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "r")), ""},
		"no confidentiality":     {meta(coding("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "X")), ""},
		"of STU3":                {meta(coding("http://hl7.org/fhir/v3/Confidentiality", "R")), restricted},
		"of v3":                  {meta(coding("urn:oid:2.16.840.1.113883.5.25", "R")), restricted},
		"another system":         {meta(coding("https://example.org/labels", "PSY")), psychiatry},
		"an unknown one":         {meta(coding("https://example.org/labels", "VIP")), ""},
		"test data":              {meta(reason("HTEST")), all},
		"for its purpose":        {meta(reason("TREAT")), all},
		"restricted, for it":     {meta(label("R"), reason("TREAT")), restricted},
		"for another purpose":    {meta(reason("HPAYMT")), ""},
		"for two purposes":       {meta(reason("HPAYMT"), reason("TREAT")), all},
		"for emergencies only":   {meta(reason("ETREAT")), ""},
		"for one not known":      {meta(reason("CAREMGT"), reason("TREAT")), ""},
		"contained, for another": {meta(reason("TREAT")) + `,"contained":[{"resourceType":"X",` + meta(reason("HPAYMT")) + `}]`, ""},
		"a refrain policy":       {meta(label("NORDSCLCD")), ""},
		"no system":              {meta(`{"code":"N"}`), ""},
		"no code":                {meta(`{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","display":"psychiatry"}`), ""},
		"a code that is none":    {meta(`{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":7}`), ""},
		"an empty coding":        {meta(`{}`), ""},
		"a string":               {meta(`"R"`), ""},
		"an object":              {`"meta":{"security":` + label("N") + `}`, ""},
		"a list in a list":       {`"meta":{"security":[[` + label("N") + `]]}`, ""},
		"security is a string":   {`"meta":{"security":"R"}`, ""},
		"meta is a list":         {`"meta":[{"security":[` + label("R") + `]}]`, ""},
		"meta is a string":       {`"meta":"R"`, ""},
		"escaped":                {`"m\u0065ta":{"s\u0065curity":[{"syst\u0065m":"http:\/\/terminology.hl7.org\/CodeSystem\/v3-Confidentiality","cod\u0065":"\u0052"}]}`, restricted},
		"capitals":               {`"Meta":{"Security":[{"System":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","Code":"R"}]}`, restricted},
		"a tag of redaction":     {meta(coding("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "REDACTED")), all},
		"too long a code":        {meta(coding("https://example.org/labels", strings.Repeat(`x`, 300))), ""},
		"too long and escaped":   {meta(`{"system":"s","code":"` + strings.Repeat(`\n`, 300) + `"}`), ""},
		"inline labels":          {meta(label("PROCESSINLINELABEL")), ""},
		"of a hidden resource":   {`"x":[{"resourceType":"X",` + meta(label("V")) + `}]`, all},
		"of a contained one":     {`"contained":[{"resourceType":"X",` + meta(label("R")) + `}]`, restricted},
		"of a contained one, V":  {`"contained":[{"resourceType":"X",` + meta(label("V")) + `}]`, ""},
		"of two contained":       {`"contained":[{"resourceType":"X",` + meta(label("R")) + `},{"resourceType":"X",` + meta(label("PSY")) + `}]`, psychiatry},
		"contained, not read":    {`"contained":[{"resourceType":"X","meta":[1]}]`, ""},
		"both":                   {meta(label("R")) + `,"contained":[{"resourceType":"X",` + meta(label("PSY")) + `}]`, restricted},
		"a label in a label":     {meta(`{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N","meta":{"security":[]}}`), all},
		"labels of another kind": {`"meta":{"tag":[` + label("V") + `]}`, all},
	} {
		t.Run(name, func(t *testing.T) {
			d := labelled(t)
			first, last := c.meta, c.meta
			if c.meta != "" {
				first, last = c.meta+",", ","+c.meta
			}
			for _, src := range []string{
				`{"resourceType":"Patient",` + first + data + `}`, `{"resourceType":"Patient",` + data + last + `}`, `{` + data + last + `,"resourceType":"Patient"}`,
			} {
				out, err := d.Project(nil, []byte(src))
				list, listErr := d.Project(nil, []byte(`[`+src+`,{"resourceType":"Patient","id":"2"}]`))
				bundle, bundleErr := d.Project(nil, []byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":`+src+`},{"resource":{"resourceType":"Patient","id":"2"}}]}`))
				require.NoError(t, listErr, src)
				require.NoError(t, bundleErr, src)
				if c.want == "" {
					require.ErrorIs(t, err, access.ErrLabel, src)
					require.ErrorIs(t, err, access.ErrProjection)
					require.Nil(t, out)
					require.Len(t, decoded(t, list), 1)
					require.Len(t, decoded(t, bundle).(map[string]any)["entry"], 1)
					continue
				}
				require.NoError(t, err, src)
				got := decoded(t, out).(map[string]any)
				delete(got, "meta")
				delete(got, "Meta")
				delete(got, "contained")
				require.Equal(t, decoded(t, []byte(`{"resourceType":"Patient",`+c.want+`}`)), got, src)
				require.Len(t, decoded(t, list), 2)
				require.Len(t, decoded(t, bundle).(map[string]any)["entry"], 2)
			}
		})
	}
}

// Labels of a Bundle count for every entry, also behind them.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestLabelsOfABundle(t *testing.T) {
	d := labelled(t)
	const entries = `"entry":[{"resource":{"resourceType":"Patient","id":"1","a":"A","b":"B"}},{"resource":{"resourceType":"Observation","a":"O"}}]`
	for _, src := range []string{
		`{"resourceType":"Bundle","type":"searchset",` + meta(label("R")) + `,` + entries + `}`,
		`{"resourceType":"Bundle","type":"searchset",` + entries + `,` + meta(label("R")) + `}`,
	} {
		out, err := d.Project(nil, []byte(src))
		require.NoError(t, err)
		require.JSONEq(t, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"1","a":"A"}}]}`, unmarkedJSON(t, out))
	}
	out, err := d.Project(nil, []byte(`{"resourceType":"Bundle","type":"searchset",`+entries+`,"meta":[]}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"resourceType":"Bundle","type":"searchset"}`, unmarkedJSON(t, out))
}

// Data for one purpose may be used for those below it, and for no other.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestPurposeLabels(t *testing.T) {
	const rules = `{"version":1,"resources":{"Patient":["read"]},"roles":{"r":{"allow":[
	  {"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT","ETREAT","ERTREAT","HPAYMT"],"fields":["Patient.a"],"because":"b"}]}}}`
	g := guard(t, rules, access.Assignments{"a": {"r"}})
	for purpose, labels := range map[safeguard.Purpose]string{"TREAT": "TREAT", "ETREAT": "TREAT ETREAT", "ERTREAT": "TREAT ETREAT ERTREAT", "HPAYMT": "HPAYMT"} {
		d := read(t, g, "a", purpose)
		for _, code := range strings.Fields("TREAT ETREAT ERTREAT HPAYMT BTG HMARKT") {
			_, err := d.Project(nil, []byte(`{"resourceType":"Patient","a":1,`+meta(reason(code))+`}`))
			permitted := strings.Contains(" "+labels+" ", " "+code+" ")
			require.Equal(t, permitted, err == nil, "%s on %s", purpose, code)
			require.Equal(t, permitted, d.Labelled(access.Coding{System: "urn:oid:2.16.840.1.113883.5.8", Code: code}).Allowed)
		}
	}
}

// Labels are read without an allocation, also where they make the projection
// begin again.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestLabelsDoNotAllocate(t *testing.T) {
	d := labelled(t)
	for _, codes := range [][]string{{label("N")}, {label("R")}, {label("R"), label("PSY")}} {
		src := []byte(`{"resourceType":"Patient","id":"1","a":"A","b":"B",` + meta(codes...) + `}`)
		dst := make([]byte, 0, 4096)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := d.Project(dst, src); err != nil {
				panic(err)
			}
		}), codes)
	}
}

// onlyWith is a scope of the resources that hold a word.
type onlyWith string

func (onlyWith) Permits(*access.Request) bool { return true }
func (onlyWith) Filtered(resource, action string) bool {
	return resource == "Patient" && action == "read"
}
func (w onlyWith) Holds(_, _ string, document []byte) bool {
	return strings.Contains(string(document), string(w))
}

// A scope that covers only some resources of a type is asked about each.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectAsksTheScope(t *testing.T) {
	g := guard(t, labelPolicy, access.Assignments{"a": {"r"}})
	ctx := access.WithScope(as("a"), onlyWith(`"category":"lab"`))
	d := g.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	require.True(t, d.Allowed, d.Explain())
	const lab, other = `{"resourceType":"Patient","a":1,"category":"lab"}`, `{"resourceType":"Patient","a":2,"category":"vital"}`
	out, err := d.Project(nil, []byte(lab))
	require.NoError(t, err)
	require.JSONEq(t, `{"resourceType":"Patient","a":1}`, unmarkedJSON(t, out))
	_, err = d.Project(nil, []byte(other))
	require.ErrorIs(t, err, access.ErrLabel)
	out, err = d.Project(nil, []byte(`[`+other+`,`+lab+`]`))
	require.NoError(t, err)
	require.JSONEq(t, `[{"resourceType":"Patient","a":1}]`, unmarkedJSON(t, out))
	out, err = d.Project(nil, []byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":`+other+`},{"resource":`+lab+`},{"resource":{"resourceType":"Observation","a":3}}]}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","a":1}},{"resource":{"resourceType":"Observation","a":3}}]}`, unmarkedJSON(t, out))
}
