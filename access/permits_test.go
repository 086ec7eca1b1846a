package access_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPermits(t *testing.T) {
	for name, c := range map[string]struct {
		allow, deny []string
		yes, no     []string
	}{
		"a field": {[]string{"Patient.birthDate"}, nil,
			[]string{"birthDate", "birthDate.x"}, []string{"", "birth", "name", "Patient.birthDate", "birthDate.", ".birthDate", "birthDate.extension"}},
		"a part": {[]string{"Patient.name.family"}, nil, []string{"name.family"}, []string{"name", "name.given"}},
		"all": {[]string{"Patient.*"}, nil, []string{"birthDate", "name.given"},
			[]string{"", "text", "contained", "extension", "_birthDate", "name.extension"}},
		"all but one":       {[]string{"Patient.*"}, []string{"Patient.ssn"}, []string{"birthDate"}, []string{"ssn", "ssn.x"}},
		"all but a part":    {[]string{"Patient.*"}, []string{"Patient.name.family"}, []string{"name.given"}, []string{"name", "name.family", "name.text"}},
		"listed narrative":  {[]string{"Patient.text.div"}, nil, []string{"text.div"}, []string{"text", "text.status", "div"}},
		"listed extension":  {[]string{"Patient.extension"}, nil, []string{"extension"}, []string{"name.extension"}},
		"deny beats itself": {[]string{"Patient.name"}, []string{"Patient.name"}, nil, []string{"name", "name.family"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := read(t, guard(t, maskPolicy(c.allow, c.deny), access.Assignments{"a": {"r"}}), "a", safeguard.Treatment)
			for _, f := range c.yes {
				require.True(t, d.Permits(f), f)
			}
			for _, f := range c.no {
				require.False(t, d.Permits(f), f)
			}
		})
	}
	require.False(t, access.Decision{Allowed: true, Fields: []string{"Patient.*"}}.Permits("name"), "of no Guard")
	denied := clinic(t).Decide(as("sam"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	require.False(t, denied.Permits("name"))
}

// A projection shows a field whole if and only if it is permitted.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPermittedIsWhatIsProjectedWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := []string{"a", "b", "text", "div", "display", "extension", "contained"}
	path := func() string {
		p := make([]string, 1+random.IntN(3))
		for i := range p {
			p[i] = keys[random.IntN(len(keys))]
		}
		return strings.Join(p, ".")
	}
	policyPath := func() string {
		if random.IntN(4) == 0 {
			return "Patient.*"
		}
		return "Patient." + path()
	}
	permitted, refused := 0, 0
	for range cases(1_000, 100_000) {
		allow, deny := []string{policyPath()}, []string{}
		for range random.IntN(3) {
			allow = append(allow, policyPath())
		}
		for range random.IntN(3) {
			deny = append(deny, "Patient."+path())
		}
		policy, err := access.ParsePolicy([]byte(maskPolicy(allow, deny)))
		if err != nil {
			continue // a path twice, or one that a policy may not list
		}
		g, err := access.New(policy, &access.Options{Roles: access.Assignments{"a": {"r"}}})
		require.NoError(t, err)
		d := g.Decide(as("a"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
		field := path()
		src := at(field, map[string]any{"a": "1", "b": map[string]any{"a": "2", "z": "3"}, "z": "4"})
		out, err := d.Project(nil, src)
		require.NoError(t, err)
		if d.Permits(field) {
			permitted++
			require.JSONEq(t, string(src), string(out), "%s of %v less %v", field, allow, deny)
			continue
		}
		refused++
		below := func(d string) bool { return strings.HasPrefix(d, "Patient."+field+".") }
		if slices.ContainsFunc(deny, below) || len(deny) > 0 && strings.HasSuffix("."+field, ".text") {
			continue // a place below is hidden that this document does not have
		}
		require.NotContains(t, string(out), strings.TrimSuffix(string(src), "}"), "%s of %v less %v", field, allow, deny)
	}
	require.Greater(t, refused, 100, "the law was hardly tried")
	require.Greater(t, permitted, 50, "the law was hardly tried")
}

// at returns a document with v at path.
func at(path string, v any) []byte {
	parts := strings.Split(path, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		v = map[string]any{parts[i]: v}
	}
	src, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return src
}
