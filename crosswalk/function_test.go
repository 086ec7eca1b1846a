package crosswalk_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

func TestInSafeguard(t *testing.T) {
	n := 0
	for s, want := range map[crosswalk.Safeguard]int{
		crosswalk.Administrative: 30, crosswalk.Physical: 12, crosswalk.Technical: 12, crosswalk.Organizational: 9, crosswalk.Documentation: 5, 0: 0,
	} {
		got := count(crosswalk.InSafeguard(s), all[crosswalk.Requirement])
		require.Equal(t, want, got, s)
		n += got
	}
	require.Equal(t, 68, n)
}

func TestFunctions(t *testing.T) {
	require.Equal(t, []crosswalk.Function{{"GV", "Govern"}, {"ID", "Identify"}, {"PR", "Protect"}, {"DE", "Detect"}, {"RS", "Respond"}, {"RC", "Recover"}},
		crosswalk.Functions(crosswalk.CSF20))
	require.Len(t, crosswalk.Functions(crosswalk.CSF11), 5)
	require.Empty(t, crosswalk.Functions(crosswalk.SP80053r5))
}

// A function holds the provisions that have a pair in it other than the one
// that everything has, and every provision is in at least one function.
func TestByFunction(t *testing.T) {
	for _, f := range []crosswalk.Framework{crosswalk.CSF11, crosswalk.CSF20} {
		seen := map[safeguard.Control]bool{}
		for _, function := range crosswalk.Functions(f) {
			var ids []safeguard.Control
			for r := range crosswalk.ByFunction(f, function.ID) {
				ids = append(ids, r.ID)
				seen[r.ID] = true
			}
			require.NotEmpty(t, ids, function)
			require.Less(t, len(ids), 68, function)
			require.True(t, slices.IsSorted(ids))
		}
		require.Greater(t, len(seen), 60)
		universal := 0
		for s := range crosswalk.Subcategories(f) {
			pairs := count(crosswalk.ByRef(f, s.ID), all[crosswalk.Pair])
			require.Equal(t, pairs == 68, crosswalk.Universal(f, s.ID), s.ID)
			universal += pairs / 68
		}
		require.Equal(t, 1, universal)
	}
	require.Zero(t, count(crosswalk.ByFunction(crosswalk.CSF20, "P"), all[crosswalk.Requirement]), "not a prefix")
	require.Zero(t, count(crosswalk.ByFunction(crosswalk.CSF20, ""), all[crosswalk.Requirement]))
	require.False(t, crosswalk.Universal(crosswalk.SP80053r5, "AC-01"))
}
