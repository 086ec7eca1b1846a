package crosswalk_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Every known spelling of every id is read, and ParseID reads none of them.
func TestParseAliasOfEveryID(t *testing.T) {
	flat := func(sep string) func(string) string {
		return func(s string) string { return strings.NewReplacer(")(", sep, "(", sep, ")", "").Replace(s) }
	}
	forms := map[string]func(string) string{
		"itself":       func(s string) string { return s },
		"CFR":          func(s string) string { return "45 CFR " + s },
		"CFR sign":     func(s string) string { return "45 CFR § " + s },
		"CFR sign, no": func(s string) string { return "45 CFR §" + s },
		"sign":         func(s string) string { return "§ " + s },
		"sign, no":     func(s string) string { return "§" + s },
		"token":        func(s string) string { return "hipaa-" + flat("-")(s) },
		"underscores":  func(s string) string { return strings.ToLower(strings.ReplaceAll(flat("_")(s), ".", "_")) },
	}
	for r := range crosswalk.All() {
		for name, form := range forms {
			s := form(string(r.ID))
			got, err := crosswalk.ParseAlias(s)
			require.NoError(t, err, "%s: %s", name, s)
			require.Equal(t, r.ID, got, "%s: %s", name, s)
			_, err = crosswalk.ParseID(s)
			require.Equal(t, name == "itself", err == nil, "%s: %s", name, s)
		}
	}
	for in, want := range map[string]safeguard.Control{
		"164.312.a.2.III":     safeguard.AutomaticLogoff,
		"164.308.a.1.II.D":    safeguard.InformationSystemActivityReview,
		"164.312.b":           safeguard.AuditControls,
		"164.308(b)(4)":       safeguard.WrittenContract,
		"164.314(a)(3)(i)":    safeguard.BusinessAssociateContracts,
		"164.314(a)(2)(i).2":  safeguard.BusinessAssociateContracts,
		"164_312_a_2_iii":     safeguard.AutomaticLogoff,
		"45 CFR § 164.312(b)": safeguard.AuditControls,
	} {
		got, err := crosswalk.ParseAlias(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
}

// A spelling that no source uses is no alias, however near, and neither is the
// paragraph that stands for several provisions.
func TestParseAliasRefuses(t *testing.T) {
	for _, in := range []string{
		"", "164.308(a)(7)", "164.312", "164.312(A)(2)(iii)", "164.312.A.2.III", "164.312 (b)", "164.312(b).", "§  164.312(b)",
		"HIPAA-164.312-b", "hipaa-164.312-B", "164_312_A", "§ hipaa-164.312-b", "308a3ia", "hipaa-001", strings.Repeat("x", 1<<16),
	} {
		_, err := crosswalk.ParseAlias(in)
		require.ErrorIs(t, err, crosswalk.ErrUnknownID, in)
	}
}

// Tokens are valid in OSCAL, and no two ids share one.
func TestToken(t *testing.T) {
	valid := regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	seen := map[string]bool{}
	for r := range crosswalk.All() {
		token := crosswalk.Token(r.ID)
		require.Regexp(t, valid, token)
		require.False(t, seen[token], token)
		seen[token] = true
	}
	require.Equal(t, "hipaa-164.312-a-2-iii", crosswalk.Token(safeguard.AutomaticLogoff))
}

// Ids that popular tools ship under the name of CSF 2.0 and that edition does
// not have: those of edition 1.1, numbers without the zero, and invented ones.
func TestSubcategoriesThatToolsShip(t *testing.T) {
	for _, id := range []string{
		"GV.OC-1", "GV.OC-2", "GV.OC-3", "GV.RM-1", "GV.RM-2", "GV.RM-3", "GV.SC-1", "GV.SC-2", "GV.SC-3", "GV.SC-4",
		"GV.RR-1", "GV.RR-2", "GV.RR-3", "GV.PO-1", "GV.PO-2", "GV.PO-3", "GV.PO-4", "GV.PO-5", "GV.OV-1", "GV.OV-2",
		"GV.PO-03", "GV.PO-04", "GV.PO-05", "ID.BE-01", "PR.AC-01", "PR.IP-01", "PR.PT-01", "DE.DP-01", "ID.AM-06", "PR.DS-03",
		"DE.AE-01", "DE.AE-05", "RS.RP-01", "RC.IM-01", "IF.AM-01", "PR.DS-1", "pr.ds-01", "PR.DS-001", "PR.DS", "PR",
	} {
		_, ok := crosswalk.GetSubcategory(crosswalk.CSF20, id)
		require.False(t, ok, id)
	}
	kept := 0
	for s := range crosswalk.Subcategories(crosswalk.CSF11) {
		if _, ok := crosswalk.GetSubcategory(crosswalk.CSF20, s.ID); ok {
			kept++
		}
	}
	require.Zero(t, kept, "no id of edition 1.1 is one of 2.0 too")
}

func FuzzParseAlias(f *testing.F) {
	f.Add("45 CFR § 164.312(b)")
	f.Add("hipaa-164.312-a-2-iii")
	f.Add("164_312_a_2_iii")
	f.Add("164.312.a.2.III")
	f.Add("164.314(a)(2)(i).2")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := crosswalk.ParseAlias(s)
		if err != nil {
			require.ErrorIs(t, err, crosswalk.ErrUnknownID)
			require.Empty(t, id)
			return
		}
		_, err = crosswalk.ParseID(string(id))
		require.NoError(t, err)
		again, err := crosswalk.ParseAlias(crosswalk.Token(id))
		require.NoError(t, err)
		require.Equal(t, id, again)
	})
}
