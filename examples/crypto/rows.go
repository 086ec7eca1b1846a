package main

import (
	"context"
	_ "embed"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/crypto"
)

//go:embed policy.json
var policyJSON []byte

// A person is a record whose tags say what is sealed, and which fields are
// opened together: the sensitive ones are a group of their own.
type person struct {
	ID        int64  `json:"id" phi:"-"`
	Name      string `json:"name" phi:"name"`
	BirthDate string `json:"birthDate" phi:"birthdate"`
	Diagnosis string `json:"diagnosis" phi:"clinical,group=sensitive"`
}

// rows seals a record in groups and opens it for several people, as far as the
// policy permits. What one may not see is not decrypted and then dropped: it is
// never decrypted. So a group opens only for who may see all of it.
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
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return err
	}
	roles := access.Assignments{"sam": {"scheduler"}, "carla": {"clinician"}, "pat": {"porter"}}
	guard, err := access.New(policy, &access.Options{Roles: roles})
	if err != nil {
		return err
	}
	for _, reader := range []struct {
		who     string
		purpose safeguard.Purpose
	}{{"sam", safeguard.Operations}, {"carla", safeguard.Treatment}, {"pat", safeguard.Operations}, {"carla", safeguard.Operations}} {
		ctx := safeguard.WithPrincipal(ctx, safeguard.Principal{ID: reader.who, Kind: safeguard.Person})
		decision := guard.Decide(ctx, access.Request{Resource: "Person", Action: "read", Purpose: reader.purpose})
		seen := person{ID: 7}
		report, err := people.Open(ctx, &seen, ref, decision, sealed)
		if err != nil {
			return err
		}
		s.say("   %s, a %s, for %s: name %t, diagnosis %t, withheld %q",
			reader.who, roles[reader.who][0], reader.purpose, seen.Name != "", seen.Diagnosis != "", report.Withheld)
	}
	return nil
}
