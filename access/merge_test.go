package access_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

const redactedTag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}`

// What the caller changed is stored and what was hidden stays, or the write is
// refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestMerge(t *testing.T) {
	list := func(f ...string) []string { return f }
	const refused = ""
	for name, c := range map[string]struct {
		fields              []string
		before, after, want string
	}{
		"unchanged":               {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"1"}`, `{"id":"1","name":"N"}`},
		"changed":                 {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"2"}`, `{"id":"2","name":"N"}`},
		"deleted":                 {list("Patient.id"), `{"id":"1","name":"N"}`, `{}`, `{"name":"N"}`},
		"added":                   {list("Patient.id"), `{"name":"N"}`, `{"id":"1"}`, `{"id":"1","name":"N"}`},
		"hidden, written":         {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"1","name":"M"}`, refused},
		"hidden, guessed":         {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"1","name":"N"}`, refused},
		"hidden, null":            {list("Patient.id"), `{"id":"1"}`, `{"id":"1","name":null}`, refused},
		"hidden, empty":           {list("Patient.id", "Patient.a.x"), `{"id":"1"}`, `{"id":"1","a":{},"b":[]}`, `{"id":"1"}`},
		"below, changed":          {list("Patient.a.x"), `{"a":{"x":1,"y":2}}`, `{"a":{"x":3}}`, `{"a":{"x":3,"y":2}}`},
		"below, deleted":          {list("Patient.a.x"), `{"a":{"x":1,"y":2}}`, `{}`, `{"a":{"y":2}}`},
		"below, added":            {list("Patient.a.x"), `{"a":{"y":2}}`, `{"a":{"x":1}}`, `{"a":{"x":1,"y":2}}`},
		"below, all deleted":      {list("Patient.a.x"), `{"a":{"x":1}}`, `{}`, `{}`},
		"another kind":            {list("Patient.a.x"), `{"a":{"x":1,"y":2}}`, `{"a":[{"x":1}]}`, refused},
		"numbers stay":            {list("Patient.a"), `{"a":1.50,"b":1e2,"c":12345678901234567890}`, `{"a":2.50}`, `{"a":2.50,"b":1e2,"c":12345678901234567890}`},
		"a list that is shown":    {list("Patient.a"), `{"a":[1,2,3],"b":1}`, `{"a":[3,1]}`, `{"a":[3,1],"b":1}`},
		"an item changed":         {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":2,"y":"h2"}]}`, `{"a":[{"x":1},{"x":3}]}`, `{"a":[{"x":1,"y":"h1"},{"x":3,"y":"h2"}]}`},
		"an item added":           {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"}]}`, `{"a":[{"x":1},{"x":3}]}`, `{"a":[{"x":1,"y":"h1"},{"x":3}]}`},
		"an item taken":           {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":2,"y":"h2"}]}`, `{"a":[{"x":2}]}`, `{"a":[{"y":"h1"},{"x":2,"y":"h2"}]}`},
		"all items taken":         {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":2}]}`, `{}`, `{"a":[{"y":"h1"}]}`},
		"items swapped":           {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":2,"y":"h2"}]}`, `{"a":[{"x":2},{"x":1}]}`, refused},
		"one moved":               {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":2,"y":"h2"}]}`, `{"a":[{"x":2},{"x":3}]}`, refused},
		"one before":              {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"}]}`, `{"a":[{"x":9},{"x":1}]}`, refused},
		"taken and changed":       {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":2,"y":"h2"}]}`, `{"a":[{"x":3}]}`, refused},
		"one of two equal":        {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":1,"y":"h2"}]}`, `{"a":[{"x":1}]}`, refused},
		"both of two equal":       {list("Patient.a.x"), `{"a":[{"x":1,"y":"h1"},{"x":1,"y":"h2"}]}`, `{"a":[{"x":1},{"x":1}]}`, `{"a":[{"x":1,"y":"h1"},{"x":1,"y":"h2"}]}`},
		"by id, taken":            {list("Patient.a.id", "Patient.a.x"), `{"a":[{"id":"p","x":1,"y":"h1"},{"id":"q","x":2,"y":"h2"}]}`, `{"a":[{"id":"q","x":3}]}`, `{"a":[{"y":"h1"},{"id":"q","x":3,"y":"h2"}]}`},
		"by id, one before":       {list("Patient.a.id", "Patient.a.x"), `{"a":[{"id":"p","x":1,"y":"h1"}]}`, `{"a":[{"x":9},{"id":"p","x":1}]}`, `{"a":[{"x":9},{"id":"p","x":1,"y":"h1"}]}`},
		"by id, swapped":          {list("Patient.a.id"), `{"a":[{"id":"p","y":"h1"},{"id":"q","y":"h2"}]}`, `{"a":[{"id":"q"},{"id":"p"}]}`, refused},
		"by id, twice":            {list("Patient.a.id"), `{"a":[{"id":"p","y":"h1"}]}`, `{"a":[{"id":"p"},{"id":"p"}]}`, refused},
		"hidden items stay":       {list("Patient.a.x"), `{"a":[{"y":"h0"},{"x":1,"y":"h1"},{"y":"h2"}]}`, `{"a":[{"x":2}]}`, `{"a":[{"y":"h0"},{"x":2,"y":"h1"},{"y":"h2"}]}`},
		"lists in lists":          {list("Patient.a.x"), `{"a":[[{"x":1,"y":1}],[{"y":2}]]}`, `{"a":[[{"x":5}]]}`, `{"a":[[{"x":5,"y":1}],[{"y":2}]]}`},
		"sibling, hidden item":    {list("all"), `{"a":[{"resourceType":"X"},1],"_a":[null,{"id":"h"}],"b":1}`, `{"a":[2],"b":1}`, `{"a":[{"resourceType":"X"},2],"_a":[null,{"id":"h"}],"b":1}`},
		"diverted, display":       {list("all"), `{"link":{"reference":"P/1","display":"Ann"}}`, `{"link":{"reference":"P/2"}}`, refused},
		"diverted, identifier":    {list("Patient.link"), `{"link":[{"reference":"P/1","identifier":{"value":"1"}}]}`, `{"link":[{"reference":"P/2"}]}`, refused},
		"diverted, display seen":  {list("Patient.link", "Patient.link.display"), `{"link":{"reference":"P/1","display":"Ann"},"a":1}`, `{"link":{"reference":"P/2","display":"Bob"}}`, `{"link":{"reference":"P/2","display":"Bob"},"a":1}`},
		"not diverted":            {list("all"), `{"link":{"reference":"P/1","display":"Ann"},"a":1}`, `{"link":{"reference":"P/1"},"a":2}`, `{"link":{"reference":"P/1","display":"Ann"},"a":2}`},
		"narrative stays":         {list("all"), `{"resourceType":"Patient","id":"1","text":{"div":"N"}}`, `{"resourceType":"Patient","id":"2"}`, `{"resourceType":"Patient","id":"2","text":{"div":"N"}}`},
		"extensions stay":         {list("Patient.name"), `{"name":[{"family":"F","_family":{"id":"s"},"extension":[1]}]}`, `{"name":[{"family":"G"}]}`, `{"name":[{"family":"G","_family":{"id":"s"},"extension":[1]}]}`},
		"siblings by place":       {list("Patient.name"), `{"name":[{"given":["A","B"],"_given":[null,{"id":"s"}]}]}`, `{"name":[{"given":["B"]}]}`, refused},
		"siblings, changed":       {list("Patient.name"), `{"name":[{"given":["A","B"],"_given":[null,{"id":"s"}]}]}`, `{"name":[{"given":["C","B"]}]}`, `{"name":[{"given":["C","B"],"_given":[null,{"id":"s"}]}]}`},
		"siblings, deleted":       {list("Patient.given"), `{"given":["A"],"_given":[{"id":"s"}]}`, `{}`, refused},
		"modified items stay":     {list("Patient.contact"), `{"contact":[{"a":1,"modifierExtension":[1]},{"a":2}]}`, `{"contact":[{"a":3}]}`, `{"contact":[{"a":1,"modifierExtension":[1]},{"a":3}]}`},
		"a modified copy":         {list("Patient.contact"), `{"contact":[{"a":2}]}`, `{"contact":[{"a":3,"modifierExtension":[1]}]}`, refused},
		"the tag is not stored":   {list("Patient.id"), `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Patient","id":"2","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","id":"2"}`},
		"nor beside others":       {list("Patient.meta"), `{"resourceType":"Patient","meta":{"versionId":"1"},"x":1}`, `{"resourceType":"Patient","meta":{"versionId":"2","security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","meta":{"versionId":"2"},"x":1}`},
		"an empty list stays":     {list("Patient.meta"), `{"resourceType":"Patient","meta":{"security":[]}}`, `{"resourceType":"Patient","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","meta":{"security":[]}}`},
		"it was there before":     {list("Patient.meta"), `{"resourceType":"Patient","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","meta":{"security":[` + redactedTag + `]}}`, `{"resourceType":"Patient","meta":{"security":[` + redactedTag + `]}}`},
		"another label, hidden":   {list("Patient.id"), `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Patient","meta":{"security":[` + label("N") + `]}}`, refused},
		"labelled higher":         {list("Patient.meta"), `{"resourceType":"Patient","meta":{}}`, `{"resourceType":"Patient","meta":{"security":[` + label("R") + `]}}`, refused},
		"marks are not stored":    {list("Patient.id"), `{"resourceType":"Patient","birthDate":"1970"}`, `{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}}`, `{"resourceType":"Patient","birthDate":"1970"}`},
		"another sibling is not":  {list("Patient.id"), `{"resourceType":"Patient","birthDate":"1970"}`, `{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueCode":"masked"}]}}`, refused},
		"type forgotten":          {list("Patient.id"), `{"resourceType":"Patient","id":"1","x":1}`, `{"id":"2"}`, `{"resourceType":"Patient","id":"2","x":1}`},
		"another type":            {list("Patient.id"), `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Observation","id":"1"}`, refused},
		"a new one":               {list("Patient.id"), ``, `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Patient","id":"1"}`},
		"a new one, hidden field": {list("Patient.id"), ``, `{"id":"1","name":"N"}`, refused},
		"a key twice":             {list("Patient.id"), `{"id":"1"}`, `{"id":"1","id":"2"}`, refused},
		"a list":                  {list("Patient.id"), `{"id":"1"}`, `[{"id":"1"}]`, refused},
		"of a list":               {list("Patient.id"), `[{"id":"1"}]`, `{"id":"1"}`, refused},
		"of a Bundle":             {list("Patient.id"), `{"resourceType":"Bundle","type":"searchset"}`, `{}`, refused},
		"nothing":                 {list("Patient.id"), `{"id":"1"}`, ``, refused},
		"cut short":               {list("Patient.id"), `{"id":"1"}`, `{"id":`, refused},
		"a rest":                  {list("Patient.id"), `{"id":"1"}`, `{"id":"1"}{}`, refused},
	} {
		t.Run(name, func(t *testing.T) {
			d := seeing(t, "", c.fields...)
			got, err := d.Merge([]byte(c.before), []byte(c.after))
			if c.want == refused {
				require.Error(t, err)
				require.Nil(t, got, string(got))
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(got))
			require.NoError(t, d.CheckWrite([]byte(c.before), got))
		})
	}
	_, err := access.Decision{}.Merge([]byte(`{}`), []byte(`{}`))
	require.ErrorIs(t, err, access.ErrProjection)
}

// edit changes a projection somewhere, or not.
func (w world) edit(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			switch {
			case k == "resourceType":
			case w.IntN(12) == 0:
				delete(v, k)
			case w.IntN(3) == 0:
				v[k] = w.edit(v[k])
			}
		}
		return v
	case []any:
		switch w.IntN(8) {
		case 0:
			return append(v, w.value(1))
		case 1:
			return v[:len(v)/2]
		case 2:
			slices.Reverse(v)
		}
		for i := range v {
			if w.IntN(3) == 0 {
				v[i] = w.edit(v[i])
			}
		}
		return v
	}
	return w.IntN(1000)
}

// On random documents, rules and edits: a merge shows what was sent, hides
// what was hidden, and changes nothing where nothing was changed; or it is
// refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestMergeLaws(t *testing.T) {
	w := world{rand.New(rand.NewPCG(7, 8))}
	merged, changed, refused := 0, 0, 0
	for i := range cases(500, 500_000) {
		allow, deny := w.paths(4), w.paths(2)
		if w.IntN(4) == 0 || len(allow) == 0 {
			allow = append(allow, "Patient.*")
		}
		d := read(t, guard(t, maskPolicy(allow, deny), access.Assignments{"a": {"r"}}), "a", safeguard.Treatment)
		doc := w.object(3)
		delete(doc, "resourceType")
		if w.IntN(2) == 0 {
			doc["resourceType"] = "Patient"
		}
		before, err := json.Marshal(doc)
		require.NoError(t, err)
		copied, err := d.Project(nil, before)
		if err != nil {
			_, err = d.Merge(before, []byte(`{}`))
			require.Error(t, err)
			continue
		}
		at := fmt.Sprintf("case %d: allow %v deny %v: %s", i, allow, deny, before)
		same, err := d.Merge(before, copied)
		require.NoError(t, err, at)
		require.JSONEq(t, string(before), string(same), at)

		sent, err := json.Marshal(w.edit(decoded(t, copied)))
		require.NoError(t, err)
		at += " sent " + string(sent)
		got, err := d.Merge(before, sent)
		if err != nil {
			refused++
			continue
		}
		merged++
		if string(got) != string(same) {
			changed++
		}
		shown, err := d.Project(nil, got)
		require.NoError(t, err, at)
		if normal, err := d.Project(nil, sent); err != nil {
			require.ErrorIs(t, err, access.ErrLabel, "only an empty label may stand in the copy and not be read: %s", at)
		} else {
			require.JSONEq(t, unmarkedJSON(t, normal), unmarkedJSON(t, shown), at)
		}
		require.NoError(t, d.CheckWrite(before, got), at)
		require.True(t, survives(decoded(t, before), decoded(t, copied), decoded(t, got)), at+" got "+string(got))
	}
	t.Logf("soak: merges %d, of which %d changed something, %d copies refused", merged, changed, refused)
	require.Greater(t, changed, cases(60, 50_000), "of %d merged and %d refused", merged, refused)
}

// survives reports whether every key that only the whole document has, and the
// copy had not, is in the result.
func survives(whole, copied, result any) bool {
	w, isObject := whole.(map[string]any)
	if !isObject {
		return true
	}
	c, _ := copied.(map[string]any)
	r, _ := result.(map[string]any)
	for k, v := range w {
		shown, was := c[k]
		kept, is := r[k]
		if !was && !is || was && is && !survives(v, shown, kept) {
			return false
		}
	}
	return true
}

// Whatever the bytes, a merge is refused or changes nothing that is hidden.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func FuzzMerge(f *testing.F) {
	f.Add([]byte(`{"a":{"x":1,"y":2},"b":[{"c":1,"z":2}]}`), []byte(`{"a":{"x":2},"b":[{"c":3}]}`))
	f.Add([]byte(`{"resourceType":"Patient","b":{"c":[1]},"_b":[]}`), []byte(`{"meta":{"security":[`+redactedTag+`]}}`))
	f.Add([]byte(`{"b":[{"id":"1","c":1,"z":1}]}`), []byte(`{"b":[{"id":"2"},{"id":"1"}]}`))
	f.Add([]byte(`{"metA":{`), []byte(`{"meta":{"security":[`))
	some := seeing(f, "", "Patient.a.x", "Patient.b.c", "Patient.b.id")
	all := seeing(f, "Patient.b.z", "all")
	f.Fuzz(func(t *testing.T, before, after []byte) {
		for _, d := range []access.Decision{some, all} {
			got, err := d.Merge(before, after)
			if err != nil {
				require.Nil(t, got)
				continue
			}
			require.NoError(t, d.CheckWrite(before, got))
			again, err := d.Merge(got, after)
			require.NoError(t, err)
			require.JSONEq(t, string(got), string(again))
		}
	})
}

// A desk changes a telephone number in the copy that it was shown. The
// diagnosis, which was not in it, is not erased.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func ExampleDecision_Merge() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Patient": ["update"]},
	  "roles": {"desk": {"allow": [
	    {"id": "R-1", "resource": "Patient", "actions": ["update"], "purposes": ["HOPERAT"],
	     "fields": ["Patient.name", "Patient.telecom"], "because": "keeps addresses"}
	  ]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"dora": {"desk"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	decision := guard.Decide(as("dora"), access.Request{Resource: "Patient", Action: "update", Purpose: safeguard.Operations})
	stored := []byte(`{"name": "A. Example", "telecom": "555-0100", "diagnosis": "asthma"}`)
	fmt.Println(merged(decision.Merge(stored, []byte(`{"name": "A. Example", "telecom": "555-0199"}`))))
	fmt.Println(merged(decision.Merge(stored, []byte(`{"name": "A. Example", "diagnosis": "none"}`))))
	// Output:
	// {"diagnosis":"asthma","name":"A. Example","telecom":"555-0199"} <nil>
	//  access: write: Patient: the copy holds something that may not be seen
}

func merged(doc []byte, err error) (string, error) { return string(doc), err }
