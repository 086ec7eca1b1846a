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
	return s.verifyDerived()
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
