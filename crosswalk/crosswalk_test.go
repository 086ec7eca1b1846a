package crosswalk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

func count[T any](seq iter.Seq[T], keep func(T) bool) int {
	n := 0
	for v := range seq {
		if keep(v) {
			n++
		}
	}
	return n
}

func all[T any](T) bool { return true }

// The numbers of the rule itself: 22 standards, 46 specifications, 24 of them
// Required and 22 Addressable, and the sums of Appendix A to Subpart C.
func TestRuleCounts(t *testing.T) {
	type q = crosswalk.Requirement
	for _, c := range []struct {
		what string
		want int
		keep func(q) bool
	}{
		{"standards", 22, func(r q) bool { return r.Level == crosswalk.Standard }},
		{"specifications", 46, func(r q) bool { return r.Level == crosswalk.Specification }},
		{"required specifications", 24, func(r q) bool {
			return r.Level == crosswalk.Specification && r.Designation == crosswalk.Required
		}},
		{"addressable specifications", 22, func(r q) bool {
			return r.Level == crosswalk.Specification && r.Designation == crosswalk.Addressable
		}},
		{"addressable at all", 22, func(r q) bool { return r.Designation == crosswalk.Addressable }},
		{"standards without specifications", 7, func(r q) bool { return r.Alone }},
		{"Appendix A standards", 18, func(r q) bool { return r.InAppendixA && r.Level == crosswalk.Standard }},
		{"Appendix A specifications", 36, func(r q) bool { return r.InAppendixA && r.Level == crosswalk.Specification }},
		{"Appendix A required specifications", 14, func(r q) bool {
			return r.InAppendixA && r.Level == crosswalk.Specification && r.Designation == crosswalk.Required
		}},
		{"Appendix A addressable specifications", 22, func(r q) bool {
			return r.InAppendixA && r.Designation == crosswalk.Addressable
		}},
		{"Appendix A standards marked (R)", 6, func(r q) bool {
			return r.InAppendixA && r.Level == crosswalk.Standard && r.Designation == crosswalk.Required
		}},
		{"administrative", 30, func(r q) bool { return r.Safeguard == crosswalk.Administrative }},
		{"physical", 12, func(r q) bool { return r.Safeguard == crosswalk.Physical }},
		{"technical", 12, func(r q) bool { return r.Safeguard == crosswalk.Technical }},
		{"organizational", 9, func(r q) bool { return r.Safeguard == crosswalk.Organizational }},
		{"documentation", 5, func(r q) bool { return r.Safeguard == crosswalk.Documentation }},
	} {
		require.Equal(t, c.want, count(crosswalk.In(crosswalk.SecurityRule), c.keep), c.what)
	}
	require.Equal(t, 20, count(crosswalk.In(crosswalk.PrivacyRule), all[q]))
	require.Equal(t, 20, count(crosswalk.In(crosswalk.BreachRule), all[q]))
}

// Designations that other tools get wrong.
func TestDesignations(t *testing.T) {
	for id, want := range map[safeguard.Control]crosswalk.Designation{
		safeguard.AutomaticLogoff:                 crosswalk.Addressable,
		safeguard.EncryptionAndDecryption:         crosswalk.Addressable,
		safeguard.ProtectionFromMaliciousSoftware: crosswalk.Addressable,
		safeguard.LoginMonitoring:                 crosswalk.Addressable,
		safeguard.PasswordManagement:              crosswalk.Addressable,
		safeguard.WorkforceClearanceProcedure:     crosswalk.Addressable,
		safeguard.UniqueUserIdentification:        crosswalk.Required,
		safeguard.EmergencyAccessProcedure:        crosswalk.Required,
		safeguard.AuditControls:                   crosswalk.Required,
		safeguard.AccessControl:                   0,
	} {
		r, ok := crosswalk.Get(id)
		require.True(t, ok, id)
		require.Equal(t, want, r.Designation, id)
	}
}

// Every provision is whole: a title, a parent that is a standard of its own
// section, a designation where the rule has one.
func TestRequirementsAreWhole(t *testing.T) {
	var last safeguard.Control
	for r := range crosswalk.All() {
		require.Less(t, last, r.ID, "order")
		last = r.ID
		require.NotEmpty(t, r.Title, r.ID)
		require.NotZero(t, r.Rule, r.ID)
		require.Regexp(t, `^164\.\d{3}$`, r.Section())
		if r.Level == crosswalk.Specification {
			p, ok := crosswalk.Get(r.Parent)
			require.True(t, ok, r.ID)
			require.Equal(t, crosswalk.Standard, p.Level)
			require.Equal(t, p.Section(), r.Section())
			require.False(t, p.Alone)
			require.NotZero(t, r.Designation)
			continue
		}
		require.Empty(t, r.Parent)
		specs := count(crosswalk.Specifications(r.ID), all[crosswalk.Requirement])
		require.Equal(t, r.Level == crosswalk.Standard && !r.Alone, specs > 0, r.ID)
	}
	require.Zero(t, count(crosswalk.Specifications(""), all[crosswalk.Requirement]))
}

// The constants of the root package and the provisions here are the same set.
func TestEveryConstantIsKnown(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../control.go", nil, 0)
	require.NoError(t, err)
	var constants, known []string
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			constants = append(constants, s)
		}
		return true
	})
	for r := range crosswalk.All() {
		known = append(known, string(r.ID))
	}
	slices.Sort(constants)
	require.Greater(t, len(constants), 100)
	require.Equal(t, constants, known)
}

// NIST's numbers: pairs, subcategories and dispositions, and no id outside
// its list on either side.
func TestMapCounts(t *testing.T) {
	for f, want := range map[crosswalk.Framework]int{crosswalk.CSF11: 764, crosswalk.SP80053r5: 279, crosswalk.CSF20: 904, crosswalk.CSF10: 681} {
		seen := map[string]bool{}
		for p := range crosswalk.Pairs(f) {
			_, ok := crosswalk.Get(p.Control)
			require.True(t, ok, p.Control)
			if f == crosswalk.SP80053r5 {
				require.Regexp(t, `^[A-Z]{2}-\d{2}(\(\d{2}\))?$`, p.Ref)
			} else {
				edition := f
				if f == crosswalk.CSF10 {
					edition = crosswalk.CSF11 // which kept every id
				}
				_, ok = crosswalk.GetSubcategory(edition, p.Ref)
				require.True(t, ok, p.Ref)
			}
			seen[string(p.Control)+" "+p.Ref] = true
			require.Equal(t, f == crosswalk.CSF20, p.Provenance == crosswalk.Derived)
			require.Equal(t, f == crosswalk.CSF10, p.Provenance == crosswalk.Reconstructed)
			require.Equal(t, f == crosswalk.CSF20, len(p.Via()) > 0)
			require.NotEmpty(t, p.Source().Publication)
		}
		require.Len(t, seen, want, f)
	}
	require.Zero(t, count(crosswalk.Pairs(0), all[crosswalk.Pair]))
	type sub = crosswalk.Subcategory
	require.Equal(t, 108, count(crosswalk.Subcategories(crosswalk.CSF11), all[sub]))
	require.Equal(t, 106, count(crosswalk.Subcategories(crosswalk.CSF20), all[sub]))
	require.Zero(t, count(crosswalk.Subcategories(crosswalk.SP80053r5), all[sub]))
	functions, categories := map[string]bool{}, map[string]bool{}
	for s := range crosswalk.Subcategories(crosswalk.CSF20) {
		functions[s.FunctionTitle], categories[s.CategoryTitle] = true, true
		require.NotEmpty(t, s.Outcome)
		require.True(t, strings.HasPrefix(s.ID, s.Category+"-") && strings.HasPrefix(s.Category, s.Function+"."), s.ID)
		got, ok := crosswalk.GetSubcategory(crosswalk.CSF20, s.ID)
		require.True(t, ok)
		require.Equal(t, s, got)
	}
	require.Equal(t, map[string]bool{"Govern": true, "Identify": true, "Protect": true, "Detect": true, "Respond": true, "Recover": true}, functions)
	require.Len(t, categories, 22)
}

// NIST's dispositions: 29 retained, 18 moved, 61 incorporated, 156 links.
func TestDispositions(t *testing.T) {
	kinds, links, toCategory := map[crosswalk.DispositionKind]int{}, 0, 0
	for d := range crosswalk.Dispositions() {
		kinds[d.Kind]++
		links += len(d.To())
		for _, to := range d.To() {
			if !strings.Contains(to, "-") {
				toCategory++
				continue
			}
			_, ok := crosswalk.GetSubcategory(crosswalk.CSF20, to)
			require.True(t, ok, to)
		}
		got, ok := crosswalk.DispositionOf(d.From)
		require.True(t, ok)
		require.Equal(t, d, got)
		if d.Kind == crosswalk.Retained {
			require.Equal(t, []string{strings.Replace(d.From, "-", "-0", 1)}, d.To())
		}
	}
	require.Equal(t, map[crosswalk.DispositionKind]int{crosswalk.Retained: 29, crosswalk.Moved: 18, crosswalk.Incorporated: 61}, kinds)
	require.Equal(t, 156, links)
	require.Equal(t, 5, toCategory)
	_, ok := crosswalk.DispositionOf("PR.DS-01")
	require.False(t, ok, "an id of edition 2.0")
}

// Reach: all 68 items have an official pair, 106 of the 108 CSF 1.1
// subcategories do, and 85 of the 106 of CSF 2.0 have a derived one.
func TestReach(t *testing.T) {
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		require.NotZero(t, count(crosswalk.ByControl(crosswalk.CSF11, r.ID), all[crosswalk.Pair]), r.ID)
	}
	for _, rule := range []crosswalk.Rule{crosswalk.PrivacyRule, crosswalk.BreachRule} {
		for r := range crosswalk.In(rule) {
			require.Zero(t, count(crosswalk.ByControl(crosswalk.CSF20, r.ID), all[crosswalk.Pair]), r.ID)
		}
	}
	var without []string
	for s := range crosswalk.Subcategories(crosswalk.CSF11) {
		if count(crosswalk.ByRef(crosswalk.CSF11, s.ID), all[crosswalk.Pair]) == 0 {
			without = append(without, s.ID)
		}
	}
	require.Equal(t, []string{"DE.DP-3", "ID.RA-2"}, without)
	reached := count(crosswalk.Subcategories(crosswalk.CSF20), func(s crosswalk.Subcategory) bool {
		return count(crosswalk.ByRef(crosswalk.CSF20, s.ID), all[crosswalk.Pair]) > 0
	})
	require.Equal(t, 85, reached)
}

// Both directions of a lookup give the same pairs.
func TestLookupsAgree(t *testing.T) {
	for _, f := range []crosswalk.Framework{crosswalk.CSF10, crosswalk.CSF11, crosswalk.CSF20, crosswalk.SP80053r5} {
		for p := range crosswalk.Pairs(f) {
			require.True(t, crosswalk.Paired(f, p.Control, p.Ref))
			require.Equal(t, 1, count(crosswalk.ByRef(f, p.Ref), func(o crosswalk.Pair) bool { return o == p }))
		}
	}
	require.True(t, crosswalk.Paired(crosswalk.CSF11, safeguard.AuditControls, "DE.AE-3"))
	require.True(t, crosswalk.Paired(crosswalk.CSF20, safeguard.AuditControls, "DE.AE-03"))
	require.False(t, crosswalk.Paired(crosswalk.CSF20, safeguard.AuditControls, "DE.AE-3"))
	require.False(t, crosswalk.Paired(crosswalk.CSF20, "164.312", "DE.AE-03"))
}

func TestSources(t *testing.T) {
	rows := 0
	for _, s := range crosswalk.Sources() {
		rows += s.Rows
		require.NotEmpty(t, s.Publication)
		require.Equal(t, s.Date == "", s.SHA256 == "", s.Table)
		if s.SHA256 != "" {
			require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{64}$`), s.SHA256)
		}
	}
	require.Equal(t, 68+20+20+136+134+108+764+279+98+904, rows)
	require.Zero(t, crosswalk.Pair{Framework: crosswalk.CSF20, Provenance: crosswalk.Official}.Source())
	crosswalk.Sources()[0].Table = "changed"
	require.NotEqual(t, "changed", crosswalk.Sources()[0].Table)
}

func TestNamesOfUnknownValues(t *testing.T) {
	require.Equal(t, "unknown", crosswalk.Rule(200).String())
	require.Equal(t, "unknown", crosswalk.Framework(200).String())
	require.Equal(t, "", crosswalk.Designation(200).String())
	require.Equal(t, "derived", crosswalk.Derived.String())
	require.Equal(t, "technical", crosswalk.Technical.String())
}

// The tables stay small: with what package coverage embeds, 500 KB at most.
func TestTablesAreSmall(t *testing.T) {
	files, err := filepath.Glob("table_*.go")
	require.NoError(t, err)
	require.Len(t, files, 8)
	var size int64
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(t, err)
		size += info.Size()
	}
	require.Less(t, size, int64(100<<10))
}
