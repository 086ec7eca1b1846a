package crosswalk

import (
	"iter"
	"sort"
	"strings"
)

// A Framework is an edition of a NIST publication that provisions are paired
// with. The zero value is no framework.
//
// Controls: none, the rule as data.
type Framework uint8

// The Cybersecurity Framework 1.1 (2018), its edition 2.0 (2024), SP 800-53
// Revision 5, release 5.1.1, and the Cybersecurity Framework 1.0 (2014), which
// the OCR crosswalk of 2016 is about and whose 98 ids edition 1.1 kept.
//
// Controls: none, the rule as data.
const (
	CSF11 Framework = iota + 1
	CSF20
	SP80053r5
	CSF10
)

// String returns the name of the publication, or "unknown".
func (f Framework) String() string {
	return name([]string{"unknown", "NIST CSF 1.1", "NIST CSF 2.0", "NIST SP 800-53 Rev. 5", "NIST CSF 1.0"}, int(f))
}

// A Subcategory is one outcome of the Cybersecurity Framework, with the
// category and function that it belongs to.
//
// Controls: none, the rule as data.
type Subcategory struct {
	// Framework is CSF11 or CSF20.
	Framework Framework
	// ID is for instance "PR.DS-1" in edition 1.1 and "PR.DS-01" in 2.0.
	ID string
	// Outcome is NIST's text.
	Outcome string
	// Category and CategoryTitle are for instance "PR.DS" and "Data Security".
	Category, CategoryTitle string
	// Function and FunctionTitle are for instance "PR" and "Protect".
	Function, FunctionTitle string
}

// csfRow is a row of the tables: a function ("PR"), a category ("PR.DS") or a
// subcategory ("PR.DS-01"), which the form of its id tells. up is the row of
// what it belongs to, its own for a function.
type csfRow struct {
	id, text string
	up       int16
}

func csf(f Framework) []csfRow {
	switch f {
	case CSF11:
		return csf11[:]
	case CSF20:
		return csf20[:]
	}
	return nil
}

// csfIndex returns where a row is, and -1 if there is none.
func csfIndex(rows []csfRow, id string) int {
	i := sort.Search(len(rows), func(i int) bool { return rows[i].id >= id })
	if i == len(rows) || rows[i].id != id {
		return -1
	}
	return i
}

// GetSubcategory returns the outcome with the given id in the exact spelling
// of the given edition, and false if there is none. Edition 2.0 pads the
// number with a zero and 1.1 does not, so an id is of one edition only.
//
// Controls: none, the rule as data.
func GetSubcategory(f Framework, id string) (Subcategory, bool) {
	rows := csf(f)
	i := csfIndex(rows, id)
	if i < 0 || strings.IndexByte(id, '-') < 0 {
		return Subcategory{}, false
	}
	return csfRowAt(f, rows, i), true
}

func csfRowAt(f Framework, rows []csfRow, i int) Subcategory {
	sub := &rows[i]
	category := &rows[sub.up]
	function := &rows[category.up]
	return Subcategory{
		Framework: f, ID: sub.id, Outcome: sub.text,
		Category: category.id, CategoryTitle: category.text,
		Function: function.id, FunctionTitle: function.text,
	}
}

// Subcategories yields the outcomes of CSF11 or CSF20 in the order of their
// ids, and nothing for another framework.
//
// Controls: none, the rule as data.
func Subcategories(f Framework) iter.Seq[Subcategory] {
	return func(yield func(Subcategory) bool) {
		rows := csf(f)
		for i := range rows {
			if strings.IndexByte(rows[i].id, '-') >= 0 && !yield(csfRowAt(f, rows, i)) {
				return
			}
		}
	}
}

// A DispositionKind says what became of a CSF 1.1 subcategory in edition 2.0.
// The zero value is none.
//
// Controls: none, the rule as data.
type DispositionKind uint8

// Retained kept its number, Moved has another one, and Incorporated went into
// one or several others. The words are NIST's.
//
// Controls: none, the rule as data.
const (
	Retained DispositionKind = iota + 1
	Moved
	Incorporated
)

// String returns "retained", "moved", "incorporated" or "unknown".
func (k DispositionKind) String() string {
	return name([]string{"unknown", "retained", "moved", "incorporated"}, int(k))
}

// A Disposition is NIST's official statement where a CSF 1.1 subcategory went
// in edition 2.0.
//
// Controls: none, the rule as data.
type Disposition struct {
	// From is the id in edition 1.1.
	From string
	// Kind is how it went.
	Kind DispositionKind
	to   string
}

// To returns the targets in edition 2.0. Most are subcategories; five of the
// 156 links name a whole category, for instance "GV.PO". The slice belongs to
// the caller.
func (d Disposition) To() []string { return strings.Fields(d.to) }

// Dispositions yields what became of each CSF 1.1 subcategory.
//
// Controls: none, the rule as data.
func Dispositions() iter.Seq[Disposition] {
	return func(yield func(Disposition) bool) {
		for i := range dispositions {
			if !yield(dispositions[i]) {
				return
			}
		}
	}
}

// DispositionOf returns what became of one CSF 1.1 subcategory, and false if
// there is none of that id.
//
// Controls: none, the rule as data.
func DispositionOf(csf11ID string) (Disposition, bool) {
	i := sort.Search(len(dispositions), func(i int) bool { return dispositions[i].From >= csf11ID })
	if i == len(dispositions) || dispositions[i].From != csf11ID {
		return Disposition{}, false
	}
	return dispositions[i], true
}
