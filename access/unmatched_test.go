package access_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// diary is a policy with every sort of path about an appointment.
const diary = `{"version":1,"resources":{"Appointment":["read"],"Patient":["read"],"Note":["read"]},
  "categories":{"when":["Appointment.start","Appointment.end","Patient.name"],"unused":["Appointment.nowhere"]},
  "roles":{"r":{
    "allow":[
      {"id":"A-1","resource":"Appointment","actions":["read"],"purposes":["HOPERAT"],
       "fields":["when","Appointment.resourceType","Appointment.actor.display"],"because":"b"},
      {"id":"A-2","resource":"Note","actions":["read"],"purposes":["HOPERAT"],"fields":"all","justification":"j","because":"b"}],
    "deny":[
      {"id":"D-1","resource":"Appointment","actions":["read"],"fields":["Appointment.comment"],"because":"b"}]}}}`

func parsed(t testing.TB, policy string) *access.Policy {
	t.Helper()
	p, err := access.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	return p
}

// The mistakes that hide fields without an error anywhere else are found.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestUnmatched(t *testing.T) {
	every := []string{"Appointment.actor.display", "Appointment.comment", "Appointment.end", "Appointment.start"}
	const whole = `{"start":"s","end":"e","actor":[{"display":"d"}],"comment":"c"}`
	for name, c := range map[string]struct {
		policy, sample string
		want           []string
	}{
		"all is there":           {diary, whole, nil},
		"of a type":              {diary, `{"resourceType":"Appointment",` + whole[1:], nil},
		"others do not matter":   {diary, `{"other":{"start":1},` + whole[1:], nil},
		"a list, each some":      {diary, `[{"start":1,"end":null},{"actor":{"display":false},"comment":""}]`, nil},
		"struct without tags":    {diary, `{"Start":"s","End":"e","Actor":[{"Display":"d"}],"Comment":"c"}`, every},
		"envelope":               {diary, `{"data":[` + whole + `]}`, every},
		"misspelt allow":         {strings.Replace(diary, "Appointment.start", "Appointment.strat", 1), whole, []string{"Appointment.strat"}},
		"misspelt deny":          {strings.Replace(diary, "Appointment.comment", "Appointment.coment", 1), whole, []string{"Appointment.coment"}},
		"one level out":          {diary, `{"start":"s","end":"e","display":"d","comment":"c"}`, []string{"Appointment.actor.display"}},
		"an object without keys": {diary, `{"start":"s","end":"e","actor":{},"comment":"c"}`, []string{"Appointment.actor.display"}},
		"nothing":                {diary, `{}`, every},
		"an empty list":          {diary, `[]`, every},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsed(t, c.policy).Unmatched("Appointment", []byte(c.sample))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	got, err := parsed(t, diary).Unmatched("Note", []byte(`{"a":1}`))
	require.NoError(t, err)
	require.Empty(t, got, "the whole record has no path to misspell")
}

// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestUnmatchedRefuses(t *testing.T) {
	p := parsed(t, diary)
	for name, c := range map[string]struct{ resource, sample, want string }{
		"unknown resource": {"Appointmnet", `{}`, `the policy declares no resource "Appointmnet"`},
		"no resource":      {"", `{}`, "declares no resource"},
		"another type":     {"Appointment", `{"resourceType":"` + planted + `"}`, "not the one that was decided on"},
		"a Bundle":         {"Appointment", `{"resourceType":"Bundle","type":"collection","entry":[]}`, "not the one that was decided on"},
		"a Bundle, listed": {"Appointment", `[{"resourceType":"Bundle"}]`, "not the one that was decided on"},
		"meaning changed":  {"Appointment", `{"modifierExtension":[{"url":"u"}]}`, "modifierExtension"},
		"empty":            {"Appointment", ``, "neither an object nor an array"},
		"a string":         {"Appointment", `"` + planted + `"`, "neither an object nor an array"},
		"cut short":        {"Appointment", `{"start":"` + planted, "malformed JSON"},
		"something behind": {"Appointment", `{}{}`, "malformed JSON"},
		"a key twice":      {"Appointment", `{"start":1,"start":2}`, "twice"},
		"too long":         {"Appointment", strings.Repeat(" ", 16<<20) + `{}`, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Unmatched(c.resource, []byte(c.sample))
			require.ErrorIs(t, err, access.ErrProjection)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), planted)
			require.Nil(t, got)
		})
	}
	_, err := new(access.Policy).Unmatched("Appointment", []byte(`{}`))
	require.ErrorIs(t, err, access.ErrProjection, "the zero Policy has no resource")
}

// On random documents and rules: a path that is unmatched shows nothing when it
// is all that is allowed, and one that is matched stands in the document.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestUnmatchedLaws(t *testing.T) {
	w := world{rand.New(rand.NewPCG(3, 4))}
	matched, unmatched := 0, 0
	for i := range cases(400, 500_000) {
		paths := w.paths(4)
		if len(paths) == 0 {
			paths = []string{"Patient.a"}
		}
		doc := w.object(3)
		delete(doc, "resourceType")
		src, err := json.Marshal(doc)
		require.NoError(t, err)
		missing, err := parsed(t, maskPolicy(paths, nil)).Unmatched("Patient", src)
		if err != nil {
			require.ErrorIs(t, err, access.ErrProjection)
			continue
		}
		for _, path := range paths {
			at := fmt.Sprintf("case %d: %s in %s", i, path, src)
			if !slices.Contains(missing, path) {
				matched++
				require.True(t, stands(strings.Split(path, ".")[1:], doc), at)
				continue
			}
			unmatched++
			if shown := project(t, []string{path}, nil, src); shown != nil {
				require.Equal(t, "{}", string(shown), at)
			}
		}
	}
	require.Greater(t, matched, 50)
	require.Greater(t, unmatched, 50)
}

// stands reports whether a path leads anywhere in a document.
func stands(path []string, v any) bool {
	if len(path) == 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		inside, ok := v[path[0]]
		return ok && stands(path[1:], inside)
	case []any:
		for _, item := range v {
			if stands(path, item) {
				return true
			}
		}
	}
	return false
}

// A check at start, or a test: the struct lacks json tags, so its names are not
// those of the policy and every answer would be {}.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func ExamplePolicy_Unmatched() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Appointment": ["read"]},
	  "roles": {"scheduler": {"allow": [
	    {"id": "R-1", "resource": "Appointment", "actions": ["read"], "purposes": ["HOPERAT"],
	     "fields": ["Appointment.start", "Appointment.room"], "because": "moves visits"}
	  ]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	type appointment struct {
		Start string
		Room  string `json:"room"`
	}
	sample, err := json.Marshal(appointment{Start: "2026-03-02T09:00:00Z", Room: "4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(policy.Unmatched("Appointment", sample))
	// Output:
	// [Appointment.start] <nil>
}
