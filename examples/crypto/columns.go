package main

import (
	"context"
	"encoding/json"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A chart is a row of a table with sealed columns. They move as ciphertext
// through database/sql and encoding/json alike.
type chart struct {
	ID        string                  `json:"id"`
	SSN       crypto.Sealed[string]   `json:"ssn"`
	Allergies crypto.Sealed[[]string] `json:"allergies"`
}

// columns seals values one by one, each for its own place.
func (s *story) columns(ctx context.Context) (err error) {
	s.say("== Columns")
	record := chart{ID: "chart-1"}
	if record.SSN, err = crypto.Seal(ctx, s.Sealer, place("charts", "ssn", "chart-1", "Patient/ada"), "123-45-6789"); err != nil {
		return err
	}
	record.Allergies, err = crypto.Seal(ctx, s.Sealer, place("charts", "allergies", "chart-1", "Patient/ada"), []string{"penicillin"})
	if err != nil {
		return err
	}
	stored, err := json.MarshalIndent(record, "   ", "  ")
	if err != nil {
		return err
	}
	s.say("   Stored: %s", stored)
	s.say("   In a log: %v", record)

	var read chart
	if err := json.Unmarshal(stored, &read); err != nil {
		return err
	}
	value, err := read.SSN.Open(ctx, s.Sealer, place("charts", "ssn", "chart-1", "Patient/ada"))
	s.say("   In its place: %d characters, %v", len(value), err)
	for _, wrong := range []struct {
		what string
		ref  crypto.Ref
	}{
		{"in another column", place("charts", "phone", "chart-1", "Patient/ada")},
		{"in another row", place("charts", "ssn", "chart-2", "Patient/ada")},
		{"as another patient's", place("charts", "ssn", "chart-1", "Patient/bob")},
		{"with no row", place("charts", "ssn", "", "Patient/ada")},
	} {
		_, err := read.SSN.Open(ctx, s.Sealer, wrong.ref)
		s.say("   The same %s: %v", wrong.what, err)
	}
	return nil
}
