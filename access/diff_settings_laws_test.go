package access_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/internal/policygen"
	"github.com/stretchr/testify/require"
)

// amended returns a policy in which one or two things are drawn again: what
// holds for every rule as often as a rule.
func amended(w policygen.World, p policygen.Policy) policygen.Policy {
	p.Roles = slices.Clone(p.Roles)
	for range 1 + w.IntN(2) {
		fresh, i := w.Policy(), w.IntN(len(p.Roles))
		role := &p.Roles[i]
		switch w.IntN(7) {
		case 0:
			p.Tenant = fresh.Tenant
		case 1:
			p.Training = fresh.Training
		case 2:
			p.Consents = consentsAbout(fresh.Consents, p.Labels)
		case 3:
			p.Separations = fresh.Separations
		case 4:
			if p.Emergency != nil && fresh.Emergency != nil {
				p.Emergency = fresh.Emergency
			}
		case 5:
			role.Inherits = fresh.Roles[i].Inherits
		case 6:
			role.Rules = slices.Clone(role.Rules)
			n := w.IntN(len(role.Rules))
			role.Rules[n] = w.Rule(p, role.Rules[n].ID)
		}
	}
	return p
}

// consentsAbout returns the requirements whose labels the policy has.
func consentsAbout(all []policygen.Consent, labels []string) []policygen.Consent {
	return slices.DeleteFunc(slices.Clone(all), func(c policygen.Consent) bool { return common(c.Labels, labels) != len(c.Labels) })
}

// outcome is all that a decision lets out and asks for.
type outcome struct {
	allowed     bool
	seen        string
	obligations []string
	exempt      string
}

const seenDocument = `{"resourceType":%q,"a":{"b":1,"c":2,"z":3},"d":{"e":{"f":4,"z":5},"z":6},"z":7}`

func outcomeOf(t *testing.T, b *trial, r policygen.Request) outcome {
	d := b.decide(r)
	if !d.Allowed {
		return outcome{}
	}
	out, err := d.Project(nil, fmt.Appendf(nil, seenDocument, r.Resource))
	require.NoError(t, err)
	seen := ""
	for _, value := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		if strings.Contains(string(out), ":"+value) {
			seen += value
		}
	}
	return outcome{true, seen, d.Obligations, d.Exempt}
}

// wider reports whether o lets out anything that before does not.
func (o outcome) wider(before outcome) bool {
	return o.allowed && !before.allowed || strings.ContainsFunc(o.seen, func(r rune) bool { return !strings.ContainsRune(before.seen, r) })
}

// On random policies that differ in consent, training, tenant, separation,
// emergency rules, inheritance or rules: whoever is decided otherwise is in the
// Difference, whoever is let in that was not makes it a widening, and whoever is
// not let in that was makes it a narrowing. Another order is no difference.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestDiffIsWhatIsDecided(t *testing.T) {
	n := cases(100, 20_000)
	w := policygen.New(21)
	alike, differ, wider, narrower, silent := 0, 0, 0, 0, 0
	for i := 0; i < n; i++ {
		one := w.Policy()
		src, other := one.JSON(), amended(w, one).JSON()
		if _, err := access.ParsePolicy(other); err != nil {
			continue // a separation that a role breaks
		}
		a, b := newTrial(t, src), newTrial(t, other)
		d := access.Diff(a.policy, b.policy)
		shuffled, err := access.ParsePolicy(w.Shuffled(one))
		require.NoError(t, err)
		require.True(t, access.Diff(a.policy, shuffled).Empty(), "%s", src)
		different := false
		for range 120 {
			r := w.Request()
			r.Fails = nil
			before, after := outcomeOf(t, a, r), outcomeOf(t, b, r)
			if reflect.DeepEqual(before, after) {
				continue
			}
			different = true
			where := fmt.Sprintf("case %d: %+v\n%+v\n%+v\n%+v\n%s\n%s", i, r, before, after, d, src, other)
			require.False(t, d.Empty(), where)
			if after.wider(before) {
				require.True(t, d.Widened(), where)
				wider++
			}
			if before.wider(after) {
				require.True(t, narrows(d), where)
				narrower++
			}
		}
		switch {
		case different:
			differ++
		case d.Empty():
			alike++
		default:
			silent++ // no request drawn shows it
		}
	}
	require.Greater(t, differ, n/5)
	require.Greater(t, wider, n/5)
	require.Greater(t, narrower, n/5)
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		fmt.Printf("soak: policy settings %d differ, %d alike, %d without a witness\n", differ, alike, silent)
	}
}

func narrows(d access.Difference) bool {
	return slices.ContainsFunc(d.Cells, func(c access.CellChange) bool { return c.Narrowed }) ||
		slices.ContainsFunc(d.Settings, func(c access.SettingChange) bool { return c.Narrowed })
}
