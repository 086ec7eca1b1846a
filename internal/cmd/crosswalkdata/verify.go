package main

import (
	"fmt"
	"slices"
	"strings"
)

// verify checks the tables against each other and against the constants.
func (s *set) verify(constants []string) error {
	var ids []string
	for _, q := range s.requirements {
		ids = append(ids, q.id)
	}
	if !slices.Equal(ids, constants) {
		return fmt.Errorf("provisions and Control constants differ: %v", difference(ids, constants))
	}
	for _, pairs := range []table{s.olir11, s.olir53, s.derived} {
		for _, r := range pairs.rows {
			if _, ok := slices.BinarySearch(ids, r["hipaa_id"]); !ok {
				return fmt.Errorf("pair of unknown provision %s", r["hipaa_id"])
			}
		}
	}
	for _, t := range []table{s.csf11, s.csf20} {
		if err := verifyParents(t); err != nil {
			return err
		}
	}
	if err := s.verifyOCR(ids); err != nil {
		return err
	}
	return s.verifyDerived()
}

// verifyParents checks that each category and subcategory names a parent that
// is in the table and that its id begins with.
func verifyParents(t table) error {
	known := map[string]bool{}
	for _, r := range t.rows {
		known[r["id"]] = true
	}
	for _, r := range t.rows {
		if p := r["parent"]; r["level"] != "function" && (!known[p] || !strings.HasPrefix(r["id"], p)) {
			return fmt.Errorf("%s: parent %q", r["id"], p)
		}
	}
	return nil
}

// verifyOCR checks that the citations of each row stand for the ids that the
// row lists, by the rule that crosswalk applies.
func (s *set) verifyOCR(ids []string) error {
	for _, r := range s.ocr.rows {
		var got []string
		for _, c := range links(r["hipaa_citations_as_published"]) {
			got = append(got, stands(c, ids)...)
		}
		want := links(r["expanded_hipaa_ids"])
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(slices.Compact(got), want) {
			return fmt.Errorf("OCR row %s: expanded %v, cited %v", r["csf10_subcategory"], want, got)
		}
	}
	return nil
}

// stands returns the ids that a citation stands for: itself, what is in it, or
// the id that it is in.
func stands(citation string, ids []string) []string {
	if slices.Contains(ids, citation) {
		return []string{citation}
	}
	var in []string
	for _, id := range ids {
		if strings.HasPrefix(id, citation+"(") {
			in = append(in, id)
		}
	}
	if up := strings.LastIndex(citation, "("); len(in) == 0 && up > 0 {
		if parent := citation[:up]; slices.Contains(ids, parent) {
			return []string{parent}
		}
	}
	return in
}

func difference(a, b []string) []string {
	var d []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			d = append(d, "+"+s)
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			d = append(d, "-"+s)
		}
	}
	return d
}

// verifyDerived checks that composing the official pairs with the
// dispositions, whole categories left out, gives exactly the derived pairs,
// each with the same subcategories on the way.
func (s *set) verifyDerived() error {
	to := map[string][]string{}
	for _, r := range s.disp.rows {
		to[r["csf11"]] = links(r["csf20_targets_nist"])
	}
	composed := map[string][]string{}
	for _, r := range s.olir11.rows {
		for _, t := range to[r["csf11_subcategory"]] {
			if strings.Contains(t, "-") {
				key := r["hipaa_id"] + " " + t
				composed[key] = append(composed[key], r["csf11_subcategory"])
			}
		}
	}
	for _, r := range s.derived.rows {
		key := r["hipaa_id"] + " " + r["csf20_subcategory"]
		want, got := links(r["via_csf11"]), composed[key]
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			return fmt.Errorf("derived pair %s: via %v, composed via %v", key, want, got)
		}
		delete(composed, key)
	}
	if len(composed) != 0 {
		return fmt.Errorf("%d composed pairs are not in the derived table", len(composed))
	}
	return nil
}
