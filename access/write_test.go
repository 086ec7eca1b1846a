package access_test

import (
	"fmt"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A write may change what is shown, and nothing else.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestCheckWrite(t *testing.T) {
	list := func(f ...string) []string { return f }
	for name, c := range map[string]struct {
		fields        []string
		before, after string
		err           error
	}{
		"nothing":             {list("Patient.id"), `{"id":"1","name":"N"}`, `{"name":"N","id":"1"}`, nil},
		"shown":               {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"2","name":"N"}`, nil},
		"shown, deleted":      {list("Patient.id"), `{"id":"1","name":"N"}`, `{"name":"N"}`, nil},
		"hidden":              {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"1","name":"M"}`, access.ErrWrite},
		"hidden, deleted":     {list("Patient.id"), `{"id":"1","name":"N"}`, `{"id":"1"}`, access.ErrWrite},
		"hidden, added":       {list("Patient.id"), `{"id":"1"}`, `{"id":"1","name":"N"}`, access.ErrWrite},
		"hidden, null":        {list("Patient.id"), `{"id":"1"}`, `{"id":"1","name":null}`, access.ErrWrite},
		"hidden, empty":       {list("Patient.id"), `{"id":"1"}`, `{"id":"1","name":[]}`, access.ErrWrite},
		"another number":      {list("Patient.id"), `{"x":1.0}`, `{"x":1.00}`, access.ErrWrite},
		"beside":              {list("Patient.a.x"), `{"a":{"x":1,"y":2}}`, `{"a":{"x":3,"y":2}}`, nil},
		"below":               {list("Patient.a.x"), `{"a":{"x":1,"y":2}}`, `{"a":{"x":1,"y":3}}`, access.ErrWrite},
		"in a list":           {list("Patient.a.x"), `{"a":[{"x":1,"y":2},{"x":2}]}`, `{"a":[{"x":2,"y":2}]}`, nil},
		"hidden, in a list":   {list("Patient.a.x"), `{"a":[{"x":1,"y":2},{"x":2,"y":3}]}`, `{"a":[{"x":1,"y":3},{"x":2,"y":2}]}`, access.ErrWrite},
		"narrative":           {list("all"), `{"text":{"div":"N"}}`, `{"text":{"div":"M"}}`, access.ErrWrite},
		"extension":           {list("all"), `{"id":"1"}`, `{"id":"1","extension":[]}`, access.ErrWrite},
		"contained":           {list("all"), `{"id":"1","contained":[{"id":"c"}]}`, `{"id":"1"}`, access.ErrWrite},
		"resourceType":        {list("all"), `{"resourceType":"Patient","id":"1"}`, `{"id":"1"}`, access.ErrWrite},
		"another resource":    {list("all"), `{"resourceType":"Patient"}`, `{"resourceType":"Observation"}`, access.ErrProjection},
		"a label, shown":      {list("Patient.meta"), `{"meta":{}}`, `{"meta":{"security":[` + label("N") + `]}}`, nil},
		"a label above":       {list("Patient.meta"), `{"meta":{}}`, `{"meta":{"security":[` + label("R") + `]}}`, access.ErrLabel},
		"a label taken":       {list("Patient.meta"), `{"meta":{"security":[` + label("R") + `]}}`, `{"meta":{}}`, access.ErrLabel},
		"a modifier":          {list("Patient.id"), `{"id":"1"}`, `{"id":"1","modifierExtension":[]}`, access.ErrProjection},
		"a new one":           {list("Patient.id"), ``, `{"id":"1"}`, nil},
		"a new one, hidden":   {list("Patient.id"), ``, `{"id":"1","name":"N"}`, access.ErrWrite},
		"nothing is left":     {list("Patient.id"), `{"id":"1"}`, ``, access.ErrWrite},
		"malformed":           {list("Patient.id"), `{"id":"1"}`, `{"id":}`, access.ErrProjection},
		"malformed before":    {list("Patient.id"), `{"id":"1","id":"1"}`, `{"id":"1"}`, access.ErrProjection},
		"a list of resources": {list("Patient.id"), `[{"id":"1"}]`, `[{"id":"1"}]`, access.ErrProjection},
		"a rest":              {list("Patient.id"), `{"id":"1"} x`, `{"id":"1"}`, access.ErrProjection},
	} {
		t.Run(name, func(t *testing.T) {
			err := seeing(t, "", c.fields...).CheckWrite([]byte(c.before), []byte(c.after))
			if c.err == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.err)
		})
	}
	require.ErrorIs(t, access.Decision{Allowed: true}.CheckWrite(nil, []byte(`{}`)), access.ErrProjection)
}

// A caller may not write itself into a place from where it would see more, nor
// out of its own sight.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestWriteOfLabels(t *testing.T) {
	d := labelled(t)
	restricted := []byte(`{"resourceType":"Patient","a":"A","b":"B",` + meta(label("R")) + `}`)
	normal := []byte(`{"resourceType":"Patient","a":"A","b":"B",` + meta(label("N")) + `}`)
	for _, pair := range [][2][]byte{{restricted, normal}, {normal, restricted}} {
		err := d.CheckWrite(pair[0], pair[1])
		require.ErrorIs(t, err, access.ErrWrite)
		require.ErrorContains(t, err, "labels")
		copied, err := d.Project(nil, pair[1])
		require.NoError(t, err)
		_, err = d.Merge(pair[0], copied)
		require.ErrorIs(t, err, access.ErrWrite)
	}
	require.NoError(t, d.CheckWrite(restricted, []byte(`{"resourceType":"Patient","a":"changed","b":"B",`+meta(label("R"))+`}`)))
}

// A refusal says where in words of the policy, and nothing of the data.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestWriteErrorHoldsNoPHI(t *testing.T) {
	d := seeing(t, "", "Patient.contact.name", "Patient.list.x")
	for _, c := range [][2]string{
		{`{"` + planted + `":1}`, `{"` + planted + `":2}`}, {`{"contact":{"name":"n","` + planted + `":"` + planted + `"}}`, `{"contact":[1]}`},
		{`{"list":[{"x":"` + planted + `","y":1},{"x":2,"y":2}]}`, `{"list":[{"x":2},{"x":"` + planted + `"}]}`},
		{`{"contact":{"name":{"` + planted + `":1}}}`, `{"contact":{"name":1},"` + planted + `":{}}`},
	} {
		for _, err := range []error{d.CheckWrite([]byte(c[0]), []byte(c[1])), second(d.Merge([]byte(c[0]), []byte(c[1])))} {
			if err != nil {
				require.NotContains(t, err.Error(), planted)
			}
		}
	}
	_, err := d.Merge([]byte(`{"list":[{"x":1,"y":1},{"x":2,"y":2}]}`), []byte(`{"list":[{"x":2},{"x":1}]}`))
	var refused *access.WriteError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "Patient.list", refused.Path)
}

func second[T any](_ T, err error) error { return err }

// A program applies a patch itself, and has the result checked before it is
// stored.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func ExampleDecision_CheckWrite() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Visit": ["patch"]},
	  "roles": {"desk": {"allow": [
	    {"id": "R-1", "resource": "Visit", "actions": ["patch"], "purposes": ["HOPERAT"],
	     "fields": ["Visit.room"], "because": "assigns rooms"}
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
	d := guard.Decide(as("dora"), access.Request{Resource: "Visit", Action: "patch", Purpose: safeguard.Operations})
	before := []byte(`{"name": "A. Example", "room": 4}`)
	fmt.Println(d.CheckWrite(before, []byte(`{"name": "A. Example", "room": 5}`)))
	fmt.Println(d.CheckWrite(before, []byte(`{"name": "B. Example", "room": 5}`)))
	// Output:
	// <nil>
	// access: write: Visit: something that may not be seen would change
}
