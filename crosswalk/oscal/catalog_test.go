package oscal_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

// Controls: HIPAA 164.308(a)(8).
func TestCatalogHoldsTheRule(t *testing.T) {
	d, err := oscal.Catalog(info())
	require.NoError(t, err)
	groups := body(t, d)["groups"].([]any)
	require.Len(t, groups, 7)

	count := map[string]int{}
	own := func(v map[string]any, name string) string {
		for _, p := range v["props"].([]any) {
			if p := p.(map[string]any); p["name"] == name && p["ns"] == oscal.Namespace {
				return p["value"].(string)
			}
		}
		return ""
	}
	each(groups, func(v map[string]any) {
		if v["class"] != "standard" && v["class"] != "specification" && v["class"] != "section" || v["controls"] != nil && v["props"] == nil {
			return
		}
		id, ok := oscal.ParseControlID(v["id"].(string))
		require.True(t, ok, v["id"])
		r, _ := crosswalk.Get(id)
		require.Equal(t, string(id), own(v, "citation"))
		require.Equal(t, r.Title, v["title"])
		require.Equal(t, strings.ToLower(r.Designation.String()), own(v, "designation"))
		count[v["class"].(string)]++
		if v["class"] == "specification" {
			count[own(v, "designation")]++
		}
		if children, ok := v["controls"].([]any); ok {
			require.Len(t, children, len(slices.Collect(crosswalk.Specifications(id))), id)
		}
	})
	require.Equal(t, map[string]int{"standard": 22, "specification": 46, "section": 40, "required": 24, "addressable": 22}, count)
}

func TestControlIDs(t *testing.T) {
	seen := map[string]bool{}
	token := regexp.MustCompile(`^\p{L}(\p{L}|\p{N}|[.\-_])*$`)
	for r := range crosswalk.All() {
		id := oscal.ControlID(r.ID)
		require.Regexp(t, token, id)
		require.False(t, seen[id], id)
		seen[id] = true
		back, ok := oscal.ParseControlID(id)
		require.True(t, ok)
		require.Equal(t, r.ID, back)
		for _, bad := range []string{id + "-", id + "-i-i", strings.ToUpper(id), id[1:], id + ")", strings.Replace(id, "-", "(", 1), id + "_obj"} {
			_, ok := oscal.ParseControlID(bad)
			require.False(t, ok, bad)
		}
	}
	require.Len(t, seen, 108)
	require.Equal(t, "hipaa-164.312-a-2-iii", oscal.ControlID(safeguard.AutomaticLogoff))
	require.Empty(t, oscal.ControlID("164.312(A)(1)"))
	_, ok := oscal.ParseControlID("hipaa-164.308-a-1-ii-a")
	require.False(t, ok, "case tells (A) from (a)")
}

func TestCSF11Catalog(t *testing.T) {
	d, err := oscal.CSF11Catalog(info())
	require.NoError(t, err)
	count := map[string]int{}
	each(body(t, d)["groups"], func(v map[string]any) {
		if class, ok := v["class"].(string); ok {
			count[class]++
		}
	})
	require.Equal(t, map[string]int{"function": 5, "category": 23, "subcategory": 108}, count)
}

// Controls: HIPAA 164.308(a)(8).
func TestMappingsHoldEveryPair(t *testing.T) {
	official, err := oscal.Mappings(info(), nil)
	require.NoError(t, err)
	require.Len(t, body(t, official)["mappings"], 2, "derived pairs are not the default")
	require.NotContains(t, string(written(t, official)), "derived")

	d, err := oscal.Mappings(info(), &oscal.MappingOptions{Derived: true})
	require.NoError(t, err)
	mappings := body(t, d)["mappings"].([]any)
	require.Len(t, mappings, 3)
	for i, want := range []struct {
		pairs, sourceGap, targetGap int
		method, status              string
	}{
		{764, 40, 2, "human", "not-complete"},
		{279, 40 + unpaired(crosswalk.SP80053r5), 0, "human", "not-complete"},
		{904, 40, 21, "automation", "draft"},
	} {
		m := mappings[i].(map[string]any)
		require.Len(t, m["maps"], want.pairs)
		require.Equal(t, want.method, m["method"])
		require.Equal(t, want.status, m["status"])
		require.Equal(t, want.sourceGap, gapSize(m["source-gap-summary"]))
		require.Equal(t, want.targetGap, gapSize(m["target-gap-summary"]))
		each(m["maps"], func(v map[string]any) {
			if v["relationship"] != nil {
				require.Equal(t, "intersects-with", v["relationship"])
			}
		})
	}
}

// unpaired counts provisions of the Security Rule without a pair.
func unpaired(f crosswalk.Framework) int {
	n := 0
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		if len(slices.Collect(crosswalk.ByControl(f, r.ID))) == 0 {
			n++
		}
	}
	return n
}

func gapSize(v any) int {
	n := 0
	each(v, func(m map[string]any) {
		if ids, ok := m["with-ids"].([]any); ok {
			n += len(ids)
		}
	})
	return n
}

// The ids of NIST's SP 800-53 catalog: no zero before a number, a point before
// an enhancement's.
func TestTargetsOfSP80053(t *testing.T) {
	d, err := oscal.Mappings(info(), nil)
	require.NoError(t, err)
	form := regexp.MustCompile(`^[a-z]{2}-[1-9][0-9]?(\.[1-9][0-9]?)?$`)
	enhanced, all := map[string]bool{}, map[string]bool{}
	each(body(t, d)["mappings"].([]any)[1].(map[string]any)["maps"], func(v map[string]any) {
		if id, ok := v["id-ref"].(string); ok && !strings.HasPrefix(id, "hipaa-") {
			require.Regexp(t, form, id)
			all[id] = true
			if strings.Contains(id, ".") {
				enhanced[id] = true
			}
		}
	})
	require.Len(t, all, 108)
	require.Equal(t, map[string]bool{"cp-2.8": true, "cp-9.1": true, "pe-3.1": true, "ra-2.1": true}, enhanced)
}
