package access_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// seeing returns a decision that lets just these fields of Patient be seen.
func seeing(t testing.TB, deny string, fields ...string) access.Decision {
	t.Helper()
	list, err := json.Marshal(fields)
	require.NoError(t, err)
	justification := ""
	for _, f := range fields {
		if f == "all" {
			justification = `"justification":"j",`
		}
	}
	denials := ""
	if deny != "" {
		denials = `,"deny":[{"id":"D","resource":"Patient","actions":["read"],"fields":["` + deny + `"],"because":"b"}]`
	}
	g := guard(t, `{"version":1,"resources":{"Patient":["read"],"Observation":["read"],"Visit":["search"]},"roles":{"r":{"allow":[
		{"id":"R","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":`+string(list)+`,`+justification+`"because":"b"},
		{"id":"O","resource":"Observation","actions":["read"],"purposes":["TREAT"],"fields":["Observation.status"],"because":"b"}
		]`+denials+`}}}`, access.Assignments{"a": {"r"}})
	return read(t, g, "a", safeguard.Treatment)
}

// redactedMeta is what every resource of which something may be hidden ends in.
const redactedMeta = `"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}]}`

func unmarkedJSON(t testing.TB, doc []byte) string {
	out, err := json.Marshal(unmarked(decoded(t, doc)))
	require.NoError(t, err)
	return string(out)
}

// Every place where FHIR repeats or hides other data is closed unless it is
// listed by name, and what is asked for gets through.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProject(t *testing.T) {
	list := func(f ...string) []string { return f }
	for name, c := range map[string]struct {
		fields    []string
		deny      string
		src, want string
	}{
		"one field":              {list("Patient.id"), "", `{"id":"1","name":"N"}`, `{"id":"1"}`},
		"resourceType stays":     {list("Patient.id"), "", `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Patient","id":"1"}`},
		"resourceType last":      {list("Patient.id"), "", `{"id":"1","resourceType":"Patient"}`, `{"id":"1","resourceType":"Patient"}`},
		"nothing allowed":        {list("Patient.id"), "", `{"name":"N"}`, `{}`},
		"empty":                  {list("Patient.id"), "", `{}`, `{}`},
		"a new field is hidden":  {list("Patient.id"), "", `{"id":"1","genome":"ACGT"}`, `{"id":"1"}`},
		"names are exact":        {list("Patient.name"), "", `{"Name":"A","names":"B","nam":"C","name ":"D","NAME":"E"}`, `{}`},
		"escaped key":            {list("Patient.name"), "", `{"n\u0061me":"A"}`, `{"name":"A"}`},
		"a key with a dot":       {list("Patient.a.b"), "", `{"a.b":"x","a":{"b":1,"c":2}}`, `{"a":{"b":1}}`},
		"arrays follow":          {list("Patient.name.family"), "", `{"name":[{"family":"F","given":["G"]},{"given":["H"]}]}`, `{"name":[{"family":"F"}]}`},
		"arrays in arrays":       {list("Patient.a.b"), "", `{"a":[[{"b":1,"c":2}],[{"c":3}]]}`, `{"a":[[{"b":1}]]}`},
		"a scalar for an object": {list("Patient.a.b"), "", `{"a":"Secret","z":1}`, `{}`},
		"scalars in its array":   {list("Patient.a.b"), "", `{"a":["Secret",{"b":1},null]}`, `{"a":[{"b":1}]}`},
		"an object for a scalar": {list("Patient.id"), "", `{"id":{"x":[1,2,{}]}}`, `{"id":{"x":[1,2,{}]}}`},
		"empty composites stay":  {list("Patient.a", "Patient.b"), "", `{"a":{},"b":[]}`, `{"a":{},"b":[]}`},
		"emptied ones go":        {list("Patient.a.x"), "", `{"a":{"y":1},"b":1}`, `{}`},
		"empty does not show":    {list("Patient.a.x"), "", `{"a":{}}`, `{}`},
		"array of resources":     {list("Patient.id"), "", `[{"id":"1","x":1},{"id":"2"},{"y":1}]`, `[{"id":"1"},{"id":"2"},{}]`},
		"empty array":            {list("Patient.id"), "", ` [ ] `, `[]`},
		"white space":            {list("Patient.id"), "", " {\n \"id\" :\t\"a b\" ,\r\"x\" : 1 } ", `{"id":"a b"}`},
		"scalars of all kinds":   {list("Patient.a"), "", `{"a":[null,true,false,0,-0.5e+10,"\ud83d\ude00é"]}`, `{"a":[null,true,false,0,-0.5e+10,"\ud83d\ude00é"]}`},

		"narrative":               {list("all"), "", `{"id":"1","text":{"status":"generated","div":"<div>N</div>"}}`, `{"id":"1"}`},
		"narrative as a string":   {list("all"), "", `{"id":"1","text":"N"}`, `{"id":"1"}`},
		"narrative of a part":     {list("Patient.section"), "", `{"section":{"text":{"div":"N"},"code":1}}`, `{"section":{"code":1}}`},
		"narrative in a list":     {list("Patient.section"), "", `{"section":{"text":["N"],"code":1}}`, `{"section":{"code":1}}`},
		"div":                     {list("Patient.section"), "", `{"section":{"div":"N","code":1}}`, `{"section":{"code":1}}`},
		"text of a concept stays": {list("Patient.code"), "", `{"code":{"text":"Asthma"}}`, `{"code":{"text":"Asthma"}}`},
		"narrative listed":        {list("Patient.text"), "", `{"text":{"status":"generated","div":"N"}}`, `{"text":{"status":"generated"}}`},
		"narrative and div":       {list("Patient.text", "Patient.text.div"), "", `{"text":{"div":"N"}}`, `{"text":{"div":"N"}}`},
		"contained":               {list("all"), "", `{"id":"1","contained":[{"resourceType":"Observation","note":"S"}]}`, `{"id":"1"}`},
		"contained listed": {list("Patient.contained", "Patient.contained.resourceType"), "",
			`{"contained":[{"resourceType":"X","a":1,"text":{"div":"S"}}]}`, `{"contained":[{"resourceType":"X","a":1}]}`},
		"a resource inside":         {list("Patient.parameter"), "", `{"parameter":[{"resource":{"resourceType":"X","a":1}},{"b":2}]}`, `{"parameter":[{"b":2}]}`},
		"sibling":                   {list("all"), "", `{"birthDate":"1970","_birthDate":{"extension":[{"valueString":"S"}]}}`, `{"birthDate":"1970"}`},
		"sibling below":             {list("Patient.name"), "", `{"name":{"family":"F","_family":{"id":"S"}}}`, `{"name":{"family":"F"}}`},
		"sibling listed":            {list("Patient._birthDate"), "", `{"_birthDate":{"id":"S"}}`, `{"_birthDate":{"id":"S"}}`},
		"sibling escaped":           {list("all"), "", `{"\u005fbirthDate":{"id":"S"},"id":"1"}`, `{"id":"1"}`},
		"extension":                 {list("all"), "", `{"id":"1","extension":[{"valueString":"S"}]}`, `{"id":"1"}`},
		"extension below":           {list("Patient.address"), "", `{"address":[{"city":"C","extension":[{"url":"geo"}]}]}`, `{"address":[{"city":"C"}]}`},
		"extension listed":          {list("Patient.extension"), "", `{"extension":[{"url":"u","valueString":"S"}]}`, `{"extension":[{"url":"u","valueString":"S"}]}`},
		"extension in extension":    {list("Patient.extension"), "", `{"extension":[{"url":"u","extension":[{"url":"S"}]}]}`, `{"extension":[{"url":"u"}]}`},
		"modifierExtension":         {list("Patient.contact"), "", `{"contact":[{"a":1,"modifierExtension":[{"url":"not"}]},{"b":2}]}`, `{"contact":[{"b":2}]}`},
		"modifierExtension first":   {list("Patient.contact"), "", `{"contact":{"modifierExtension":[],"a":1},"id":1}`, `{}`},
		"modifierExtension denied":  {list("Patient.contact", "Patient.contact.modifierExtension"), "Patient.contact.modifierExtension", `{"contact":{"modifierExtension":[],"a":1}}`, `{}`},
		"modifierExtension listed":  {list("Patient.contact", "Patient.contact.modifierExtension"), "", `{"contact":{"modifierExtension":[{"url":"n"}],"a":1}}`, `{"contact":{"modifierExtension":[{"url":"n"}],"a":1}}`},
		"modifierExtension emptied": {list("Patient.c.a", "Patient.c.modifierExtension.url"), "", `{"c":{"modifierExtension":[{"v":1}],"a":1}}`, `{}`},
		"display of a reference":    {list("Patient.generalPractitioner"), "", `{"generalPractitioner":[{"reference":"P/1","display":"Dr S"}]}`, `{"generalPractitioner":[{"reference":"P/1"}]}`},
		"display of an assigner":    {list("all"), "", `{"identifier":[{"value":"1","assigner":{"display":"S"}}]}`, `{"identifier":[{"value":"1"}]}`},
		"identifier of a reference": {list("all"), "", `{"identifier":[{"value":"1"}],"link":[{"other":{"reference":"P/2","identifier":{"value":"S"}}}]}`, `{"identifier":[{"value":"1"}],"link":[{"other":{"reference":"P/2"}}]}`},
		"identifier listed":         {list("Patient.link", "Patient.link.other.identifier"), "", `{"link":{"other":{"Identifier":"S","identifier":{"value":"1"}}}}`, `{"link":{"other":{"identifier":{"value":"1"}}}}`},
		"display of a code":         {list("all"), "", `{"maritalStatus":{"coding":[{"code":"M","display":"Married"}]}}`, `{"maritalStatus":{"coding":[{"code":"M","display":"Married"}]}}`},
		"display inside a coding":   {list("all"), "", `{"a":{"coding":[{"code":"M","x":{"display":"S","y":1}}]}}`, `{"a":{"coding":[{"code":"M","x":{"y":1}}]}}`},
		"display listed":            {list("Patient.link.other.display"), "", `{"link":{"other":{"display":"D","reference":"S"}}}`, `{"link":{"other":{"display":"D"}}}`},

		"denied below":          {list("Patient.address"), "Patient.address.line", `{"address":{"line":["S"],"city":"C"}}`, `{"address":{"city":"C"}}`},
		"denied above":          {list("Patient.address.city"), "Patient.address", `{"address":{"city":"S"}}`, `{}`},
		"denied itself":         {list("Patient.address"), "Patient.address", `{"address":{"city":"S"}}`, `{}`},
		"denied under all":      {list("all"), "Patient.name", `{"id":"1","name":"S"}`, `{"id":"1"}`},
		"denied and told again": {list("Patient.text", "Patient.text.div", "Patient.name"), "Patient.name", `{"name":"S","text":{"status":"generated","div":"S"}}`, `{"text":{"status":"generated"}}`},
		"denied with a sibling": {list("all", "Patient._birthDate", "Patient.a", "Patient.a._b"), "Patient.birthDate", `{"birthDate":"S","_birthDate":{"extension":[{"valueDateTime":"S"}]}}`, `{}`},
		"denied sibling below":  {list("Patient.a", "Patient.a._b"), "Patient.a.b", `{"a":{"b":"S","_b":{"id":"S"},"c":1}}`, `{"a":{"c":1}}`},
		"denied in every array": {list("all"), "Patient.a.b", `{"a":[{"b":"S"},[{"b":"S","c":1}]]}`, `{"a":[[{"c":1}]]}`},
	} {
		t.Run(name, func(t *testing.T) {
			d := seeing(t, c.deny, c.fields...)
			out, err := d.Project([]byte("before"), []byte(c.src))
			require.NoError(t, err)
			require.Equal(t, "before", string(out[:6]))
			require.JSONEq(t, c.want, unmarkedJSON(t, out[6:]))
			again, err := d.Project(nil, out[6:])
			require.NoError(t, err)
			require.Equal(t, string(out[6:]), string(again), "projecting twice changes nothing more")
		})
	}
}

// A Bundle is projected by the type of each entry, and tells nothing of the
// entries that are left out.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectBundle(t *testing.T) {
	d := seeing(t, "", "Patient.id")
	for name, c := range map[string]struct{ src, want string }{
		"by type": {`{"resourceType":"Bundle","id":"S","type":"searchset","total":3,"link":[{"url":"?name=S"}],"entry":[
			{"fullUrl":"S","resource":{"resourceType":"Patient","id":"1","name":"S"},"search":{"mode":"match"}},
			{"resource":{"resourceType":"Observation","id":"S","status":"final"}},
			{"resource":{"resourceType":"OperationOutcome","issue":[{"diagnostics":"S"}]}},
			{"resource":{"resourceType":"Visit","id":"S"}},
			{"resource":{"resourceType":"Bundle","type":"searchset","entry":[]}},
			{"resource":{"id":"S"}},
			{"response":{"status":"S"}}]}`,
			`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"1"}},
			{"resource":{"resourceType":"Observation","status":"final"}}]}`},
		"resourceType last": {`{"entry":[{"resource":{"id":"1","name":"S","resourceType":"Patient"}}],"type":"collection","resourceType":"Bundle"}`,
			`{"entry":[{"resource":{"id":"1","resourceType":"Patient"}}],"type":"collection","resourceType":"Bundle"}`},
		"no entry":         {`{"resourceType":"Bundle","type":"searchset","total":0}`, `{"resourceType":"Bundle","type":"searchset"}`},
		"no entry is left": {`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Visit"}}]}`, `{"resourceType":"Bundle","type":"searchset"}`},
		"modifierExtension": {`{"resourceType":"Bundle","type":"searchset","entry":[{"modifierExtension":[],"resource":{"resourceType":"Patient","id":"1"}},
			{"resource":{"resourceType":"Patient","id":"2","modifierExtension":[]}}]}`, `{"resourceType":"Bundle","type":"searchset"}`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := d.Project(nil, []byte(c.src))
			require.NoError(t, err)
			require.JSONEq(t, c.want, unmarkedJSON(t, out))
		})
	}
}

// What is not one strict JSON document, or not what was decided on, is
// refused, also where it stands in what would be left out.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectRefuses(t *testing.T) {
	d := seeing(t, "", "Patient.a")
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	many := func(n int) string {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	values := []string{
		``, `nul`, `nulll`, `True`, `tru`, `NaN`, `Infinity`, `01`, `-`, `-01`, `1.`, `.5`, `1e`, `1e+`, `+1`, `0x1`, `1 2`, `--1`, `1.e1`,
		`"`, `"a`, `'a'`, `"\x"`, `"\u12"`, `"\u12G4"`, `"\`, `"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, `"\ud800x"`, "\"\x01\"", "\"\n\"", "\"\x00\"",
		"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"aaaaaaaa\xf4\x90\x80\x80\"", "\"aaaaaaa\x1f\"", "\x00",
		`[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a" 1}`, `{"a":1 "b":2}`,
		`{a:1}`, `{1:1}`, `{"a":1]`, `{"a":}`, `{,"a":1}`, `{"a":1,,"b":2}`, `}`, "//c\n1", `/**/1`, "\v1", "\u00a01", `{"x":1,"x":1}`, `{"x":{},"\u0078":1}`,
		`{"\u0078":1,"x":1}`, `{"\b":1,"\u0008":1}`, `{"\u000C":1,"\f":1}`, `{"\n":1,"\u000a":1}`, `{"\r":1,"\u000d":1}`, `{"\t":1,"\u0009":1}`,
		`{"\/":1,"/":1}`, `{"\\":1,"\u005c":1}`, `{"\"":1,"\u0022":1}`, `{"\ud83d\ude00":1,"😀":1}`, `{"":1,"":2}`, `[{"x":[{"y":1,"y":1}]}]`, deep(64), many(2049),
		`{"` + strings.Repeat(`\n`, 300) + `":1}`,
	}
	for _, v := range values {
		for _, src := range []string{`{"a":` + v + `}`, `{"b":` + v + `}`, `{"c":[` + v + `]}`, `[{"z":{"a":` + v + `}}]`} {
			_, err := d.Project(nil, []byte(src))
			if v == "" && strings.Contains(src, "[]") {
				continue
			}
			require.ErrorIs(t, err, access.ErrProjection, "%.80q", src)
		}
	}
	for name, src := range map[string]string{
		"nothing": ``, "white space": ` `, "a string": `"a"`, "a number": `1`, "null": `null`, "two documents": `{} {}`, "a rest": `{}x`,
		"byte order mark": "\ufeff{}", "an array of arrays": `[[{}]]`, "an array of strings": `["a"]`, "an open array": `[{}`, "a NUL behind": "{}\x00",
		"another resource": `{"resourceType":"Observation","a":1}`, "another resource, last": `{"a":1,"resourceType":"Observation"}`,
		"cut in the meta": `{"meta":{`, "cut in the labels": `{"meta":{"security":[{"code":"N`, "cut in a meta inside": `{"a":{"meta":{"x":`,
		"a Bundle cut in the meta": `{"resourceType":"Bundle","type":"searchset","meta":{"security":[`,
		"another case":             `{"resourceType":"patient"}`, "type is a number": `{"resourceType":1}`, "type twice": `{"resourceType":"Patient","resourceType":"Patient"}`,
		"escaped type key": `{"resource\u0054ype":"Observation","a":1}`, "another in an array": `[{"resourceType":"Observation"}]`,
		"a Bundle in an array": `[{"resourceType":"Bundle","type":"searchset"}]`, "modified": `{"a":1,"modifierExtension":[]}`,
		"a transaction":             `{"resourceType":"Bundle","type":"transaction","entry":[]}`,
		"a history":                 `{"resourceType":"Bundle","type":"history"}`,
		"an escaped type":           `{"resourceType":"Bundle","type":"search\u0073et"}`,
		"a typeless":                `{"resourceType":"Bundle","entry":[]}`,
		"type a list":               `{"resourceType":"Bundle","type":["searchset"]}`,
		"entry an object":           `{"resourceType":"Bundle","type":"searchset","entry":{}}`,
		"entry a string":            `{"resourceType":"Bundle","type":"searchset","entry":["a"]}`,
		"resource a list":           `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":[]}]}`,
		"entry twice":               `{"resourceType":"Bundle","type":"searchset","entry":[],"entry":[]}`,
		"resource twice":            `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient"},"resource":{"resourceType":"Patient"}}]}`,
		"modified Bundle":           `{"resourceType":"Bundle","type":"searchset","modifierExtension":[]}`,
		"malformed behind":          `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Visit","x":01}}]}`,
		"a Bundle, late, malformed": `{"type":"searchset","resourceType":"Bundle"`,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := d.Project(nil, []byte(src))
			require.ErrorIs(t, err, access.ErrProjection)
			require.Nil(t, out)
		})
	}
}

// Bounds hold at their exact place.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectBounds(t *testing.T) {
	d := seeing(t, "", "Patient.a")
	_, err := d.Project(nil, []byte(`{"b":`+strings.Repeat("[", 63)+strings.Repeat("]", 63)+`}`))
	require.NoError(t, err)
	var b bytes.Buffer
	for i := range 2048 {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	_, err = d.Project(nil, []byte("{"+b.String()[1:]+"}"))
	require.NoError(t, err)
	_, err = d.Project(nil, append([]byte(`{"a":1}`), bytes.Repeat([]byte(" "), 16<<20)...))
	require.ErrorIs(t, err, access.ErrProjection)
}

// An error names a place, never the content.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestProjectErrorHoldsNoPHI(t *testing.T) {
	d := seeing(t, "", "Patient.a")
	_, err := d.Project(nil, []byte(`{"name":"Ethelinda99","name":"Ethelinda99"}`))
	require.EqualError(t, err, "access: project: a key is there twice at byte 28")
}

// The projection of a document fits in as many bytes and allocates nothing.
//
// Controls: none, it is about cost.
func TestProjectAllocates(t *testing.T) {
	src := patientDocument()
	for name, d := range map[string]access.Decision{
		"some": seeing(t, "", benchFields()...), "all": seeing(t, "Patient.address.line", "all"),
	} {
		t.Run(name, func(t *testing.T) {
			dst := make([]byte, 0, len(src))
			require.Zero(t, testing.AllocsPerRun(100, func() {
				if _, err := d.Project(dst, src); err != nil {
					panic(err)
				}
			}))
		})
	}
}

func benchFields() []string {
	return []string{
		"Patient.id", "Patient.name", "Patient.birthDate", "Patient.gender", "Patient.telecom.value",
		"Patient.address.city", "Patient.address.state", "Patient.maritalStatus.coding.code",
		"Patient.contact.name.family", "Patient.communication.language.text", "Patient.active",
	}
}

// patientDocument returns a synthetic Patient of about 10 KB, indented as
// servers send it.
func patientDocument() []byte {
	p := map[string]any{
		"id": "p-1", "active": true, "gender": "female", "birthDate": "1968-04-09", "_birthDate": map[string]any{"id": "b"},
		"text":          map[string]any{"status": "generated", "div": "<div>" + strings.Repeat("Generated narrative. ", 30) + "</div>"},
		"name":          []any{map[string]any{"family": "Beispiel", "given": []any{"Marlene", "Åsa"}, "use": "official"}},
		"maritalStatus": map[string]any{"coding": []any{map[string]any{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M", "display": "Married"}}},
	}
	for _, list := range []string{"telecom", "address", "contact", "identifier", "extension", "communication", "link"} {
		var items []any
		for i := range 4 {
			items = append(items, map[string]any{
				"system": "http://example.org/fhir/sid/" + list, "value": fmt.Sprintf("%s-value-%04d", list, i), "use": "home",
				"city": "Musterstadt", "state": "MA", "line": []any{"12 Example Street"}, "rank": i,
				"period": map[string]any{"start": "2001-02-03T04:05:06Z", "end": "2010-01-01"},
			})
		}
		p[list] = items
	}
	raw, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		panic(err)
	}
	return append([]byte(`{"resourceType":"Patient",`), raw[1:]...)
}
