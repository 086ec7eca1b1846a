package policyyaml_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/policyyaml"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const clinic = `# who needs what in a small clinic
version: 1
description: 'yes'
resources:
  Patient: [read, "search"]
  Visit: [read]
categories:
  identity:
    - Patient.id
    - Patient.name
roles:
  workforce:
    allow:
      - id: W-1
        resource: Patient
        actions: [read]
        purposes: [TREAT, HOPERAT]
        fields: [identity]
        because: must tell one patient from another
  clinician:
    inherits: [workforce]
    allow:
      - {id: C-1, resource: Patient, actions: [read], purposes: [TREAT], fields: all, justification: the whole person, because: treats}
    deny:
      - id: C-2
        resource: Visit
        actions: [read]
        because: >-
          never
          ever
tests:
  - name: a clinician treats
    as: [clinician]
    do: read
    on: Patient
    purpose: TREAT
    expect: allow
`

// A policy in YAML is the policy that its JSON is: same hash, same text, same
// decisions.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestSamePolicy(t *testing.T) {
	policy, err := policyyaml.Parse([]byte(clinic))
	require.NoError(t, err)
	data, err := policyyaml.Convert([]byte(clinic))
	require.NoError(t, err)
	same, err := access.ParsePolicy(data)
	require.NoError(t, err)
	require.Equal(t, same.Hash(), policy.Hash())
	require.True(t, json.Valid(data))

	var fromYAML, fromJSON any
	require.NoError(t, yaml.Unmarshal([]byte(clinic), &fromYAML))
	require.NoError(t, json.Unmarshal(data, &fromJSON))
	require.Equal(t, fmt.Sprint(fromYAML), fmt.Sprint(fromJSON), "as the library reads it")

	guards := make([]*access.Guard, 2)
	for i, p := range []*access.Policy{policy, same} {
		guards[i], err = access.New(p, &access.Options{Roles: access.Assignments{"a": {"workforce"}, "b": {"clinician"}}})
		require.NoError(t, err)
	}
	allowed := 0
	for _, who := range []string{"a", "b", "c"} {
		ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: who, Kind: safeguard.Person})
		for _, resource := range []string{"Patient", "Visit", "Other"} {
			for _, action := range []string{"read", "search"} {
				for _, purpose := range []safeguard.Purpose{safeguard.Treatment, safeguard.Operations, safeguard.Marketing} {
					r := access.Request{Resource: resource, Action: action, Purpose: purpose}
					a, b := guards[0].Decide(ctx, r), guards[1].Decide(ctx, r)
					require.Equal(t, b.Code, a.Code)
					require.Equal(t, b.Fields, a.Fields)
					if a.Allowed {
						allowed++
					}
				}
			}
		}
	}
	require.Equal(t, 4, allowed)
}

// Comments and layout do not change the hash; a value does.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.AA-05.
func TestHash(t *testing.T) {
	hash := func(src string) string {
		p, err := policyyaml.Parse([]byte(src))
		require.NoError(t, err)
		return p.Hash()
	}
	require.Equal(t, hash(clinic), hash("---\n# more\n\n"+strings.ReplaceAll(clinic, "[read]", "\n          [ \"read\" ] # it\n         ")+"\n...\n"))
	require.Equal(t, hash(clinic), hash("\ufeff"+strings.ReplaceAll(clinic, "\n", "\r\n")), "as an editor on Windows writes it")
	require.NotEqual(t, hash(clinic), hash(strings.Replace(clinic, "HOPERAT", "HPAYMT", 1)))
}

// A mistake is shown where it is in the YAML.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		old, new     string
		line, column int
		problem      string
	}{
		"a purpose":                            {"HOPERAT", "HOPERATIONS", 17, 27, "purpose"},
		"a key":                                {"because: >-", "becaus: >-", 28, 9, `unknown key "becaus"`},
		"a value in a flow":                    {"fields: all", "fields: most", 23, 82, "fields"},
		"a list that is a text":                {"inherits: [workforce]", "inherits: workforce", 21, 15, "must be a list"},
		"a role":                               {"inherits: [workforce]", "inherits: [werkforce]", 21, 16, "werkforce"},
		"another version":                      {"version: 1", "version: 2", 2, 10, "version"},
		"a version as a text":                  {"version: 1", "version: '1'", 2, 10, "version"},
		"twice":                                {"description: 'yes'", "version: 1", 3, 1, "twice"},
		"malformed":                            {"version: 1", "version: [1", 2, 1, "malformed YAML"},
		"tabs":                                 {"  Patient:", "\tPatient:", 5, 1, "malformed YAML"},
		"a Norwegian":                          {"[read]", "[no]", 6, 11, "quotes"},
		"on":                                   {"do: read", "do: on", 34, 9, "quotes"},
		"a boolean in capitals":                {"[read]", "[True]", 6, 11, "quotes"},
		"octal":                                {"version: 1", "version: 01", 2, 10, "quotes"},
		"new octal":                            {"version: 1", "version: 0o1", 2, 10, "quotes"},
		"hexadecimal":                          {"version: 1", "version: 0x1", 2, 10, "quotes"},
		"a float":                              {"version: 1", "version: 1.0", 2, 10, "quotes"},
		"infinity":                             {"version: 1", "version: .inf", 2, 10, "quotes"},
		"to the base of 60":                    {"version: 1", "version: 1:30", 2, 10, "quotes"},
		"a default":                            {"description: 'yes'", "description: =", 3, 14, "quotes"},
		"a huge number":                        {"version: 1", "version: 99999999999999999999", 2, 10, "quotes"},
		"twice, in quotes":                     {"description: 'yes'", "\"versio\\x6e\": 1", 3, 1, "twice"},
		"twice, with a mark":                   {"description: 'yes'", "? version\n: 1", 3, 3, "twice"},
		"a line separator ends a comment":      {"as: [clinician]", "as: [clinician] # or\u2028    as: [workforce]", 33, 25, "not to be seen"},
		"a paragraph separator ends a comment": {"as: [clinician]", "as: [clinician] # or\u2029    as: [workforce]", 33, 25, "not to be seen"},
		"a next line ends a comment":           {"as: [clinician]", "as: [clinician] # or\u0085    as: [workforce]", 33, 25, "not to be seen"},
		"a carriage return ends a comment":     {"as: [clinician]", "as: [clinician] # or\r    as: [workforce]", 33, 25, "not to be seen"},
		"the other direction":                  {"'yes'", "'y\u202ees'", 3, 16, "not to be seen"},
		"the other direction, in a comment":    {"# who", "# \u2066who", 1, 3, "not to be seen"},
		"no width":                             {"description", "de\u200bscription", 3, 3, "not to be seen"},
		"a space that is none":                 {"version: 1", "version:\u00a01", 2, 9, "not to be seen"},
		"a mark in the middle":                 {"description", "\ufeffdescription", 3, 1, "not to be seen"},
		"with a sign":                          {"version: 1", "version: +1", 2, 10, "quotes"},
		"with an underscore":                   {"version: 1", "version: 1_0", 2, 10, "quotes"},
		"a date":                               {"description: 'yes'", "description: 2026-01-01", 3, 14, "quotes"},
		"null":                                 {"description: 'yes'", "description: null", 3, 14, "quotes"},
		"a tilde":                              {"description: 'yes'", "description: ~", 3, 14, "quotes"},
		"nothing":                              {"description: 'yes'", "description:", 3, 13, "no value"},
		"an anchor":                            {"[read]", "&a [read]", 6, 10, "anchor"},
		"an alias":                             {"description: 'yes'", "description: &a yes\nx: *a", 3, 14, "anchor"},
		"a tag":                                {"'yes'", "!!str yes", 3, 14, "tag"},
		"a tag of its own":                     {"'yes'", "!x yes", 3, 14, "tag"},
		"binary":                               {"'yes'", "!!binary aGVsbG8=", 3, 14, "tag"},
		"a merge key":                          {"description: 'yes'", "<<: {description: x}", 3, 1, "merge"},
		"a complex key":                        {"description: 'yes'", "? [a]\n: b", 3, 3, "key"},
		"a key that is a number":               {"description: 'yes'", "7: b", 3, 1, "key"},
		"a key that is null":                   {"description: 'yes'", "~: b", 3, 1, "key"},
		"two documents":                        {"tests:", "---\ntests:", 31, 1, "second document"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, clinic, c.old)
			_, err := policyyaml.Parse([]byte(strings.Replace(clinic, c.old, c.new, 1)))
			require.ErrorIs(t, err, access.ErrPolicy)
			var problem *access.PolicyError
			require.ErrorAs(t, err, &problem)
			require.Contains(t, problem.Problem, c.problem)
			if c.problem != "malformed YAML" { // whose places are the library's
				require.Equal(t, [2]int{c.line, c.column}, [2]int{problem.Line, problem.Column}, problem.Problem)
			}
		})
	}
}

// What is no document, or too much of one, is refused.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestBounds(t *testing.T) {
	for name, src := range map[string]string{
		"nothing":       "",
		"a comment":     "# nothing\n",
		"markers":       "---\n...\n",
		"not UTF-8":     "a: \xff",
		"UTF-16":        "\xff\xfea\x00:\x00 \x001\x00",
		"too long":      "a: " + strings.Repeat("x", 2<<20),
		"too deep":      strings.Repeat("[", 50) + strings.Repeat("]", 50),
		"far too deep":  strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
		"deep mappings": strings.Repeat("{a: ", 50) + "b" + strings.Repeat("}", 50),
		"laughs":        "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
		"only an alias": "*a",
		"a control":     "a: \"\x01\"",
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{second(policyyaml.Parse([]byte(src))), second(policyyaml.Convert([]byte(src)))} {
				require.ErrorIs(t, err, access.ErrPolicy)
				require.Less(t, len(err.Error()), 300)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// FuzzConvert takes anything without a panic. What it converts is one line of
// JSON that YAML, of which JSON is a part, converts to the same again, and
// means what the library reads.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func FuzzConvert(f *testing.F) {
	f.Add([]byte(clinic))
	f.Add([]byte(`{"version":1,"a":["b",true,7,{"c":"\u2028\ud83d\ude00"}]}`))
	f.Add([]byte("\ufeffa: \"\\N\\_\\L\\P\\e\\U000e0041\"\r\n"))
	f.Add([]byte("a: &x b\nc: *x\n<<: {d: e}\n"))
	f.Add([]byte("? - a\n: b\n--- !t\n'x': \"y\\x41\"\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		data, err := policyyaml.Convert(src)
		if err != nil {
			require.ErrorIs(t, err, access.ErrPolicy)
			return
		}
		require.True(t, json.Valid(data))
		require.NotContains(t, string(data), "\n")
		if len(data) <= 2<<20 && !strings.Contains(string(data), `\ud`) { // YAML escapes in other ways beyond 16 bits
			again, err := policyyaml.Convert(data)
			require.NoError(t, err)
			require.Equal(t, string(data), string(again))
		}
		if _, err := policyyaml.Parse(src); err != nil {
			var problem *access.PolicyError
			require.True(t, errors.As(err, &problem))
			require.Positive(t, problem.Line)
		}
	})
}
