package query

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A request that was refused after columns had been opened exposed everybody
// whom it names, in whichever of its records either stands; so may one of which
// a record is missing. One that opened nothing did not.
//
// Controls: HIPAA 164.312(b), 164.308(a)(6)(ii); NIST CSF 2.0 PR.PS-04.
func TestRefusedInPartsIsAffected(t *testing.T) {
	refused := func(entry string, n int, a audit.Access) []byte {
		a.Entry, a.Part = entry, n
		a.Principal = &audit.Actor{ID: "snoop", Kind: "person", Tenant: "north"}
		record, err := render(fmt.Sprintf("%s.%d", entry, n), audit.TypeDenied, start, a)
		require.NoError(t, err)
		return record
	}
	token := func(number string) []string { return keys(t).FindPatient("north", safeguard.NewPatient(number))[:1] }
	filler := visits(t, 40)
	var records [][]byte
	records = append(records,
		refused("opened", 0, audit.Access{Patients: token("P-0"), Opened: []string{"chart.note"}}),
		refused("opened later", 0, audit.Access{Patients: token("P-1")}),
		refused("pruned", 1, audit.Access{Patients: token("P-2")}),
		refused("one is lost", 0, audit.Access{Patients: token("P-3")}), end(t, "one is lost", 2),
		refused("nothing", 0, audit.Access{Patients: token("P-4")}),
		refused("nothing", 1, audit.Access{Patients: token("P-5")}), end(t, "nothing", 2))
	records = append(records, filler...)
	records = append(records,
		refused("opened", 1, audit.Access{Patients: token("P-6")}), end(t, "opened", 2),
		refused("opened later", 1, audit.Access{Opened: []string{"chart.note"}}), end(t, "opened later", 2))
	for i := range maxRefusals + 10 {
		records = append(records, refused(fmt.Sprintf("more %d", i), 0, audit.Access{Patients: token("P-7")}))
	}
	dir, vkey := stored(t, "clinic.example/charts", records)
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	q := WhatDid(safeguard.Operations, "snoop", whenever, whenever)
	for _, q.Unindexed = range []bool{false, true} {
		a, err := h.Affected(as(t, officer), q)
		require.NoError(t, err)
		var want []string
		for _, number := range []string{"P-0", "P-1", "P-2", "P-3", "P-6"} {
			want = append(want, token(number)...)
		}
		require.ElementsMatch(t, want, a.Tokens)
		require.Equal(t, 5, a.Records)
		require.Equal(t, 2+maxRefusals+10, a.Denied)
	}
}
