package crosswalk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// 98 rows stand for 681 pairs, 680 of which NIST has; NIST has six more. The
// seven rows that differ are exactly the known ones.
func TestOCR2016(t *testing.T) {
	type difference struct{ here, nist []safeguard.Control }
	one := func(id safeguard.Control) []safeguard.Control { return []safeguard.Control{id} }
	sub := difference{nist: one("164.314(a)(2)(iii)")}
	known := map[string]difference{
		"ID.AM-4": sub, "ID.RA-6": sub, "PR.AT-3": sub, "RS.CO-3": sub, "RC.CO-3": sub,
		"ID.BE-2": {nist: one("164.310(a)(2)(i)")},
		"PR.AC-3": {here: one("164.308(b)(3)")},
	}
	rows, pairs, here, nist := 0, 0, 0, 0
	found := map[string]difference{}
	for row := range crosswalk.OCR2016() {
		rows++
		pairs += len(row.Controls())
		here += len(row.OnlyHere())
		nist += len(row.OnlyNIST())
		_, ok := crosswalk.GetSubcategory(crosswalk.CSF11, row.Subcategory)
		require.True(t, ok, row.Subcategory)
		got, ok := crosswalk.OCR2016Of(row.Subcategory)
		require.True(t, ok)
		require.Equal(t, row, got)
		if d := (difference{row.OnlyHere(), row.OnlyNIST()}); len(d.here)+len(d.nist) > 0 {
			found[row.Subcategory] = difference{orNil(d.here), orNil(d.nist)}
		}
	}
	require.Equal(t, []int{98, 681, 1, 6}, []int{rows, pairs, here, nist})
	require.Equal(t, 680, pairs-here, "agreeing pairs")
	require.Equal(t, known, found)
	_, ok := crosswalk.OCR2016Of("ID.SC-1")
	require.False(t, ok, "new in edition 1.1")
}

func orNil(ids []safeguard.Control) []safeguard.Control {
	if len(ids) == 0 {
		return nil
	}
	return ids
}

// A citation inside an item stands for the item, a section for all that is in
// it, and one outside the tables for nothing.
func TestOCR2016Citations(t *testing.T) {
	row, _ := crosswalk.OCR2016Of("ID.RA-6")
	require.Equal(t, []string{"164.308(a)(1)(ii)(B)", "164.314(a)(2)(i)(C)", "164.314(b)(2)(iv)"}, row.Citations())
	require.Equal(t, []safeguard.Control{"164.308(a)(1)(ii)(B)", "164.314(a)(2)(i)", "164.314(b)(2)(iv)"}, row.Controls())
	row, _ = crosswalk.OCR2016Of("ID.GV-3")
	require.Len(t, row.Controls(), 68)
	row, _ = crosswalk.OCR2016Of("DE.DP-3")
	require.Equal(t, []string{"164.306(e)"}, row.Citations())
	require.Empty(t, row.Controls())
	row, _ = crosswalk.OCR2016Of("ID.RA-2")
	require.Empty(t, row.Citations())
}

// The pairs are never official, and their source says how they came about.
func TestOCR2016Provenance(t *testing.T) {
	n := 0
	for p := range crosswalk.ByControl(crosswalk.CSF10, safeguard.AuditControls) {
		n++
		require.Equal(t, crosswalk.Reconstructed, p.Provenance)
		require.Contains(t, p.Source().Retrieved, "not read from HHS's file")
	}
	require.Equal(t, 14, n)
	require.Contains(t, crosswalk.ReconstructedNotice, "not read from HHS's file")
	require.Equal(t, "reconstructed", crosswalk.Reconstructed.String())
	require.Equal(t, "NIST CSF 1.0", crosswalk.CSF10.String())
}
