package main

import (
	"context"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A person is a record whose tags say what is sealed, and which fields are
// opened together: the sensitive ones are a group of their own.
type person struct {
	ID        int64  `json:"id" phi:"-"`
	Name      string `json:"name" phi:"name"`
	BirthDate string `json:"birthDate" phi:"birthdate"`
	Diagnosis string `json:"diagnosis" phi:"clinical,group=sensitive"`
}

// rows seals a record in groups. What the caller may not see is not decrypted
// and then dropped: it is never decrypted.
func (s *story) rows(ctx context.Context) error {
	s.say("\n== A row, opened as far as one may see it")
	people, err := crypto.NewRows[person](s.Sealer, nil)
	if err != nil {
		return err
	}
	ref := place("people", "sealed", "7", "Patient/ada")
	sealed, err := people.Seal(ctx, &person{7, "Ada Lovelace", "1815-12-10", "asthma"}, ref)
	if err != nil {
		return err
	}
	s.say("   Sealed in the groups %q", sealed.Groups())
	for _, reader := range []struct {
		who  string
		mask crypto.Mask
	}{
		{"A scheduler", crypto.Fields{"name", "birthDate"}}, // in a service: the access decision
		{"A clinician", crypto.Fields{"name", "birthDate", "diagnosis"}},
		{"Somebody who may see one field of a group", crypto.Fields{"name"}},
	} {
		seen := person{ID: 7}
		report, err := people.Open(ctx, &seen, ref, reader.mask, sealed)
		if err != nil {
			return err
		}
		s.say("   %s: name %t, diagnosis %t, withheld %q", reader.who, seen.Name != "", seen.Diagnosis != "", report.Withheld)
	}
	return nil
}
