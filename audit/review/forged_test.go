package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// A reviewer with a good key who signs a range without a look at its items does
// not cover it: not one that says that there were none, not one that judges
// records that nobody drew, not one of own items.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(c)(1); NIST CSF 2.0 DE.AE-03.
func TestHollowSignOff(t *testing.T) {
	for name, change := range map[string]func(r *review.Round){
		"no items": func(r *review.Round) { r.Items, r.Flagged, r.Sampled, r.Sample = nil, 0, 0, 0 },
		"no alerts": func(r *review.Round) {
			r.Items = []review.Item{{Index: 3}}
			r.Flagged, r.Sampled, r.Sample = 0, 1, 1
		},
		"own items": func(r *review.Round) {
			for i := range r.Items {
				r.Items[i].Actor, r.Items[i].OnBehalfOf = review.Actor{}, ""
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := reviewable(t)
			m.add(audit.Event{Type: audit.TypeBreakGlassInvoked, Time: monday}, map[string]any{
				"principal": audit.Actor{ID: "officer", Kind: "person", Tenant: "t1"}})
			sealed, vkey := m.seal(t, "clinic/log")
			r, err := review.Prepare(t.Context(), m, 0, sealed.Size, sealed, &review.RoundOptions{Sample: 200})
			require.NoError(t, err)
			change(r)
			s, err := r.Sign(officer, key("officer"), judge(r), nil)
			require.NoError(t, err)
			known := keys{"officer": key("officer")}
			_, err = s.Check(t.Context(), known, vkey)
			require.NoError(t, err, "it holds by itself")
			_, err = s.Record(t.Context(), m)
			require.NoError(t, err)

			tr, err := review.NewTracker(m, known, vkey, nil)
			require.NoError(t, err)
			require.NoError(t, tr.Read(t.Context()))
			require.Zero(t, tr.State().Open)
			c, err := tr.Coverage(monday, monday.Add(24*time.Hour))
			require.NoError(t, err)
			require.Len(t, c.Rejected, 1)
			require.Empty(t, c.Reviews)
			require.False(t, c.Days[0].Covered())
		})
	}
}
