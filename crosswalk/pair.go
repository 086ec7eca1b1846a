package crosswalk

import (
	"iter"
	"sort"
	"strings"
	"sync"

	"github.com/safeguard-sdk/safeguard"
)

// A Provenance says who stands behind a pair. The zero value is nobody.
//
// Controls: none, the rule as data.
type Provenance uint8

// Official pairs are NIST's own, from the Online Informative References of SP
// 800-66r2, which NIST marks as not comprehensive. Derived pairs are this
// package's composition of those with NIST's CSF 1.1 to 2.0 dispositions;
// neither NIST nor HHS has published or approved them. Reconstructed pairs are
// those of the OCR crosswalk of 2016, see [ReconstructedNotice].
//
// Controls: none, the rule as data.
const (
	Official Provenance = iota + 1
	Derived
	Reconstructed
)

// String returns "official", "derived", "reconstructed" or "unknown".
func (p Provenance) String() string {
	return name([]string{"unknown", "official", "derived", "reconstructed"}, int(p))
}

// A Pair refers a provision to an entry of a framework. It says that the two
// have to do with each other, not that one satisfies the other. It is a plain
// value and comparable.
//
// Controls: none, the rule as data.
type Pair struct {
	// Control is the provision.
	Control safeguard.Control
	// Framework and Ref are the entry, for instance CSF11 and "DE.AE-3".
	Framework Framework
	Ref       string
	// Provenance is Official for CSF11 and SP80053r5, Derived for CSF20 and
	// Reconstructed for CSF10.
	Provenance Provenance
	via        string
}

// Via returns the CSF 1.1 subcategories through which a derived pair was
// composed, and nothing for an official one. The slice belongs to the caller.
func (p Pair) Via() []string { return strings.Fields(p.via) }

// refsRow is a row of the tables: all entries that a provision is paired
// with, separated by single spaces.
type refsRow struct {
	id   safeguard.Control
	refs string
}

// made returns the pairs that this package makes of others.
func made(f Framework) []Pair {
	switch f {
	case CSF20:
		return derived()
	case CSF10:
		return reconstructed()
	}
	return nil
}

func officialRows(f Framework) []refsRow {
	switch f {
	case CSF11:
		return olirCSF11[:]
	case SP80053r5:
		return olirSP80053[:]
	}
	return nil
}

// Pairs yields every pair with a framework, in the order of the provisions
// and then of the entries: 764 with CSF11, 279 with SP80053r5, 904 derived
// ones with CSF20, 681 reconstructed ones with CSF10, nothing for another
// framework.
//
// Controls: none, the rule as data.
func Pairs(f Framework) iter.Seq[Pair] {
	if all := made(f); all != nil {
		return each(all)
	}
	return func(yield func(Pair) bool) {
		for _, row := range officialRows(f) {
			if !row.each(f, yield) {
				return
			}
		}
	}
}

func (r refsRow) each(f Framework, yield func(Pair) bool) bool {
	for ref := range strings.FieldsSeq(r.refs) {
		if !yield(Pair{Control: r.id, Framework: f, Ref: ref, Provenance: Official}) {
			return false
		}
	}
	return true
}

func each(pairs []Pair) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for _, p := range pairs {
			if !yield(p) {
				return
			}
		}
	}
}

// ByControl yields the pairs of one provision with a framework. It yields
// nothing for an unknown id and for the Privacy and Breach Notification
// Rules, which NIST has not mapped. A standard's pairs do not include those
// of its specifications.
//
// Controls: none, the rule as data.
func ByControl(f Framework, id safeguard.Control) iter.Seq[Pair] {
	if all := made(f); all != nil {
		from := sort.Search(len(all), func(i int) bool { return all[i].Control >= id })
		to := from
		for to < len(all) && all[to].Control == id {
			to++
		}
		return each(all[from:to])
	}
	return func(yield func(Pair) bool) {
		rows := officialRows(f)
		i := sort.Search(len(rows), func(i int) bool { return rows[i].id >= id })
		if i < len(rows) && rows[i].id == id {
			rows[i].each(f, yield)
		}
	}
}

// ByRef yields the pairs of one entry of a framework, in the order of the
// provisions. It yields nothing for an unknown entry; a few known ones have
// no pair either.
//
// Controls: none, the rule as data.
func ByRef(f Framework, ref string) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for p := range Pairs(f) {
			if p.Ref == ref && !yield(p) {
				return
			}
		}
	}
}

// Paired reports whether a provision is paired with an entry of a framework.
//
// Controls: none, the rule as data.
func Paired(f Framework, id safeguard.Control, ref string) bool {
	for p := range ByControl(f, id) {
		if p.Ref == ref {
			return true
		}
	}
	return false
}

// derived composes the pairs with CSF 1.1 and the dispositions. Links to a
// whole category are left out: to claim each of its subcategories would be
// more than NIST said.
var derived = sync.OnceValue(func() []Pair {
	all := make([]Pair, 0, 1024)
	for _, row := range olirCSF11 {
		all = append(all, row.compose()...)
	}
	return all
})

func (r refsRow) compose() []Pair {
	via := map[string]string{}
	for from := range strings.FieldsSeq(r.refs) {
		d, _ := DispositionOf(from)
		for to := range strings.FieldsSeq(d.to) {
			if strings.Contains(to, "-") {
				via[to] = strings.TrimPrefix(via[to]+" "+from, " ")
			}
		}
	}
	pairs := make([]Pair, 0, len(via))
	for to, from := range via {
		pairs = append(pairs, Pair{Control: r.id, Framework: CSF20, Ref: to, Provenance: Derived, via: from})
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].Ref < pairs[j].Ref })
	return pairs
}
