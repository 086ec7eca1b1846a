package crosswalk

import (
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard"
)

// ReconstructedNotice is what every document that shows a row or a pair of the
// OCR crosswalk has to say.
//
// Controls: none, the rule as data.
const ReconstructedNotice = "The rows of the OCR crosswalk of 2016 (CSF 1.0) were reconstructed and checked against NIST's pairs, not read from HHS's file: 680 of their 681 pairs are NIST's too. Quote HHS's file, not these rows."

// An OCRRow is one row of the crosswalk that the HHS Office for Civil Rights
// published in 2016, as reconstructed: see [ReconstructedNotice]. It is a plain
// value and comparable.
//
// Controls: none, the rule as data.
type OCRRow struct {
	// Subcategory is the id in CSF 1.0; edition 1.1 kept all 98.
	Subcategory string
	cited       string
}

// OCR2016 yields the 98 rows in the order of their ids.
//
// Controls: none, the rule as data.
func OCR2016() iter.Seq[OCRRow] {
	return func(yield func(OCRRow) bool) {
		for i := range ocr2016 {
			if !yield(ocr2016[i]) {
				return
			}
		}
	}
}

// OCR2016Of returns the row of one CSF 1.0 subcategory, and false if there is
// none. Edition 1.1 has ten more.
//
// Controls: none, the rule as data.
func OCR2016Of(csf10ID string) (OCRRow, bool) {
	i := sort.Search(len(ocr2016), func(i int) bool { return ocr2016[i].Subcategory >= csf10ID })
	if i == len(ocr2016) || ocr2016[i].Subcategory != csf10ID {
		return OCRRow{}, false
	}
	return ocr2016[i], true
}

// Citations returns the citations in the form of the row, which names
// paragraphs and sections as well as items. ID.RA-2 has none. The slice
// belongs to the caller.
func (r OCRRow) Citations() []string { return strings.Fields(r.cited) }

// Controls returns the provisions that the citations stand for, in the order
// of the regulation. 164.306, which DE.DP-3 and ID.GV-3 cite, is none of them.
func (r OCRRow) Controls() []safeguard.Control {
	var ids []safeguard.Control
	for citation := range strings.FieldsSeq(r.cited) {
		ids = append(ids, standsFor(citation)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// OnlyHere returns the provisions of the row that NIST does not pair with the
// subcategory of the same id in CSF 1.1: one of 681.
func (r OCRRow) OnlyHere() []safeguard.Control {
	return without(r.Controls(), r.nist())
}

// OnlyNIST returns the provisions that NIST pairs with the subcategory and the
// row does not have: six in all.
func (r OCRRow) OnlyNIST() []safeguard.Control {
	return without(r.nist(), r.Controls())
}

func (r OCRRow) nist() []safeguard.Control {
	var ids []safeguard.Control
	for p := range ByRef(CSF11, r.Subcategory) {
		ids = append(ids, p.Control)
	}
	return ids
}

func without(a, b []safeguard.Control) []safeguard.Control {
	return slices.DeleteFunc(slices.Clone(a), func(id safeguard.Control) bool { return slices.Contains(b, id) })
}

// standsFor is Expand, with citations inside an item standing for that item
// and unknown ones for nothing.
func standsFor(citation string) []safeguard.Control {
	if ids, err := Expand(citation); err == nil {
		return ids
	}
	if up := strings.LastIndexByte(citation, '('); up > 0 {
		if r, ok := Get(safeguard.Control(citation[:up])); ok {
			return []safeguard.Control{r.ID}
		}
	}
	return nil
}

// reconstructed are the pairs of the rows, in the order of [Pairs].
var reconstructed = sync.OnceValue(func() []Pair {
	all := make([]Pair, 0, 700)
	for _, row := range ocr2016 {
		for _, id := range row.Controls() {
			all = append(all, Pair{Control: id, Framework: CSF10, Ref: row.Subcategory, Provenance: Reconstructed})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Control < all[j].Control })
	return all
})
