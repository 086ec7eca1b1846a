package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// described writes a Difference, one change a line.
func described(d access.Difference) string {
	var b strings.Builder
	for _, s := range d.Settings {
		fmt.Fprintf(&b, "%s: %s wider=%t narrower=%t\n", s.Where, s.Change, s.Widened, s.Narrowed)
	}
	for _, c := range d.Cells {
		fmt.Fprintf(&b, "%s %s %s %v wider=%t narrower=%t %v +%v -%v %v %v\n",
			c.Role, c.Action, c.Resource, c.Purposes, c.Widened, c.Narrowed, c.Changes, c.Gained, c.Lost, c.OldRules, c.NewRules)
	}
	return b.String()
}

// Each kind of change is said in words, with its direction; the opposite change
// has the opposite direction.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestDiff(t *testing.T) {
	clean := parsed(t, cleanPolicy)
	for _, c := range []struct {
		old, new string
		wider    bool
		narrower bool
		want     string
	}{
		{`"fields": ["Patient.address"], "because": "sends`, `"fields": ["Patient.address", "Patient.telecom"], "because": "sends`, true, false,
			"biller read Patient [HPAYMT] wider=true narrower=false [] +[Patient.telecom] -[] [B-1 W-1] [B-1 W-1]"},
		{`"purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"purposes": ["HPAYMT", "COVERAGE"],
         "fields": ["Patient.address"]`, true, false, "biller read Patient [COVERAGE] wider=true narrower=false [newly allowed: always] +[Patient.address] -[] [] [B-1]"},
		{`"relationship": ["care-team"], "conditions": ["on-shift"]`, `"relationship": ["care-team"]`, true, false,
			"requirement for Observation.code weakened: from relationship care-team; condition on-shift to relationship care-team"},
		{`"labels": {"max": "R", "sensitivity": ["PSY", "42CFRPart2"]}`, `"labels": {"max": "N", "sensitivity": ["PSY", "42CFRPart2"]}`, false, true,
			"strengthened: from relationship care-team; labels up to R; also 42CFRPart2, PSY"},
		{`"fields": ["Patient.address.line"]`, `"fields": ["Patient.address.city"]`, true, true, "no longer: Patient.address.line is hidden"},
		{`, "obligations": ["tell-privacy-officer"]`, ``, true, false, "the obligation tell-privacy-officer is gone"},
		{`"max_age_days": 365`, `"max_age_days": 400`, true, false, "training, age: from 365 to 400 days"},
		{`"version": 1,`, `"version": 1, "tenant": "required",`, false, true, "tenant: is required"},
		{`"max": 1, "because": "nobody`, `"max": 1, "because": "Nobody`, false, false, ""},
		{`"kind": "static"`, `"kind": "dynamic"`, true, true, "separation S-1: is gone: static, at most 1 of approver, biller"},
		{`{"id": "C-PART2", "labels": ["42CFRPart2"]`, `{"id": "C-PART2", "labels": ["42CFRPart2", "PSY"]`, false, true, "consent C-PART2: was required"},
		{`"minutes": 30`, `"minutes": 20`, false, true, "emergency, grant: from 30 to 20 minutes"},
		{`"emergency": {"roles": ["clinician"]`, `"emergency": {"roles": ["clinician", "scheduler"]`, true, false, "emergency, roles"},
	} {
		src := strings.Replace(cleanPolicy, c.old, c.new, 1)
		require.NotEqual(t, cleanPolicy, src, c.want)
		changed := parsed(t, src)
		for _, run := range []struct {
			d               access.Difference
			wider, narrower bool
		}{{access.Diff(clean, changed), c.wider, c.narrower}, {access.Diff(changed, clean), c.narrower, c.wider}} {
			require.Equal(t, run.wider, run.d.Widened(), "%s\n%s", c.new, described(run.d))
			require.Equal(t, run.wider || run.narrower, !run.d.Empty(), described(run.d))
			narrowed := false
			for _, s := range run.d.Settings {
				narrowed = narrowed || s.Narrowed
			}
			for _, cell := range run.d.Cells {
				narrowed = narrowed || cell.Narrowed
			}
			require.Equal(t, run.narrower, narrowed, described(run.d))
		}
		require.Contains(t, described(access.Diff(clean, changed)), c.want)
	}
}

// From nothing to a policy everything is new, and back everything is gone.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestDiffOfNothing(t *testing.T) {
	p := parsed(t, cleanPolicy)
	require.True(t, access.Diff(nil, nil).Empty())
	require.True(t, access.Diff(nil, p).Widened())
	d := access.Diff(p, nil)
	require.False(t, d.Empty())
	require.Empty(t, d.New)
	require.Contains(t, described(d), "role biller: is gone")
}

// A deny rule of one role counts for whoever has the role besides others, so
// taking it away widens, although the role alone was given nothing.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestDiffSuspension(t *testing.T) {
	const head = `{"version":1,"resources":{"T":["read"]},"roles":{"worker":{"allow":[
	  {"id":"A","resource":"T","actions":["read"],"purposes":["TREAT"],"fields":["T.a"],"because":"works"}]},"suspended":{`
	before := parsed(t, head+`"deny":[{"id":"D","resource":"T","actions":["read"],"because":"under investigation"}]}}}`)
	after := parsed(t, head+`}}}`)
	d := access.Diff(before, after)
	require.True(t, d.Widened())
	require.Equal(t, "suspended", d.Cells[0].Role)
	require.False(t, access.Diff(after, before).Widened())
}
