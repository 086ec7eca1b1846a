package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// policyOf returns a policy with one role that has one allow rule.
func policyOf(rule string) string {
	return `{"version":1,"resources":{"Patient":["read"],"Visit":["read"]},"categories":{"visit":["Visit.id"]},"roles":{"r":{"allow":[` + rule + `]}}}`
}

const goodRule = `{"id":"R","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.id"],"because":"b"}`

// Every mistake in a policy is refused, with a message that says which.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
func TestPolicyMistakes(t *testing.T) {
	swap := func(old, new string) string {
		require.Contains(t, goodRule, old)
		return policyOf(strings.Replace(goodRule, old, new, 1))
	}
	roles := func(roles string) string {
		return `{"version":1,"resources":{"Patient":["read"]},"roles":` + roles + `}`
	}
	for name, c := range map[string]struct{ policy, problem string }{
		"empty":                     {``, "malformed JSON"},
		"not JSON":                  {`{"version":1,`, "malformed JSON"},
		"something behind it":       {policyOf(goodRule) + `{}`, "malformed JSON"},
		"not UTF-8":                 {"{\"version\":1,\"description\":\"\xff\"}", "not UTF-8"},
		"a list":                    {`[]`, "must be an object"},
		"too deep":                  {strings.Repeat("[", 20) + strings.Repeat("]", 20), "nested deeper"},
		"too long":                  {strings.Repeat(" ", 4<<20) + policyOf(goodRule), "longer than"},
		"no version":                {`{"resources":{"Patient":["read"]},"roles":{"r":{}}}`, `has no "version"`},
		"version 2":                 {`{"version":2,"resources":{"Patient":["read"]},"roles":{"r":{}}}`, "version must be 1"},
		"version as text":           {`{"version":"1","resources":{"Patient":["read"]},"roles":{"r":{}}}`, "version must be 1"},
		"no roles":                  {`{"version":1,"resources":{"Patient":["read"]}}`, `has no "roles"`},
		"roles empty":               {roles(`{}`), "1 to 256"},
		"roles a list":              {roles(`[]`), "must be an object"},
		"no resources":              {`{"version":1,"resources":{},"roles":{"r":{}}}`, "resources must be"},
		"resource without actions":  {`{"version":1,"resources":{"P":[]},"roles":{"r":{}}}`, "empty"},
		"a Bundle":                  {`{"version":1,"resources":{"Bundle":["read"]},"roles":{"r":{}}}`, "Bundle"},
		"resource with a dot":       {`{"version":1,"resources":{"P.x":["read"]},"roles":{"r":{}}}`, "no name of a resource"},
		"action a star":             {`{"version":1,"resources":{"P":["*"]},"roles":{"r":{}}}`, "no name of an action"},
		"top key unknown":           {`{"version":1,"role":{},"resources":{"P":["read"]},"roles":{"r":{}}}`, `unknown key "role"`},
		"top key in other case":     {`{"Version":1,"resources":{"P":["read"]},"roles":{"r":{}}}`, `unknown key "Version"`},
		"key of a role unknown":     {roles(`{"r":{"inherit":[]}}`), `unknown key "inherit"`},
		"key of a rule unknown":     {swap(`"purposes"`, `"purpose"`), `unknown key "purpose"`},
		"key twice":                 {roles(`{"r":{},"r":{}}`), `key "r" is there twice`},
		"key twice, once escaped":   {roles(`{"r":{},"\u0072":{}}`), `key "r" is there twice`},
		"key of a rule twice":       {swap(`"id":"R"`, `"id":"R","id":"Q"`), `key "id" is there twice`},
		"resource of a rule":        {swap(`"resource":"Patient"`, `"resource":"Pateint"`), `unknown resource "Pateint"`},
		"action of a rule":          {swap(`["read"]`, `["raed"]`), `no action "raed"`},
		"actions empty":             {swap(`["read"]`, `[]`), "actions is empty"},
		"action twice":              {swap(`["read"]`, `["read","read"]`), "twice"},
		"actions a string":          {swap(`["read"]`, `"read"`), "must be a list"},
		"purpose unknown":           {swap(`"TREAT"`, `"TREATMENT"`), `"TREATMENT" is no purpose`},
		"purpose in other case":     {swap(`"TREAT"`, `"treat"`), `"treat" is no purpose`},
		"no purpose":                {swap(`["TREAT"]`, `[]`), "purposes is empty"},
		"purposes missing":          {swap(`"purposes":["TREAT"],`, ``), `has no "purposes"`},
		"fields missing":            {swap(`"fields":["Patient.id"],`, ``), `has no "fields"`},
		"no because":                {swap(`,"because":"b"`, ``), `has no "because"`},
		"because blank":             {swap(`"because":"b"`, `"because":" "`), "because must be"},
		"because a number":          {swap(`"because":"b"`, `"because":1`), "because must be"},
		"id missing":                {swap(`"id":"R",`, ``), `has no "id"`},
		"id blank":                  {swap(`"id":"R"`, `"id":""`), "id of a rule"},
		"id twice":                  {policyOf(goodRule + "," + goodRule), `rule "R" is there twice`},
		"all without justification": {swap(`["Patient.id"]`, `"all"`), "164.514(d)(5)"},
		"all in a list without":     {swap(`["Patient.id"]`, `["all"]`), "164.514(d)(5)"},
		"justification blank":       {swap(`["Patient.id"]`, `"all","justification":""`), "justification must be"},
		"justification of nothing":  {swap(`["Patient.id"]`, `["Patient.id"],"justification":"j"`), "belong together"},
		"fields another string":     {swap(`["Patient.id"]`, `"Patient.id"`), `a list or "all"`},
		"fields a star":             {swap(`"Patient.id"`, `"Patient.*"`), "no path of a field"},
		"field the resource itself": {swap(`"Patient.id"`, `"Patient"`), "no path of a field"},
		"field with an empty key":   {swap(`"Patient.id"`, `"Patient..id"`), "no path of a field"},
		"field of another resource": {swap(`"Patient.id"`, `"Visit.id"`), "has no field of Patient"},
		"category of another":       {swap(`"Patient.id"`, `"visit"`), "has no field of Patient"},
		"category unknown":          {swap(`"Patient.id"`, `"demographics"`), "no category"},
		"field of no resource":      {swap(`"Patient.id"`, `"Pateint.id"`), "begins with no declared resource"},
		"field too deep":            {swap(`"Patient.id"`, `"Patient`+strings.Repeat(".a", 16)+`"`), "no path of a field"},
		"field twice":               {swap(`"Patient.id"`, `"Patient.id","Patient.id"`), "twice"},
		"a field a number":          {swap(`"Patient.id"`, `1`), "must hold strings"},
		"relationship empty":        {swap(`"because"`, `"relationship":[],"because"`), "relationship is empty"},
		"role inherits unknown":     {roles(`{"r":{"inherits":["nurze"]}}`), `unknown role "nurze"`},
		"role inherits itself":      {roles(`{"r":{"inherits":["r"]}}`), `role "r" inherits itself`},
		"roles in a circle":         {roles(`{"a":{"inherits":["b"]},"b":{"inherits":["c"]},"c":{"inherits":["a"]}}`), "inherits itself"},
		"role with a bad name":      {roles(`{"a b":{}}`), "no name of a role"},
		"role null":                 {roles(`{"r":null}`), "must be an object"},
		"allow an object":           {roles(`{"r":{"allow":{}}}`), "must be a list of objects"},
		"deny with relationship": {roles(`{"r":{"deny":[{"id":"D","resource":"Patient","actions":["read"],"because":"b",
			"relationship":["self"]}]}}`), `unknown key "relationship"`},
		"deny of no field": {roles(`{"r":{"deny":[{"id":"D","resource":"Patient","actions":["read"],"because":"b","fields":[]}]}}`), "is empty"},
		"category empty":   {`{"version":1,"resources":{"P":["read"]},"categories":{"c":[]},"roles":{"r":{}}}`, "empty"},
		"category all":     {`{"version":1,"resources":{"P":["read"]},"categories":{"all":["P.id"]},"roles":{"r":{}}}`, "no name of a category"},
		"category like a path": {
			`{"version":1,"resources":{"P":["read"]},"categories":{"P.id":["P.id"]},"roles":{"r":{}}}`, "no name of a category"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := access.ParsePolicy([]byte(c.policy))
			require.Nil(t, p)
			require.ErrorIs(t, err, access.ErrPolicy)
			require.ErrorContains(t, err, c.problem)
			var at *access.PolicyError
			require.ErrorAs(t, err, &at)
			require.Positive(t, at.Line)
			require.Positive(t, at.Column)
		})
	}
}

// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestPolicyErrorSaysWhere(t *testing.T) {
	_, err := access.ParsePolicy([]byte("{\n  \"version\": 1,\n  \"resources\": {\"P\": [\"read\"]},\n  \"rolls\": {}\n}"))
	require.EqualError(t, err, `access: policy: 4:3: unknown key "rolls" in the policy`)
}

// Bounds hold at their exact place.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestPolicyBounds(t *testing.T) {
	roles := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"r%d":{}`, i)
		}
		return `{"version":1,"resources":{"P":["read"]},"roles":{` + b.String()[1:] + `}}`
	}
	_, err := access.ParsePolicy([]byte(roles(256)))
	require.NoError(t, err)
	_, err = access.ParsePolicy([]byte(roles(257)))
	require.ErrorIs(t, err, access.ErrPolicy)
}

// The hash is that of the bytes, so that a recorded decision names one
// document.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPolicyHash(t *testing.T) {
	a, err := access.ParsePolicy([]byte(policyOf(goodRule)))
	require.NoError(t, err)
	b, err := access.ParsePolicy([]byte(policyOf(goodRule) + "\n"))
	require.NoError(t, err)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", a.Hash())
	require.NotEqual(t, a.Hash(), b.Hash())
	require.Equal(t, []string{"r"}, a.Roles())
}

// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestNewRefuses(t *testing.T) {
	p, err := access.ParsePolicy([]byte(clinicPolicy))
	require.NoError(t, err)
	related, err := access.ParsePolicy([]byte(policyOf(strings.Replace(goodRule, `"because"`, `"relationship":["self"],"because"`, 1))))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		policy *access.Policy
		opts   *access.Options
		want   string
	}{
		"no policy":   {nil, &access.Options{Roles: people()}, "the policy is missing; ParsePolicy makes one"},
		"zero policy": {new(access.Policy), &access.Options{Roles: people()}, "the policy is missing; ParsePolicy makes one"},
		"no options":  {p, nil, "Options.Roles is nil"},
		"no roles":    {p, &access.Options{}, "Options.Roles is nil"},
		"misspelt role": {p, &access.Options{Roles: access.Assignments{"a": {"scheduler"}, "b": {"nurze", "docter"}}},
			`Assignments name the role "docter", which the policy does not have`},
		"empty role": {p, &access.Options{Roles: access.Assignments{"a": {""}}},
			`Assignments name the role "", which the policy does not have`},
		"no relationships": {related, &access.Options{Roles: access.Assignments{"a": {"r"}}},
			"the policy asks for relationships and Options.Relationships is nil"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := access.New(c.policy, c.opts)
			require.Nil(t, g)
			require.ErrorIs(t, err, access.ErrOptions)
			require.EqualError(t, err, access.ErrOptions.Error()+": "+c.want)
		})
	}
}

// Whatever the bytes, the result is a policy or a PolicyError.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(clinicPolicy))
	f.Add([]byte(policyOf(goodRule)))
	f.Add([]byte(everyKey))
	f.Add([]byte(`{"version":1,"version":1}`))
	f.Add([]byte(`{"version":1,"resources":{"P":["read"]},"roles":{"a":{"inherits":["a"]}}}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := access.ParsePolicy(src)
		if err != nil {
			require.Nil(t, p)
			require.ErrorIs(t, err, access.ErrPolicy)
			return
		}
		require.NotEmpty(t, p.Roles())
		again, err := access.ParsePolicy(src)
		require.NoError(t, err)
		require.Equal(t, p.Hash(), again.Hash())
	})
}
