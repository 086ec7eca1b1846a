package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A decision that is told the labels of data shows of it what a projection
// shows that reads the same labels in it, and its record says by which rules.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestLabelledAsProjected(t *testing.T) {
	d := labelled(t)
	const act, confidentiality = "http://terminology.hl7.org/CodeSystem/v3-ActCode", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	all := []access.Coding{
		{confidentiality, "U"}, {confidentiality, "N"}, {confidentiality, "R"}, {confidentiality, "V"}, {confidentiality, "X"}, {confidentiality, ""},
		{act, "PSY"}, {act, "HIV"}, {act, "ETH"}, {"", "N"}, {"", ""}, {"http://other", "PSY"},
		{"http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "REDACTED"}, {"http://terminology.hl7.org/CodeSystem/v3-ObservationValue", ""},
	}
	withheld := 0
	for _, a := range all {
		for _, b := range all {
			meta := fmt.Sprintf(`"meta":{"security":[{"system":%q,"code":%q},{"system":%q,"code":%q}]}`, a.System, a.Code, b.System, b.Code)
			want, wantErr := d.Project(nil, []byte(`{"id":"1","a":"A","b":"B",`+meta+`}`))
			told := d.Labelled(a, b)
			got, err := told.Project(nil, []byte(`{"id":"1","a":"A","b":"B"}`))
			require.Equal(t, wantErr == nil, err == nil, meta)
			require.Equal(t, told.Allowed, err == nil, meta)
			require.Equal(t, told.Allowed, told.Record().Allowed)
			require.Equal(t, told.Rules, told.Record().Rules)
			if err != nil {
				require.ErrorIs(t, wantErr, access.ErrLabel)
				require.Equal(t, access.CodeLabel, told.Code)
				withheld++
				continue
			}
			for _, field := range []string{`"id"`, `"a"`, `"b"`} {
				require.Equal(t, strings.Contains(string(want), field), strings.Contains(string(got), field), "%s of %s", field, meta)
			}
		}
	}
	require.Positive(t, withheld)
	require.Less(t, withheld, len(all)*len(all))
	require.Equal(t, d.Rules, d.Labelled().Rules)
	require.False(t, access.Decision{}.Labelled(all[0]).Allowed)
}

// A decision looks inside if its scope covers only some resources.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestLooksInside(t *testing.T) {
	require.False(t, access.Decision{}.LooksInside())
	require.False(t, labelled(t).LooksInside())
	g := guard(t, labelPolicy, access.Assignments{"a": {"r"}})
	d := g.Decide(access.WithScope(as("a"), everyOther{}), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	require.True(t, d.Allowed)
	require.True(t, d.LooksInside())
}

// everyOther covers resources one by one.
type everyOther struct{ noScope }

func (everyOther) Permits(*access.Request) bool { return true }
