package crosswalk_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Near misses are refused, and the right id is suggested.
func TestParseIDRefuses(t *testing.T) {
	for _, c := range []struct{ in, suggest string }{
		{"164_308_a_1_ii_a", "164.308(a)(1)(ii)(A)"},
		{"164.312.a.2.III", "164.312(a)(2)(iii)"},
		{"164.312(A)(2)(iii)", "164.312(a)(2)(iii)"},
		{"164.308(a)(1)(II)(D)", "164.308(a)(1)(ii)(D)"},
		{"164.308(a)(1)(ii)(d)", "164.308(a)(1)(ii)(D)"},
		{"§164.312(b)", "164.312(b)"},
		{"45 CFR § 164.312(b)", "164.312(b)"},
		{"164.312 (b)", "164.312(b)"},
		{" 164.312(b)", "164.312(b)"},
		{"164.312(b) ", "164.312(b)"},
		{"164.312(b).", "164.312(b)"},
		{"164.312(b", "164.312(b)"},
		{"hipaa-164.312-a-2-iii", "164.312(a)(2)(iii)"},
		{"164.308(a)(7)", "164.308(a)(7)(i)"},
		{"164.312(c)", "164.312(c)(1)"},
		{"164.308(b)(4)", "164.308(b)(3)"},
		{"164.316(b)(2)(iiii)", "164.316(b)(2)(iii)"},
		{"308a3ia", ""},
		{"164.312", ""},
		{"164.306(a)", ""},
		{"164.999(z)", ""},
		{"", ""},
		{"164.312(b)\x00", "164.312(b)"},
		{strings.Repeat("164.312(b)", 50), ""},
	} {
		id, err := crosswalk.ParseID(c.in)
		require.Empty(t, id, c.in)
		require.ErrorIs(t, err, crosswalk.ErrUnknownID, c.in)
		var typed *crosswalk.IDError
		require.True(t, errors.As(err, &typed))
		require.Equal(t, safeguard.Control(c.suggest), typed.Suggestion, c.in)
		require.Less(t, len(err.Error()), 200)
		require.NotContains(t, err.Error(), "\n")
	}
}

// Every id parses to itself, and every form of it that is not its spelling is
// refused with the id as the suggestion.
func TestParseIDOfEveryID(t *testing.T) {
	forms := map[string]func(string) string{
		"section sign": func(s string) string { return "§ " + s },
		"underscores":  func(s string) string { return strings.NewReplacer(".", "_", ")(", "_", "(", "_", ")", "").Replace(s) },
		"upper":        func(s string) string { return strings.ToUpper(s) + " " },
		"spaced":       func(s string) string { return strings.ReplaceAll(s, "(", " (") + " " },
		"hyphens":      func(s string) string { return "hipaa-" + strings.NewReplacer(")(", "-", "(", "-", ")", "").Replace(s) },
	}
	for r := range crosswalk.All() {
		id, err := crosswalk.ParseID(string(r.ID))
		require.NoError(t, err)
		require.Equal(t, r.ID, id)
		for name, form := range forms {
			_, err := crosswalk.ParseID(form(string(r.ID)))
			var typed *crosswalk.IDError
			require.ErrorAs(t, err, &typed, name)
			require.Equal(t, r.ID, typed.Suggestion, "%s of %s", name, r.ID)
		}
	}
}

func TestExpand(t *testing.T) {
	for in, want := range map[string]int{
		"164.308(a)(7)":     6, // the standard and its five specifications
		"164.308(a)(7)(i)":  1, // the standard only
		"164.308(a)(7)(ii)": 5, // the specifications only
		"164.308(b)(1)":     1,
		"164.308(b)(4)":     1, // the number from before 2013
		"164.308":           30,
		"164.310(d)":        5,
		"164.312":           12,
		"164.312(a)":        5,
		"164.402":           2,
		"164.404(a)":        2,
		"164.404(b)":        1,
		"164.404":           8,
		"164.406":           1, // the section, which has an id of its own
		"164.406(b)":        1,
		"164.410(b)":        1,
		"164.508":           1,
	} {
		ids, err := crosswalk.Expand(in)
		require.NoError(t, err, in)
		require.Len(t, ids, want, in)
	}
	ids, err := crosswalk.Expand("164.308(b)(4)")
	require.NoError(t, err)
	require.Equal(t, []safeguard.Control{safeguard.WrittenContract}, ids)
	for _, in := range []string{"", "164", "164.", "164.3", "164.308(a", "164.308(", "164.308()", "164.308 (a)", "(a)", "164.306", "164.308(A)(7)"} {
		_, err := crosswalk.Expand(in)
		require.ErrorIs(t, err, crosswalk.ErrUnknownID, in)
	}
}

// What Appendix A cites expands to the standard and its specifications.
func TestExpandAppendixA(t *testing.T) {
	n := 0
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		if r.AppendixA == "" || r.AppendixA == string(r.ID) {
			continue
		}
		n++
		ids, err := crosswalk.Expand(r.AppendixA)
		require.NoError(t, err)
		require.Equal(t, r.ID, ids[0])
		for spec := range crosswalk.Specifications(r.ID) {
			require.Contains(t, ids, spec.ID)
		}
	}
	require.NotZero(t, n)
}

func FuzzParseID(f *testing.F) {
	for r := range crosswalk.All() {
		f.Add(string(r.ID))
	}
	f.Add("164_308_a_1_ii_a")
	f.Add("§\xff")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := crosswalk.ParseID(s)
		if err == nil {
			require.Equal(t, s, string(id))
			return
		}
		require.Empty(t, id)
		require.True(t, utf8.ValidString(err.Error()))
		ids, err := crosswalk.Expand(s)
		require.Equal(t, err == nil, len(ids) > 0)
	})
}

// Every lookup by id is free of allocation, in every table.
func TestLookupsDoNotAllocate(t *testing.T) {
	for name, lookup := range lookups() {
		require.True(t, lookup(), name)
		require.Zero(t, testing.AllocsPerRun(100, func() { lookup() }), name)
	}
}

func lookups() map[string]func() bool {
	return map[string]func() bool{
		"Get":            func() bool { _, ok := crosswalk.Get(safeguard.AutomaticLogoff); return ok },
		"ParseID":        func() bool { _, err := crosswalk.ParseID("164.312(a)(2)(iii)"); return err == nil },
		"GetSubcategory": func() bool { _, ok := crosswalk.GetSubcategory(crosswalk.CSF20, "PR.AA-05"); return ok },
		"DispositionOf":  func() bool { _, ok := crosswalk.DispositionOf("PR.AC-1"); return ok },
		"OCR2016Of":      func() bool { _, ok := crosswalk.OCR2016Of("PR.AC-1"); return ok },
	}
}

func BenchmarkLookup(b *testing.B) {
	for name, lookup := range lookups() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lookup()
			}
		})
	}
}
