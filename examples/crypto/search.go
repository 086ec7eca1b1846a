package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// An indexed is a row with a sealed number, and beside it the token of its last
// four digits, in a column of its own with a database index on it.
type indexed struct {
	patient   string
	ssn, last []byte
}

const patients = 200

// search finds a patient by the last four digits of a sealed number.
func (s *story) search(ctx context.Context) error {
	s.say("\n== A search over a sealed column")
	plans, err := crypto.PlanIndexes(patients, patients)
	if err != nil {
		return err
	}
	all, err := crypto.NewSearch(s.Sealer, crypto.IndexedTable{Table: "patients", Rows: patients, Indexes: []crypto.IndexSpec{{
		Name: "ssn_last4", Distinct: patients, Bits: plans[0].Bits,
		Parts: []crypto.IndexPart{{Column: "ssn", Kind: "ssn", Transforms: []crypto.Transform{crypto.Digits, crypto.LastFour}}},
	}}})
	if err != nil {
		return err
	}
	index := all.Index("ssn_last4")
	table, err := s.indexed(ctx, index)
	if err != nil {
		return err
	}
	tokens, err := index.Tokens(ctx, tenant, []byte("1369")) // as somebody types it
	if err != nil {
		return err
	}
	candidates := slices.DeleteFunc(table, func(r indexed) bool {
		return !slices.ContainsFunc(tokens, func(t []byte) bool { return bytes.Equal(t, r.last) }) // SQL: WHERE last IN (…)
	})
	found, err := s.compare(ctx, candidates, []byte("1369"))
	if err != nil {
		return err
	}
	s.say("   %d patients, tokens of %d bits: %d rows have the token, of which %d have the number",
		patients, plans[0].Bits, len(candidates), found)
	s.say("   So who reads the tokens cannot tell which row is whose, and a search opens few.")
	_, err = crypto.PlanIndexes(patients, 2)
	s.say("   An index of a column with two values: %v", err)
	return nil
}

// indexed seals a number for each patient, and makes its token.
func (s *story) indexed(ctx context.Context, index *crypto.BlindIndex) (table []indexed, err error) {
	for i := range patients {
		r := indexed{patient: "Patient/" + strconv.Itoa(i)}
		number := fmt.Appendf(nil, "900-%02d-%04d", i%90, i*37)
		if r.ssn, err = s.AppendSeal(ctx, nil, number, place("patients", "ssn", r.patient, r.patient)); err != nil {
			return nil, err
		}
		if r.last, err = index.AppendToken(ctx, nil, tenant, number); err != nil {
			return nil, err
		}
		table = append(table, r)
	}
	return table, nil
}

// compare tells the hits from the others: the index says "perhaps", the value
// says "yes". It is compared inside the Sealer, so that the log has openings of
// the hits alone, and not of whoever happens to share a token.
func (s *story) compare(ctx context.Context, candidates []indexed, last []byte) (found int, err error) {
	for _, r := range candidates {
		hit, err := s.Matches(ctx, r.ssn, last, place("patients", "ssn", r.patient, r.patient), crypto.Digits, crypto.LastFour)
		if err != nil {
			return 0, err
		}
		if hit {
			found++
		}
	}
	return found, nil
}
